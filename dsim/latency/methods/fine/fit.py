"""Learn fine rates: a robust maximum a posteriori fit of positive rates around learned paces of their groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dsim.latency.features import FloatArray
from dsim.latency.maths.robust import minimise, student_loss, student_weights
from dsim.latency.methods.fine.prior import GROUPS, PRICED_AT, Regime, centres, groups

PACE_SD = 3.0  # the pace of a group is learned, hardly believed
STEPS = 40
WIDE = 2.0  # a rate with a wider log-spread is hardly known beforehand


@dataclass(frozen=True)
class FineFit:
    """Learned rates.

    Attributes
    ----------
    log_rate
        (P + 1,) logarithms of milliseconds per unit of each priced column; the last is the fixed time.
    covariance
        (P + 1, P + 1) of them at the optimum.
    """

    log_rate: FloatArray
    covariance: FloatArray


def priced(phi: FloatArray) -> FloatArray:
    """Return the priced columns of vectors (N, F) with a one for the fixed time appended: (N, P + 1)."""
    out = np.ones((len(phi), len(PRICED_AT) + 1))
    np.maximum(phi[:, PRICED_AT], 0.0, out=out[:, :-1])
    return out


def fit_fine(
    phi: FloatArray,
    log_ms: FloatArray,
    weight: FloatArray,
    regime: Regime,
    noise: float | FloatArray,
    centre: FloatArray | None = None,
    stray: FloatArray | None = None,
) -> FineFit:
    """Fit the rates of one stack.

    Parameters
    ----------
    phi, log_ms, weight
        (N, F) amounts, (N,) log milliseconds, (N,) how much each figure counts.
    regime
        What is believed beforehand.
    noise
        Log-spread of one figure around the model, of all or of each (N,).
    centre, stray
        Another stack's log rates (P + 1,) to start from in place of ``regime``, and how far each (P + 1,) may stray.
    """
    member = groups()
    low, spread = centres(regime)
    if centre is not None and stray is not None:
        low, spread = centre, stray
    x = priced(phi) * np.exp(low)
    n_groups, n = len(GROUPS), x.shape[1]
    spreading = np.zeros((n, n_groups))
    spreading[np.arange(n), member] = 1.0
    start = np.concatenate([_paces(x, log_ms, member) if centre is None else np.zeros(n_groups), np.zeros(n)])
    pace_sd = PACE_SD if centre is None else 1.0
    precision = np.concatenate([np.full(n_groups, pace_sd**-2), spread**-2])

    def loss(at: FloatArray) -> float:
        residual = (log_ms - np.log(x @ np.exp(spreading @ at[:n_groups] + at[n_groups:]))) / noise
        return float((weight * student_loss(residual)).sum() + 0.5 * (precision * (at - start) ** 2).sum())

    def normal(z: FloatArray) -> tuple[FloatArray, FloatArray]:
        part = x * np.exp(spreading @ z[:n_groups] + z[n_groups:])
        whole = part.sum(1)
        residual = log_ms - np.log(whole)
        share = part / whole[:, None]
        jacobian = np.hstack([share @ spreading, share])
        robust = weight * student_weights(residual / noise) / noise**2
        hessian = (jacobian * robust[:, None]).T @ jacobian + np.diag(precision)
        return hessian, (jacobian * robust[:, None]).T @ residual - precision * (z - start)

    starts = [start]
    unsure = (spread > WIDE) & (x > 0).any(0)
    if centre is not None and unsure.any():
        # far from what a robust fit starts at, networks count as stray and cannot pull: start where the rate is dear as well
        starts.append(start + np.concatenate([np.zeros(n_groups), np.where(unsure, spread, 0.0)]))
    found = [minimise(normal, one, STEPS, 2.0, loss) for one in starts]
    z, hessian = min(found, key=lambda one: loss(one[0]))
    both = np.hstack([spreading, np.eye(n)])
    return FineFit(low + both @ z, both @ np.linalg.inv(hessian) @ both.T)


def _paces(
    x: FloatArray, log_ms: FloatArray, member: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> FloatArray:
    """Start each group where it would make up a quarter of the median network's time."""
    out = np.zeros(len(GROUPS))
    for group in range(len(GROUPS)):
        amount = x[:, member == group].sum(1)
        if (amount > 0).any():
            out[group] = np.log(0.25 / np.median(amount[amount > 0] / np.exp(log_ms[amount > 0])))
    return out
