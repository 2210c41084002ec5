"""The physical base under the learned residual: a start, MACs and elements moved at non-negative rates, by class.

It carries the estimate where trees cannot go: beyond the sizes measured. Source of the form: Williams et al.,
doi 10.1145/1498765.1498785, with the sum in place of the maximum, which is smooth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from dsim.latency.features import FloatArray
from dsim.latency.operators.describe import CLASSES, NAMES

ROUNDS = 8
FLOOR = (
    0.05  # relative errors below this count the same: robust least squares turns absolute errors from here
)
_AT = {name: i for i, name in enumerate(NAMES)}
# units that keep the columns of one size: starts in 0.01 ms, MACs in 1e7, elements in 1e6
_WORK = ("log_padded_macs", "log_moved")
_SCALE = np.array([1.0, 1e7, 1e6])
RIDGE = 0.02  # towards the rates of all classes together


@dataclass(frozen=True)
class Roofline:
    """Rates (classes, 3): milliseconds per start, per 10 million MACs (padded), per million elements moved."""

    rates: FloatArray

    def ms(self, x: FloatArray) -> FloatArray:
        """Give milliseconds (N,) of described kernels (N, D)."""
        return np.maximum((_terms(x) * self.rates[x[:, 0].astype(int)]).sum(1), 1e-7)


def _terms(x: FloatArray) -> FloatArray:
    work = np.expm1(x[:, [_AT[name] for name in _WORK]])
    # what has no MACs has one per element by its description; moving is all it does
    work[:, 0] = np.where(x[:, _AT["log_macs"]] > 0.0, work[:, 0], 0.0)
    return np.hstack([np.ones((len(x), 1)), work]) / _SCALE


def fit_roofline(x: FloatArray, ms: FloatArray, weight: FloatArray) -> Roofline:
    """Fit rates to described kernels (N, D), their milliseconds (N,) and weights (N,), relative errors counting.

    A class with few rows leans on the rates of all of them.
    """
    terms, kind = _terms(x), x[:, 0].astype(int)
    common = _robust(terms, ms, weight, None)
    rates = np.tile(common, (len(CLASSES), 1))
    for k in np.unique(kind):
        here = kind == k
        rates[k] = _robust(terms[here], ms[here], weight[here], common)
    return Roofline(rates)


def _robust(terms: FloatArray, ms: FloatArray, weight: FloatArray, prior: FloatArray | None) -> FloatArray:
    rows = terms / ms[:, None]
    scale = np.sqrt(weight)
    rates = np.zeros(terms.shape[1])
    for _ in range(ROUNDS):
        a, b = rows * scale[:, None], scale.copy()
        if prior is not None:
            # in units of the prior, so that each rate may move by factors
            pull = np.diag(RIDGE * np.sqrt(weight.sum()) / np.maximum(prior, 1e-6))
            a, b = np.vstack([a, pull]), np.hstack([b, pull @ prior])
        rates, _ = nnls(a, b)
        scale = np.sqrt(weight / np.maximum(np.abs(rows @ rates - 1.0), FLOOR))
    return rates
