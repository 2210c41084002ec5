"""A model of ranks that is a ridge regression, learned from planted losses: it says of itself what a proof rests on."""

from __future__ import annotations

import dataclasses

import numpy as np
from sklearn.linear_model import BayesianRidge

from dsim.arch import Activation, Arch, Mixer, Norm, Stem
from dsim.search.space import Space
from dsim.supernet.task.designs import draw_design
from dsim.supernet.task.model import RIDGE, TaskModel, learn
from dsim.supernet.task.summary import summarise

SMALL = Space(
    stems=(Stem.TWO_CONVS,),
    mixers=((Mixer.POOLING,), (Mixer.CONV3,), (Mixer.POOLING, Mixer.CONV3), (Mixer.POOLING, Mixer.CONV5)),
    attentions=(Mixer.ATTENTION,),
    attention_blocks=((0, 1), (0, 1, 2)),
    activations=(Activation.GELU,),
    norms=(Norm.BATCH,),
    widths=((32, 48), (64, 96), (128, 192), (224, 320)),
    depths=((1, 3), (2,), (4, 6), (2, 3)),
    mlp_ratios=((2.0,), (4.0,), (2.0, 4.0), (2.0, 3.0)),
)
EVIDENCE = 60


def planted(arch: Arch, seed: int) -> float:
    """Log of a loss: width, depth and attention lower it, some stages more than others."""
    by = np.random.default_rng(seed).uniform(0.02, 0.2, size=(3, 4))
    own = [(np.log(one.width), np.sqrt(one.depth), one.attention_blocks**0.7) for one in arch.stages]
    return -float((by.T * np.array(own)).sum())


def ridge_model(space: Space, seed: int = 0) -> TaskModel:
    """Learn from designs of a space; the ridge, whichever regressor predicts best."""
    random = np.random.default_rng(seed)
    designs = [draw_design(space, random) for _ in range(EVIDENCE)]
    summaries = np.array(
        [sum(summarise(piece.graph, space.resolution) for piece in arch.pieces()) for arch in designs]
    )
    logs = np.array([planted(arch, seed) for arch in designs]) + random.normal(0.0, 0.03, EVIDENCE)
    model = learn(space, summaries, np.exp(logs), seed, "planted")
    if model.regressor == RIDGE:
        return model
    return dataclasses.replace(
        model, regressor=RIDGE, learned=BayesianRidge(max_iter=1000).fit(model.points(summaries), logs)
    )
