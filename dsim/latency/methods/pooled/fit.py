"""Learn rates: a robust maximum a posteriori fit of positive coefficients on relative errors.

``log t = log(phi_priced @ exp(theta) + fixed) + effects``, with theta ~ N(0, prior_sd) around the nominal rates and
Student-t errors, solved by Gauss-Newton with iteratively reweighted squares. Positive by construction, deterministic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsim.device.profile import Contrast
from dsim.latency.features import FloatArray
from dsim.latency.maths.robust import FREEDOM, minimise, student_weights
from dsim.latency.maths.rounded import widened
from dsim.latency.methods.pooled.evidence import PooledEvidence
from dsim.latency.methods.pooled.rates import priced

STEPS = 80
CONTRAST_SD = 0.03  # what two runs of one laboratory differ by, beside the reading error
STAND_IN_SD = 0.5  # log-spread of a contrast's size where the networks' layers are unpublished


@dataclass(frozen=True, slots=True)
class FitSettings:
    """What a fit assumes.

    Attributes
    ----------
    noise
        Log-spread of one figure around the model (0.063 where two sources differ by a median of 6%).
    freedom
        Degrees of freedom of the Student-t errors.
    outside
        How much a figure counts whose resolution lies outside its profile's range.
    prior_sd
        Log-spread of a learned rate around its nominal value.
    """

    noise: float = 0.07
    freedom: float = FREEDOM
    prior_sd: float = 1.0
    outside: float = 1.0


@dataclass(frozen=True)
class Fit:
    """Learned rates.

    Attributes
    ----------
    theta
        (P + 1,) logarithms of the factors on the nominal rates; the last is the fixed time.
    effects
        (G,) logarithms of the effects.
    covariance
        (P + 1 + G, P + 1 + G) of both, at the optimum.
    """

    theta: FloatArray
    effects: FloatArray
    covariance: FloatArray


@dataclass(frozen=True)
class Draw:
    """One bootstrap draw.

    Attributes
    ----------
    repeat
        (N,) how often each row counts.
    center
        (P + 1,) centre of the prior of each column.
    contrast_errors
        (C,) errors of the contrasts in units of their spread.
    free
        Columns whose price may be negative and has the wide prior ``free_sd``, in units of its nominal rate.
    iterations
        How many steps to take.
    """

    repeat: FloatArray
    center: FloatArray
    contrast_errors: FloatArray
    free: NDArray[np.int64]
    free_sd: float
    iterations: int = 25


def fit(
    evidence: PooledEvidence,
    rows: NDArray[np.bool_],
    contrasts: NDArray[np.bool_],
    settings: FitSettings,
    draw: Draw | None = None,
    centre: FloatArray | None = None,
) -> Fit:
    """Fit the rates.

    Parameters
    ----------
    evidence
        A pool's evidence.
    rows, contrasts
        (N,) and (C,) masks of what may be learned from.
    settings
        Assumptions.
    draw
        What a bootstrap changes, default nothing.
    centre
        (P + 1,) logarithms of the factors that are believed beforehand, default 0: the nominal rates.
    """
    weight = evidence.weight[rows] * np.where(evidence.inside[rows], 1.0, settings.outside)
    weight = weight if draw is None else weight * draw.repeat[rows]
    # rows that share their effects stand side by side: sums over them are all that the effects need
    groups = _Groups(evidence.effects[rows])
    x, log_ms = priced(evidence.phi[rows])[groups.order], evidence.log_ms[rows][groups.order]
    weight = weight[groups.order]
    noise = widened(settings.noise, evidence.rounding[rows][groups.order])
    xa, xb, ratio, spread = _pairs(evidence, contrasts)
    n, m = x.shape[1], evidence.effects.shape[1]
    center = np.concatenate([np.zeros(n) if centre is None else centre, np.zeros(m)])
    prior_sd = np.concatenate([np.full(n, settings.prior_sd), evidence.effect_sd])
    # what nothing holds stays as it was believed, and is left out of the steps; a draw moves it with its centre
    held = np.full(n, draw is not None) | (x > 0).any(0) | (xa > 0).any(0) | (xb > 0).any(0)
    held[-1] = True  # what a network costs before its first kernel, which bounds its time from below
    whole = _Known(np.concatenate([held, np.ones(m, dtype=bool)]), center, prior_sd)
    x, xa, xb, n = x[:, held], xa[:, held], xb[:, held], int(held.sum())
    center, prior_sd = center[whole.held], prior_sd[whole.held]
    free = np.zeros(n, dtype=bool)
    start = center.copy()
    if draw is not None:
        free[draw.free] = True
        prior_sd[:n][free] = draw.free_sd
        center[:n] += draw.center
        ratio = ratio + spread * draw.contrast_errors[contrasts]
    precision = prior_sd**-2

    def normal(z: FloatArray) -> tuple[FloatArray, FloatArray]:
        rate = np.where(free, z[:n], np.exp(np.where(free, 0.0, z[:n])))
        slope = np.where(free, 1.0, rate)
        total = np.maximum(x @ rate, 0.3 * x[:, -1])
        residual = log_ms - np.log(total) - groups.spread(z[n:])
        robust = weight * student_weights(residual / noise, settings.freedom) / noise**2
        jacobian = x * slope
        jacobian /= total[:, None]
        root = jacobian * np.sqrt(robust)[:, None]
        jacobian *= robust[:, None]
        hessian = np.diag(precision)
        hessian[:n, :n] += root.T @ root
        hessian[n:, :n] = groups.sums(jacobian)
        hessian[:n, n:] = hessian[n:, :n].T
        hessian[n:, n:] += groups.among(robust)
        gradient = np.concatenate([jacobian.T @ residual, groups.sums(robust * residual)])
        gradient -= precision * (z - center)
        if len(ratio):
            off, ja = _off(xa, xb, ratio, rate, slope)
            weighted = ja * (student_weights(off / spread, settings.freedom) / spread**2)[:, None]
            hessian[:n, :n] += weighted.T @ ja
            gradient[:n] += weighted.T @ off
        return hessian, gradient

    z, hessian = minimise(
        normal, start, STEPS if draw is None else draw.iterations, 0.7 if draw is None else 2.0
    )
    return whole.fit(z, np.asarray(np.linalg.inv(hessian)), m)


def _pairs(
    evidence: PooledEvidence, contrasts: NDArray[np.bool_]
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return priced columns (C, P + 1) of both sides, log ratios (C,) and their spreads (C,) of contrasts."""
    pair = evidence.contrast_phi[contrasts]
    used = [c for (_, c), keep in zip(evidence.contrasts, contrasts, strict=True) if keep]
    ratio = np.log([c.b_ms / c.a_ms for c in used]) if used else np.zeros(0)
    return priced(pair[:, 0]), priced(pair[:, 1]), ratio, np.array([contrast_sd(c) for c in used])


def _off(
    xa: FloatArray, xb: FloatArray, ratio: FloatArray, rate: FloatArray, slope: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return how far contrasts (C,) are from what rates say of them, and the slope of that (C, P + 1)."""
    ta, tb = np.maximum(xa @ rate, 0.3 * xa[:, -1]), np.maximum(xb @ rate, 0.3 * xb[:, -1])
    return ratio - np.log(tb / ta), xb * slope / tb[:, None] - xa * slope / ta[:, None]


@dataclass(frozen=True)
class _Known:
    """Which of the unknowns the evidence holds (U,), and what is believed of all of them."""

    held: NDArray[np.bool_]
    center: FloatArray
    prior_sd: FloatArray

    def fit(self, z: FloatArray, covariance: FloatArray, effects: int) -> Fit:
        """Put what was learned of those that are held among the others."""
        every, wide = self.center.copy(), np.diag(self.prior_sd**2)
        every[self.held] = z
        wide[np.ix_(self.held, self.held)] = covariance
        rates = len(every) - effects
        return Fit(every[:rates], every[rates:], wide)


class _Groups:
    """Rows by their effects: few rows of the design (N, G) differ, and sums over alike rows are all that it is used for."""

    def __init__(self, effects: FloatArray) -> None:
        self._design, where = np.unique(effects, axis=0, return_inverse=True)
        self.order = np.argsort(where, kind="stable")
        self._group = where[self.order]
        self._starts = np.searchsorted(self._group, np.arange(len(self._design)))

    def spread(self, effects: FloatArray) -> FloatArray:
        """Return what the effects (G,) add to each row (N,)."""
        return np.asarray((self._design @ effects)[self._group])

    def sums(self, values: FloatArray) -> FloatArray:
        """Return the sums of the rows' values (N, ...) that each effect has a part in, (G, ...)."""
        if not len(values):
            return np.zeros((self._design.shape[1], *values.shape[1:]))
        return np.asarray(self._design.T @ np.add.reduceat(values, self._starts, axis=0))

    def among(self, weight: FloatArray) -> FloatArray:
        """Return the weights (N,) of the rows that each pair of effects shares, (G, G)."""
        if not len(weight):
            return np.zeros((self._design.shape[1], self._design.shape[1]))
        return np.asarray((self._design.T * np.add.reduceat(weight, self._starts)) @ self._design)


def contrast_sd(contrast: Contrast) -> float:
    """Return the log-spread of a contrast's ratio."""
    a, b, error = contrast.a_ms, contrast.b_ms, contrast.error_ms
    own = (error / a) ** 2 + (error / b) ** 2 + CONTRAST_SD**2
    extra = (STAND_IN_SD * np.log(b / a)) ** 2 if contrast.stand_in else 0.0
    return float(np.sqrt(own + extra))
