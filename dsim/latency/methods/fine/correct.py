"""The learned correction: a Gaussian process on what fine rates leave over, between networks that spend time alike.

Matern 3/2 (Rasmussen and Williams, 2006, section 4.2) on the square roots of the shares of time by column, so that distance
is Hellinger's between two budgets of time, and a little on the size of the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dsim.latency.features import FloatArray
from dsim.latency.maths.matern import matern
from dsim.latency.maths.pivots import pivots
from dsim.latency.methods.fine.fit import priced

LENGTH = 0.5
AMPLITUDE = 0.15  # log-spread of what rates leave over
NOISE = 0.06  # two figures of one network differ by a median of 6% between sources
SIZE = 0.05  # how much a factor of e in time counts beside the shares
CUT = 0.6  # larger residuals are another matter than a correction
INDUCING = 200


@dataclass(frozen=True)
class Correction:
    """A fitted correction: places (N, P + 2) of the networks learned from, and their weights (N,)."""

    places: FloatArray
    weights: FloatArray

    def __call__(self, phi: FloatArray, log_rate: FloatArray) -> FloatArray:
        """Return what to add to log milliseconds (M,) for vectors (M, F)."""
        return self.at(places(phi, log_rate))

    def at(self, there: FloatArray) -> FloatArray:
        """Return the same (M,) at places (M, P + 2)."""
        return np.asarray(_kernel(there, self.places) @ self.weights)


def fit_correction(
    phi: FloatArray,
    log_rate: FloatArray,
    residual: FloatArray,
    inducing: int = INDUCING,
    noise: float | FloatArray = NOISE,
    first: Sequence[int] = (),
) -> Correction:
    """Fit the correction to residuals (N,) in logarithms.

    A search prices hundreds of thousands of designs, so that the process rests on ``inducing`` of the networks (subset of
    regressors; Rasmussen and Williams, 2006, section 8.3.1): those asked for ``first``, then those that the others say
    least about. ``noise`` is the log-spread of a residual around the process, of all or of each (N,).
    """
    there = places(phi, log_rate)
    chosen = pivots(
        lambda n: _kernel(there, there[[n]])[:, 0], np.full(len(there), AMPLITUDE**2), inducing, first
    )
    across, among = _kernel(there, there[chosen]), _kernel(there[chosen], there[chosen])
    precision = np.broadcast_to(np.asarray(noise, dtype=np.float64) ** -2.0, residual.shape)
    weighted = across.T * precision
    matrix = weighted @ across + (among + 1e-6 * AMPLITUDE**2 * np.eye(len(chosen)))
    weights = np.asarray(np.linalg.solve(matrix, weighted @ np.clip(residual, -CUT, CUT)), dtype=np.float64)
    return Correction(there[chosen], weights)


def places(phi: FloatArray, log_rate: FloatArray) -> FloatArray:
    """Return the coordinates (N, P + 2) of vectors (N, F)."""
    part = priced(phi) * np.exp(log_rate)
    whole = part.sum(1)
    return places_of(part / whole[:, None], whole)


def places_of(share: FloatArray, whole: FloatArray) -> FloatArray:
    """Return the coordinates (N, P + 2) of networks whose milliseconds (N,) fall to columns by shares (N, P + 1)."""
    return np.hstack([np.sqrt(share), SIZE * np.log(whole)[:, None]])


def _kernel(a: FloatArray, b: FloatArray) -> FloatArray:
    return AMPLITUDE**2 * matern(a, b, LENGTH)
