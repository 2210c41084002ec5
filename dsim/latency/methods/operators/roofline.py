"""The physical base under the learned residual: a start, MACs and elements moved at non-negative rates, by class.

It carries the estimate where trees cannot go: beyond the sizes measured. Source of the form: Williams et al.,
doi 10.1145/1498765.1498785, with the sum in place of the maximum, which is smooth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsim.latency.features import FloatArray
from dsim.latency.methods.operators.describe import ACTIVATION_ORDER, CLASSES, NAMES

ROUNDS = 8
FLOOR = 0.05  # robust least squares counts relative errors below this alike, and larger ones by their size
RIDGE = 0.05  # towards the rates of all classes together
_AT = {name: i for i, name in enumerate(NAMES)}
# units that keep the columns of one size: starts, 10 million MACs, a million elements, and those beyond the knee
_SCALE = np.array([1.0, 1e7, 1e6, 1e6])
# elements beyond which a kernel no longer works on the chip: on an M6 a chain of adds takes as long at 2.0 million as at
# 0.8, and more than twice as long at 2.4
KNEE = 2e6
TERMS = 4


@dataclass(frozen=True)
class Roofline:
    """What kernels cost at learned rates.

    Attributes
    ----------
    rates
        (classes, TERMS) milliseconds per start, per 10 million MACs (channels padded), per million elements moved,
        and per million of them beyond KNEE.
    least
        (TERMS,) the fastest of the learned rates: what a kernel of an unknown class takes at the least.
    floor_ms
        What a launch from outside costs, once; 0 where kernels were timed inside networks.
    activations
        (activations,) milliseconds that each adds per million elements written, alone or linked into another kernel.
    """

    rates: FloatArray
    least: FloatArray
    floor_ms: float
    activations: FloatArray

    def ms(self, x: FloatArray) -> FloatArray:
        """Return milliseconds (N,) of described kernels (N, D), without the launch from outside."""
        own = (terms(x) * self.rates[x[:, 0].astype(int)]).sum(1)
        ms: FloatArray = np.maximum(own + _activated(x) @ self.activations, 1e-7)
        return ms

    def least_ms(self, x: FloatArray) -> FloatArray:
        """Return the least that is counted (N,) for kernels of classes that were never timed."""
        ms: FloatArray = np.maximum(terms(x) @ self.least, 1e-7)
        return ms


def terms(x: FloatArray) -> FloatArray:
    """Return starts, MACs, elements, elements beyond KNEE (N, TERMS) of described kernels (N, D), in the units of the rates."""
    macs = np.where(x[:, _AT["log_macs"]] > 0.0, np.expm1(x[:, _AT["log_padded_macs"]]), 0.0)
    moved = np.expm1(x[:, _AT["log_moved"]])
    work: FloatArray = (
        np.stack([np.ones(len(x)), macs, moved, np.maximum(moved - KNEE, 0.0)], axis=1) / _SCALE
    )
    return work


def _activated(x: FloatArray) -> FloatArray:
    """Return million elements written (N, activations), each in its activation's column."""
    written = np.expm1(x[:, _AT["log_written"]]) / 1e6
    one = x[:, _AT["activation"]].astype(int)[:, None] == np.arange(len(ACTIVATION_ORDER))
    out: FloatArray = np.where(one & (np.arange(len(ACTIVATION_ORDER)) > 0), written[:, None], 0.0)
    return out


def fit_roofline(
    x: FloatArray, ms: FloatArray, weight: FloatArray, dispatched: NDArray[np.bool_] | None = None
) -> Roofline:
    """Fit rates to described kernels (N, D); relative errors count.

    Parameters
    ----------
    x, ms, weight
        (N, D) descriptions, (N,) milliseconds, (N,) weights.
    dispatched
        (N,) whether a row includes a launch from outside; all of them share its cost.
    """
    work, kind = terms(x), x[:, 0].astype(int)
    launch = np.zeros(len(x)) if dispatched is None else dispatched.astype(np.float64)
    present = np.unique(kind)
    # where every row of a class includes the launch from outside, nothing tells a start of its own from that
    work = np.where([True, False, False, False] & _always(kind, launch)[:, None], 0.0, work)
    common = _robust(np.hstack([work, launch[:, None]]), ms, weight, np.zeros((0, TERMS + 1)), np.zeros(0))
    count = len(present)
    linked = _activated(x)
    wide = np.zeros((len(x), TERMS * count + linked.shape[1] + 1))
    for k, name in enumerate(present):
        wide[:, TERMS * k : TERMS * (k + 1)] = work * (kind == name)[:, None]
    wide[:, TERMS * count : -1] = linked
    wide[:, -1] = launch
    # each rate may move by factors from the common one; a class with few rows stays near it
    prior = np.tile(np.maximum(common[:TERMS], 1e-5), count)
    # of an activation that ran in gates of 1x1 alone, what it takes to begin would make a rate a thousand times too high
    usual = _usual(work, linked, launch, ms, weight)
    prior = np.hstack([prior, np.full(linked.shape[1], usual)]) if usual > 0.0 else prior
    strength = RIDGE * np.sqrt(weight.sum() / count)
    pull = np.zeros((len(prior), wide.shape[1]))
    pull[:, : len(prior)] = np.diag(strength / prior)
    found = _robust(wide, ms, weight, pull, np.full(len(prior), strength))
    rates = np.tile(common[:TERMS], (len(CLASSES), 1))
    rates[present] = found[: TERMS * count].reshape(count, TERMS)
    least = np.array([column[column > 0].min(initial=np.inf) for column in rates[present].T])
    least = np.where(np.isfinite(least), least, 0.0)
    return Roofline(rates, least, float(found[-1]), found[TERMS * count : -1])


def _usual(
    work: FloatArray, linked: FloatArray, launch: FloatArray, ms: FloatArray, weight: FloatArray
) -> float:
    """Return what all activations together take per million elements written, or their moving where that is more."""
    columns = np.hstack([work, linked.sum(1)[:, None], launch[:, None]])
    found = _robust(columns, ms, weight, np.zeros((0, TERMS + 2)), np.zeros(0))
    return float(max(found[TERMS], found[2]))


def _always(kind: NDArray[np.int_], launch: FloatArray) -> NDArray[np.bool_]:
    """Tell (N,) whether all rows of a row's class include a launch from outside."""
    alone = {int(k) for k in np.unique(kind) if (launch[kind == k] > 0).all()}
    return np.array([int(k) in alone for k in kind], dtype=bool)


def _robust(
    columns: FloatArray, ms: FloatArray, weight: FloatArray, pull: FloatArray, to: FloatArray
) -> FloatArray:
    from scipy.optimize import nnls  # slow to import, and an answer from the cache needs none

    rows = columns / ms[:, None]
    scale = np.sqrt(weight)
    found = np.zeros(columns.shape[1])
    for _ in range(ROUNDS):
        found, _ = nnls(np.vstack([rows * scale[:, None], pull]), np.hstack([scale, to]))
        scale = np.sqrt(weight / np.maximum(np.abs(rows @ found - 1.0), FLOOR))
    return found
