"""What a profile predicts of networks that it learned from, each by a model that did not see it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from dsim.device.profile import DeviceProfile
from dsim.graph.graph import Graph
from dsim.latency.evidence import ALL
from dsim.latency.learners import learner_of
from dsim.latency.networks import own_graphs, stored
from dsim.latency.pricing import Pricing
from dsim.threads import one_blas_thread

FOLDS = 5


@one_blas_thread()
def left_out_log_ms(profile: DeviceProfile, keys: Collection[str]) -> dict[str, float]:
    """Predict log milliseconds of networks, a fifth of them at a time left out of what is learned from.

    Parameters
    ----------
    profile
        What is learned from; its checks stay out of it in any case.
    keys
        Of the networks: other ones are learned from in every fold.
    """
    wanted = sorted(keys)
    graphs = stored(set(wanted), own_graphs((profile,)))
    learner = learner_of(profile)
    order = np.random.default_rng(1).permutation(len(wanted))
    predicted: dict[str, float] = {}
    for fold in range(FOLDS):
        out = sorted(wanted[n] for n in order[fold::FOLDS])
        evidence = learner.gather(profile, lambda _, key, gone=frozenset(out): key not in gone)  # type: ignore[misc]
        pricing = learner.learn(evidence, ALL)
        predicted |= dict(
            zip(out, whole_log_ms(pricing, [graphs[key] for key in out], profile.passes), strict=True)
        )
    return predicted


def whole_log_ms(pricing: Pricing, graphs: Sequence[Graph], passes: tuple[str, ...]) -> list[float]:
    """Predict log milliseconds of whole networks, without intervals."""
    vectors = [
        pricing.vectors([placed.kernel for placed in pricing.kernels(graph, passes)]) for graph in graphs
    ]
    log, _ = pricing.log_ms(np.array([own.sum(0) for own in vectors]))
    return list(map(float, log))
