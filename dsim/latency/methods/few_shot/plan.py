"""Which networks to measure first on a device of which nothing is known.

The bundled devices say how far a new one may be from their mean: their columns of log milliseconds, each kind of device
counting the same, are what is believed of it beforehand, with a pace of its own. Networks are then chosen one after the
other: each time the one whose measurement leaves the least variance over all reference networks, every family counting the
same (V-optimal design: Pukelsheim, Optimal Design of Experiments, 1993, chapter 6; greedy, so that small plans are the
beginnings of larger ones). Of those that are nearly as good, the one that brings most kinds of operators that the plan
lacks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsim.graph.key import NetworkKey
from dsim.latency.features import FloatArray
from dsim.latency.learners import learner_of
from dsim.latency.maths.matern import matern
from dsim.latency.methods.few_shot.combine import ALIKE, LENGTH, NOISE, PACE
from dsim.latency.methods.few_shot.reference import fine_vectors, measured_ms, reference
from dsim.latency.methods.few_shot.table import Table, donor_table
from dsim.latency.methods.few_shot.teachers import donor_named, donors
from dsim.latency.methods.fine.correct import places
from dsim.latency.methods.fine.costs import INDEX
from dsim.latency.methods.fine.rates import family_weight
from dsim.latency.names import names_of

MOST_MACS = 6e9  # what takes seconds on a small device is no first measurement
MOST_SIDE = 256  # and what needs another image costs the user a second set-up
ESTIMATED = 0.12  # log-spread of what a donor's model says of a network that the donor was not timed with
NEARLY = 0.96  # share of the best gain that is nearly as good
HELD = ("timm:", "torchvision:")  # libraries that most people can take a network from
# what kinds of operators are called, by the column that counts them or their elements
KINDS = {
    "start_dense3": "3x3 convolutions", "start_dense5": "larger convolutions", "start_grouped": "grouped convolutions",
    "start_depthwise": "depthwise convolutions", "start_linear": "linear layers", "start_matmul": "attention's products",
    "start_softmax": "softmax", "start_layer_norm": "layer norm", "start_group_norm": "group norm",
    "start_avg_pool": "average pooling", "start_max_pool": "max pooling", "start_concat": "concatenation",
    "start_cut": "splits", "start_transpose": "transposes", "start_vector": "gates of one pixel", "act_relu": "ReLU",
    "act_gelu": "GELU", "act_silu": "SiLU", "act_hardswish": "hard-swish", "act_relu6": "ReLU6",
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One network of a plan.

    Attributes
    ----------
    key, names
        The network, and everything that it is called.
    macs
        Multiply-accumulates of one image.
    before, after
        Log-spread over all reference networks without its measurement and with it.
    brings
        Kinds of operators that no earlier network of the plan holds.
    """

    key: str
    names: tuple[str, ...]
    macs: float
    before: float
    after: float
    brings: tuple[str, ...]


def plan(count: int = 10) -> tuple[Step, ...]:
    """Return the networks to measure first, most telling first; a shorter plan is the beginning of a longer one."""
    known, table = reference(), donor_table(learner_of)
    weight = family_weight(known.families) ** 2
    weight /= weight.sum()
    covariance, lead = believed(table)
    kinds, called = _kinds(lead), [names_of(key) for key in known.keys]
    noise = _noise(table)
    free = _measurable(called)
    seen = np.zeros(kinds.shape[1], dtype=bool)
    steps = []
    for _ in range(min(count, int(free.sum()))):
        before = _spread(covariance, weight)
        gain = (weight[:, None] * covariance**2).sum(0) / (np.diag(covariance) + noise**2)
        near = free & (gain >= NEARLY * gain[free].max())
        # most new kinds first, then the larger gain
        rank = np.where(near, (kinds & ~seen).sum(1) + gain / (2.0 * gain[free].max()), -1.0)
        best = int(rank.argmax())
        column = covariance[:, best].copy()
        covariance = covariance - np.outer(column, column) / (column[best] + noise[best] ** 2)
        brings = tuple(name for name, new in zip(KINDS.values(), kinds[best] & ~seen, strict=True) if new)
        seen |= kinds[best]
        free[best] = False
        after = _spread(covariance, weight)
        steps.append(Step(known.keys[best], called[best], float(known.macs[best]), before, after, brings))
    return tuple(steps)


def believed(table: Table) -> tuple[FloatArray, int]:
    """Return what is believed of a device of which nothing is known: the covariance (N, N) of its log milliseconds.

    Also the place of the donor that is least unlike the mean; its stack stands for the device's.
    """
    groups = np.array([donor_named(str(name)).group for name in table.names])
    _, where, counts = np.unique(groups, return_inverse=True, return_counts=True)
    weight = 1.0 / counts[where] / len(counts)
    own = table.log_ms - table.log_ms.mean(0)
    apart = own - (own @ weight)[:, None]
    lead = int((apart**2).mean(0).argmin())
    there = places(fine_vectors(donor_named(str(table.names[lead])).passes), table.log_rate(lead))
    return PACE**2 + (apart * weight) @ apart.T + ALIKE**2 * matern(there, there, LENGTH), lead


def _noise(table: Table) -> FloatArray:
    """Return the log-spread (N,) of one figure around what donors say: more where few of them were timed."""
    at = reference().at
    timed = np.zeros(len(at))
    for name in table.names:
        for key in measured_ms(donor_named(str(name))):
            if key in at:
                timed[at[key]] += 1.0 / len(table.names)
    return np.sqrt(NOISE**2 + (1.0 - timed) * ESTIMATED**2)


def _measurable(called: Sequence[tuple[str, ...]]) -> NDArray[np.bool_]:
    """Tell networks (N,) that most people can take from a library and run on a small device.

    More than one kind of device was timed with them: what one kind alone was timed with rests on models for all others.
    """
    known = reference()
    kinds: dict[str, set[str]] = defaultdict(set)
    for profile in donors():
        for key in measured_ms(profile):
            kinds[key].add(profile.group)
    return np.array(
        [
            macs <= MOST_MACS
            and NetworkKey.of(key).px <= MOST_SIDE
            and any(name.startswith(HELD) for name in names)
            and len(kinds[key]) > 1
            for key, macs, names in zip(known.keys, known.macs, called, strict=True)
        ]
    )


def _kinds(lead: int) -> NDArray[np.bool_]:
    """Tell which kinds of operators (K,) each network (N,) holds."""
    vectors = fine_vectors(donor_named(str(donor_table(learner_of).names[lead])).passes)
    return np.asarray(vectors[:, [INDEX[name] for name in KINDS]] > 0.0)


def _spread(covariance: FloatArray, weight: FloatArray) -> float:
    return float(np.sqrt(np.maximum(np.diag(covariance), 0.0) @ weight))
