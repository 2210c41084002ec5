"""Learn rates: a robust maximum a posteriori fit of positive coefficients on relative errors.

``log t = log(phi_priced @ exp(theta) + fixed) + effects``, with theta ~ N(0, prior_sd) around the nominal rates and
Student-t errors, solved by Gauss-Newton with iteratively reweighted squares. Positive by construction, deterministic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsim.device.profile import Contrast
from dsim.latency.evidence import Evidence
from dsim.latency.features import INDEX, PRICED, FloatArray

FIXED_MS = 0.3  # nominal time of a prediction without any kernel
N_PRICED = len(PRICED)
PRICED_AT = np.array([INDEX[name] for name in PRICED])
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
    freedom: float = 4.0
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


def priced(phi: FloatArray) -> FloatArray:
    """Give the priced columns of vectors (N, F) with the fixed time appended: (N, P + 1)."""
    return np.hstack([phi[:, PRICED_AT], np.full((len(phi), 1), FIXED_MS)])


def fit(
    evidence: Evidence,
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
    x, log_ms, effects = priced(evidence.phi[rows]), evidence.log_ms[rows], evidence.effects[rows]
    weight = evidence.weight[rows] * np.where(evidence.inside[rows], 1.0, settings.outside)
    if draw is not None:
        weight = weight * draw.repeat[rows]
    pair = evidence.contrast_phi[contrasts]
    used = [c for (_, c), keep in zip(evidence.contrasts, contrasts, strict=True) if keep]
    ratio = np.log([c.b_ms / c.a_ms for c in used]) if used else np.zeros(0)
    spread = np.array([contrast_sd(c) for c in used])
    xa, xb = priced(pair[:, 0]), priced(pair[:, 1])
    n, m = x.shape[1], effects.shape[1]
    center = np.zeros(n + m)
    if centre is not None:
        center[:n] = centre
    prior_sd = np.concatenate([np.full(n, settings.prior_sd), evidence.effect_sd])
    free = np.zeros(n, dtype=bool)
    z = center.copy()
    if draw is not None:
        free[draw.free] = True
        prior_sd[:n][free] = draw.free_sd
        center[:n] += draw.center
        ratio = ratio + spread * draw.contrast_errors[contrasts]
    precision = prior_sd**-2
    hessian = np.diag(precision)
    for _ in range(80 if draw is None else draw.iterations):
        rate = np.where(free, z[:n], np.exp(np.where(free, 0.0, z[:n])))
        slope = np.where(free, 1.0, rate)
        total = np.maximum(x @ rate, 0.3 * x[:, -1])
        residual = log_ms - np.log(total) - effects @ z[n:]
        jacobian = np.hstack([x * slope / total[:, None], effects])
        robust = weight * student(residual / settings.noise, settings.freedom) / settings.noise**2
        hessian = (jacobian * robust[:, None]).T @ jacobian + np.diag(precision)
        gradient = (jacobian * robust[:, None]).T @ residual - precision * (z - center)
        if used:
            ta, tb = np.maximum(xa @ rate, 0.3 * xa[:, -1]), np.maximum(xb @ rate, 0.3 * xb[:, -1])
            ja = np.hstack([xb * slope / tb[:, None] - xa * slope / ta[:, None], np.zeros((len(used), m))])
            off = ratio - np.log(tb / ta)
            w = student(off / spread, settings.freedom) / spread**2
            hessian += (ja * w[:, None]).T @ ja
            gradient += (ja * w[:, None]).T @ off
        step = np.linalg.solve(hessian, gradient)
        step = np.clip(step, -0.7, 0.7) if draw is None else np.clip(step, -2.0, 2.0)
        z = z + step
        if np.abs(step).max() < 1e-6:
            break
    return Fit(z[:n], z[n:], np.linalg.inv(hessian))


def student(z: FloatArray, freedom: float) -> FloatArray:
    """Weights of iteratively reweighted squares for Student-t errors."""
    return (freedom + 1.0) / (freedom + z**2)


def contrast_sd(contrast: Contrast) -> float:
    """Give the log-spread of a contrast's ratio."""
    a, b, error = contrast.a_ms, contrast.b_ms, contrast.error_ms
    own = (error / a) ** 2 + (error / b) ** 2 + CONTRAST_SD**2
    extra = (STAND_IN_SD * np.log(b / a)) ** 2 if contrast.stand_in else 0.0
    return float(np.sqrt(own + extra))
