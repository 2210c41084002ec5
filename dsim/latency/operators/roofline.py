"""The physical base under the learned residual: a start, MACs and elements moved at non-negative rates, by class.

It carries the estimate where trees cannot go: beyond the sizes measured. Source of the form: Williams et al.,
doi 10.1145/1498765.1498785, with the sum in place of the maximum, which is smooth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from dsim.latency.features import FloatArray
from dsim.latency.operators.describe import CLASSES, NAMES

ROUNDS = 8
FLOOR = 0.05  # robust least squares counts relative errors below this alike, and larger ones by their size
RIDGE = 0.05  # towards the rates of all classes together
_AT = {name: i for i, name in enumerate(NAMES)}
# units that keep the columns of one size: starts, 10 million MACs, a million elements
_SCALE = np.array([1.0, 1e7, 1e6])


@dataclass(frozen=True)
class Roofline:
    """What kernels cost at learned rates.

    Attributes
    ----------
    rates
        (classes, 3) milliseconds per start, per 10 million MACs (channels padded), per million elements moved.
    least
        (3,) the fastest of the learned rates: what a kernel of an unknown class takes at the least.
    floor_ms
        What a launch from outside costs, once; 0 where kernels were timed inside networks.
    """

    rates: FloatArray
    least: FloatArray
    floor_ms: float

    def ms(self, x: FloatArray) -> FloatArray:
        """Give milliseconds (N,) of described kernels (N, D), without the launch from outside."""
        return np.maximum((terms(x) * self.rates[x[:, 0].astype(int)]).sum(1), 1e-7)

    def least_ms(self, x: FloatArray) -> FloatArray:
        """Give a lower bound (N,) for kernels of classes that were never timed."""
        return np.maximum(terms(x) @ self.least, 1e-7)


def terms(x: FloatArray) -> FloatArray:
    """Give starts, MACs and elements (N, 3) of described kernels (N, D), in the units of the rates."""
    macs = np.where(x[:, _AT["log_macs"]] > 0.0, np.expm1(x[:, _AT["log_padded_macs"]]), 0.0)
    return np.stack([np.ones(len(x)), macs, np.expm1(x[:, _AT["log_moved"]])], axis=1) / _SCALE


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
    common = _robust(np.hstack([work, launch[:, None]]), ms, weight, np.zeros((0, 4)), np.zeros(0))
    present = np.unique(kind)
    count = len(present)
    wide = np.zeros((len(x), 3 * count + 1))
    for k, name in enumerate(present):
        wide[:, 3 * k : 3 * k + 3] = work * (kind == name)[:, None]
    wide[:, -1] = launch
    # each rate may move by factors from the common one; a class with few rows stays near it
    prior = np.tile(np.maximum(common[:3], 1e-5), count)
    pull = np.zeros((3 * count, 3 * count + 1))
    strength = RIDGE * np.sqrt(weight.sum() / count)
    pull[:, :-1] = np.diag(strength / prior)
    found = _robust(wide, ms, weight, pull, np.full(3 * count, strength))
    rates = np.tile(common[:3], (len(CLASSES), 1))
    rates[present] = found[:-1].reshape(count, 3)
    least = np.array([column[column > 0].min(initial=np.inf) for column in rates[present].T])
    return Roofline(rates, np.where(np.isfinite(least), least, 0.0), float(found[-1]))


def _robust(
    columns: FloatArray, ms: FloatArray, weight: FloatArray, pull: FloatArray, to: FloatArray
) -> FloatArray:
    rows = columns / ms[:, None]
    scale = np.sqrt(weight)
    found = np.zeros(columns.shape[1])
    for _ in range(ROUNDS):
        found, _ = nnls(np.vstack([rows * scale[:, None], pull]), np.hstack([scale, to]))
        scale = np.sqrt(weight / np.maximum(np.abs(rows @ found - 1.0), FLOOR))
    return found
