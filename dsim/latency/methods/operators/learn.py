"""Fit a profile from its measured operators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsim.device.profile import DeviceProfile
from dsim.graph.graph import Graph
from dsim.latency.calibrate import Calibration, calibrate
from dsim.latency.features import FloatArray
from dsim.latency.methods.operators.blocks import block_pairs
from dsim.latency.methods.operators.contrasts import contrast_choices
from dsim.latency.methods.operators.evidence import OpEvidence, gather_operators, run_graph, shape_family
from dsim.latency.methods.operators.kernel import Kernel, place
from dsim.latency.methods.operators.model import OperatorModel
from dsim.latency.methods.operators.pricing import KernelPrices, fit_prices
from dsim.latency.methods.operators.seen import Seen, see
from dsim.latency.methods.operators.shipped import shipped_logs
from dsim.latency.methods.operators.vectors import fit_whole_to, log_ms, vectors_of, whole_ms
from dsim.latency.methods.operators.whole import ALONE, Whole, uniform
from dsim.threads import one_blas_thread

OP_GROUPS = 8  # where no network was timed, shapes are held out in this many groups
FAMILY_GROUPS = (
    16  # families are held out one by one up to this many, and several at a time beyond: the harder question
)


@dataclass(frozen=True)
class Learned:
    """What is learned from a part of the evidence: prices of kernels, what was seen, and the rest of a network."""

    prices: KernelPrices
    seen: Seen
    whole: Whole

    def vectors(self, networks: Sequence[tuple[Kernel, ...]]) -> FloatArray:
        """Return the vectors (M, F) of networks, each a tuple of kernels."""
        every = vectors_of(self.prices, self.seen, [kernel for parts in networks for kernel in parts])
        ends = np.cumsum([len(parts) for parts in networks])
        return np.array([part.sum(0) for part in np.split(every, ends[:-1])])


@dataclass(frozen=True)
class HeldLogs:
    """Held-out items, (M,) each: key, family, measured and predicted log milliseconds, spread."""

    keys: tuple[str, ...]
    families: NDArray[np.str_]
    measured: FloatArray
    predicted: FloatArray
    spread: FloatArray

    @property
    def errors(self) -> FloatArray:
        """Standardised errors (M,)."""
        return (self.measured - self.predicted) / self.spread


def learn(evidence: OpEvidence, rows: NDArray[np.bool_], networks: NDArray[np.bool_]) -> Learned:
    """Learn from the rows (N,) and networks (M,) that are marked."""
    own = np.flatnonzero(rows)
    kernels = [evidence.rows.kernels[n] for n in own]
    prices = fit_prices(
        kernels,
        evidence.rows.ms[own],
        evidence.rows.weight[own],
        evidence.rows.dispatched[own],
        evidence.rows.exact,
    )
    seen = see(kernels, [str(evidence.family[n]) for n in own])
    learned = Learned(prices, seen, ALONE)
    use = np.flatnonzero(networks)
    if not len(use):
        return Learned(prices, seen, uniform(prices.roofline.floor_ms, 1.0, 0.0))
    phi = learned.vectors([evidence.parts[n] for n in use])
    # a family of 30 networks must not settle it alone
    _, where, counts = np.unique(evidence.families[use], return_inverse=True, return_counts=True)
    whole = fit_whole_to(phi, evidence.ms[use], 1.0 / np.sqrt(counts[where]))
    return Learned(prices, seen, whole)


def hold_out_families(evidence: OpEvidence) -> HeldLogs:
    """Predict every network by what was learned without its family's operators and networks, in FAMILY_GROUPS groups."""
    log, spread = np.empty(len(evidence.keys)), np.empty(len(evidence.keys))
    group = _groups(np.unique(evidence.families), FAMILY_GROUPS)
    for k in sorted(set(group.values())):
        names = [name for name, own in group.items() if own == k]
        out = np.isin(evidence.families, names)
        learned = learn(evidence, ~np.isin(evidence.family, names), ~out)
        phi = learned.vectors([evidence.parts[n] for n in np.flatnonzero(out)])
        log[out], spread[out] = log_ms(phi, learned.whole)
    return HeldLogs(evidence.keys, evidence.families, np.log(evidence.ms), log, spread)


def _groups(names: NDArray[np.str_], most: int) -> dict[str, int]:
    """Deal names to groups, the same way every time."""
    order = np.random.default_rng(0).permutation(len(names))
    return {str(name): int(order[n]) % most for n, name in enumerate(names)}


def predict_shapes(evidence: OpEvidence) -> HeldLogs:
    """Predict every operator by what was learned from other shapes, in OP_GROUPS groups."""
    rows, family = evidence.rows, evidence.family
    if len(np.unique(family)) == 1:  # all ran inside one network
        family = np.array([shape_family(kernel) for kernel in rows.kernels])
    group_of = _groups(np.unique(family), OP_GROUPS)
    group = np.array([group_of[str(name)] for name in family])
    log, spread = np.empty(len(rows.ms)), np.empty(len(rows.ms))
    none = np.zeros(len(evidence.keys), dtype=bool)
    for k in np.unique(group):
        out = group == k
        learned = learn(evidence, ~out, none)
        phi = vectors_of(learned.prices, learned.seen, tuple(rows.kernels[n] for n in np.flatnonzero(out)))
        base, spread[out] = log_ms(phi, ALONE)
        launch = learned.prices.roofline.floor_ms * rows.dispatched[out]
        log[out] = np.log(np.exp(base) + launch)
    kinds = tuple(str(kernel.op.label) for kernel in rows.kernels)
    return HeldLogs(kinds, family, np.log(rows.ms), log, spread)


def held(profile: DeviceProfile, evidence: OpEvidence) -> HeldLogs:
    """Hold out families of networks, or shapes of operators where no network was timed."""
    known = shipped_logs(profile, evidence)
    if known is not None:
        return HeldLogs(evidence.keys, evidence.families, np.log(evidence.ms), *known)
    return hold_out_families(evidence) if evidence.keys else predict_shapes(evidence)


def calibrated(errors: FloatArray, families: NDArray[np.str_]) -> Calibration:
    """Turn held-out errors (M,) of families (M,) into an interval's distribution."""
    return calibrate(errors, families, np.zeros(len(errors), dtype=np.int64), 0)


@one_blas_thread()
def fit_operator_model(profile: DeviceProfile, pool: tuple[DeviceProfile, ...]) -> OperatorModel:
    """Fit one profile from its own operators and networks; deterministic.

    Parameters
    ----------
    profile
        Has ``ops``; its networks set what a network takes beside its kernels.
    pool
        The profiles that it is learned with. Operators of other devices tell nothing about this one's.

    Raises
    ------
    InvalidValueError
        The profile has no measured op.
    """
    del pool
    evidence = gather_operators(profile)
    learned = learn(
        evidence, np.ones(len(evidence.rows.ms), dtype=bool), np.ones(len(evidence.keys), dtype=bool)
    )
    logs = held(profile, evidence)

    def price(block: Graph) -> float:
        """Return milliseconds of a block inside a network, which pays what it takes beside its kernels once."""
        kernels = tuple(
            placed.kernel for placed in place(run_graph(block, profile.passes), evidence.rows.links)
        )
        return float(whole_ms(learned.vectors([kernels]), learned.whole)[0]) - learned.whole.fixed_ms

    return OperatorModel(
        profile.name,
        profile.passes,
        profile.low_px,
        profile.high_px,
        evidence.rows.links,
        learned.prices,
        learned.whole,
        calibrated(logs.errors, logs.families),
        learned.seen,
        contrast_choices(evidence, block_pairs(profile, price)),
    )
