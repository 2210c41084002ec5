"""The learned correction: a Gaussian process on what fine rates leave over, between networks that spend time alike.

Matern 3/2 (Rasmussen and Williams, 2006, section 4.2) on the square roots of the shares of time by column, so that distance
is Hellinger's between two budgets of time, and a little on the size of the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dsim.latency.features import FloatArray
from dsim.latency.maths.matern import MaternSum, matern
from dsim.latency.maths.pivots import pivots
from dsim.latency.methods.fine.fit import priced
from dsim.latency.pricing import LOOSE

# chosen by the likelihood of what rates leave over, and by families held out (lab/notes/latency.md, "The correction of fine rates")
LENGTH = 0.35
NOISE = 0.04  # log-spread of one laboratory's figure around the process
AMPLITUDE = 0.15  # log-spread of what rates leave over
SIZE = 0.05  # how much a factor of e in time counts beside the shares
CUT = 0.6  # larger residuals are another matter than a correction
INDUCING = 2000  # all networks of every bundled profile; siblings far from those that a few hundred stand for would count little
# of the length of the vector of weights: what single precision may be off by. Most that was seen, on ten profiles and with distilled
# donors, is 2.7e-7
SINGLE = 3e-7


@dataclass(frozen=True)
class Correction:
    """A fitted correction: places (Q, P + 2) of networks learned from, their weights (Q,), and how far each reaches."""

    places: FloatArray
    weights: FloatArray
    length: float

    def __call__(self, phi: FloatArray, log_rate: FloatArray) -> FloatArray:
        """Return what to add to log milliseconds (M,) for vectors (M, F)."""
        return self.at(places(phi, log_rate))

    def at(self, there: FloatArray, single: bool = False) -> FloatArray:
        """Return the same (M,) at places (M, P + 2); in single precision off by up to `LOOSE`."""
        return (self._quick if single else self._exact).at(there)

    @cached_property
    def _exact(self) -> MaternSum:
        return MaternSum(self.places, self.weights, self.length)

    @cached_property
    def _quick(self) -> MaternSum:
        # where networks pull hard against each other, as few-shot learning's do, single precision would be off by more
        off = SINGLE * float(np.linalg.norm(self.weights))
        return MaternSum(self.places, self.weights, self.length, single=True) if off <= LOOSE else self._exact


def fit_correction(
    phi: FloatArray,
    log_rate: FloatArray,
    residual: FloatArray,
    inducing: int = INDUCING,
    noise: float | FloatArray = NOISE,
    first: Sequence[int] = (),
    length: float = LENGTH,
) -> Correction:
    """Fit the correction to residuals in logarithms.

    Parameters
    ----------
    phi, log_rate, residual
        (N, F) vectors, (P + 1,) rates, and what they leave over (N,).
    inducing
        How many networks it rests on at most, for what a search prices takes time with each. Where there are more, those that
        others say least about stand for all (subset of regressors; Rasmussen and Williams, 2006, section 8.3.1).
    noise
        Log-spread of a residual around the process, of all or of each (N,).
    first
        Which come before all others where not all do.
    length
        How far a network's residual reaches, in distances between places.
    """
    there, left = places(phi, log_rate), np.clip(residual, -CUT, CUT)
    variance = np.broadcast_to(np.asarray(noise, dtype=np.float64) ** 2, residual.shape)

    def covariance(a: FloatArray, b: FloatArray) -> FloatArray:
        return AMPLITUDE**2 * matern(a, b, length)

    kept = there
    if len(there) > inducing:
        each = np.full(len(there), AMPLITUDE**2)
        kept = there[pivots(lambda n: covariance(there, there[[n]])[:, 0], each, inducing, first)]
        across, among = covariance(there, kept), covariance(kept, kept)
        weighted = across.T / variance
        matrix = weighted @ across + (among + 1e-6 * AMPLITUDE**2 * np.eye(len(kept)))
        weights = np.linalg.solve(matrix, weighted @ left)
    else:
        weights = np.linalg.solve(covariance(there, there) + np.diag(variance), left)
    return Correction(kept, np.asarray(AMPLITUDE**2 * weights, dtype=np.float64), length)


def places(phi: FloatArray, log_rate: FloatArray) -> FloatArray:
    """Return the coordinates (N, P + 2) of vectors (N, F)."""
    part = priced(phi) * np.exp(log_rate)
    whole = part.sum(1)
    return places_of(part / whole[:, None], whole)


def places_of(share: FloatArray, whole: FloatArray) -> FloatArray:
    """Return the coordinates (N, P + 2) of networks whose milliseconds (N,) fall to columns by shares (N, P + 1)."""
    return np.hstack([np.sqrt(share), SIZE * np.log(whole)[:, None]])
