"""Does more of the same read as less accurate? A search would exploit it, so it is counted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from dsim.accuracy.model import AccuracyModel
from dsim.accuracy.summary import FloatArray
from dsim.arch import PRESETS, Arch, Block, Mixer

MOST_MACS = 4e9
_MIXERS = (Mixer.POOLING, Mixer.CONV3, Mixer.CONV5, Mixer.CONV7, Mixer.FFN)


@dataclass(frozen=True, slots=True)
class Growth:
    """How often a grown design reads as less accurate.

    Attributes
    ----------
    designs
        Pairs of a design and the same with one stage wider, deeper, or with a larger MLP.
    fallen
        Share of pairs whose estimate falls, in [0, 1].
    worst
        The largest fall in points (0 where none falls).
    """

    designs: int
    fallen: float
    worst: float


def audit_growth(model: AccuracyModel, bases: int = 400, seed: int = 0) -> Growth:
    """Vary presets at random (widths, depths, mixers, ratios), grow one thing in one stage, and compare."""
    random = np.random.default_rng(seed)
    names = sorted(PRESETS)
    before: list[FloatArray] = []
    after: list[FloatArray] = []
    while len(before) < bases:
        base = _varied(PRESETS[names[random.integers(len(names))]], random)
        graph = base.to_graph()
        if graph.macs <= MOST_MACS:
            before.append(model.summarise(graph))
            after.append(model.summarise(_grown(base, random).to_graph()))
    small, large = np.array(before), np.array(after)
    near = model.in_region(small) & model.in_region(large)
    change = (model.predict(large).top1 - model.predict(small).top1)[near]
    return Growth(int(near.sum()), float((change < 0).mean()), float(max(0.0, -change.min())))


def _varied(arch: Arch, random: np.random.Generator) -> Arch:
    stages = []
    for stage in arch.stages:
        local = next((b for b in stage.blocks if not b.mixer.is_attention), None)
        blocks: tuple[Block, ...] = tuple(b for b in stage.blocks if b.mixer.is_attention)
        if local is not None:
            mixer = _MIXERS[random.integers(len(_MIXERS))]
            count = max(1, stage.depth - len(blocks) + int(random.integers(-2, 4)))
            block = replace(local, mixer=mixer, mlp_ratio=float(random.choice([2.0, 3.0, 4.0])))
            blocks = (block,) * count + blocks
        width = max(16, int(stage.width * random.uniform(0.6, 1.6)) // 8 * 8)
        stages.append(replace(stage, width=width, blocks=blocks))
    return replace(arch, stages=tuple(stages))


def _grown(arch: Arch, random: np.random.Generator) -> Arch:
    choices = list(product(range(len(arch.stages)), ("wider", "deeper", "larger MLP")))
    index, what = choices[random.integers(len(choices))]
    stage = arch.stages[index]
    if what == "wider":
        grown = replace(stage, width=stage.width * 5 // 4 // 8 * 8 + 8)
    elif what == "deeper":
        grown = replace(stage, blocks=(stage.blocks[0], *stage.blocks))
    else:
        grown = replace(stage, blocks=tuple(replace(b, mlp_ratio=b.mlp_ratio * 1.5) for b in stage.blocks))
    return replace(arch, stages=(*arch.stages[:index], grown, *arch.stages[index + 1 :]))
