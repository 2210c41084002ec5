"""Robust maximum a posteriori fits: Student-t errors, by Gauss-Newton steps with iteratively reweighted squares.

Errors with heavy tails let a figure that is far off count less, and need no threshold beyond which it is thrown away (Lange,
Little and Taylor, Robust statistical modeling using the t distribution, 1989).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dsim.latency.features import FloatArray

FREEDOM = 4.0  # degrees of freedom of the errors
CONVERGED = 1e-6  # the largest step after which a fit without a loss is done
GAINED = 1e-3  # the loss that a further step must gain
SMALLEST = 1e-3  # of a step, when halving
Normal = Callable[[FloatArray], tuple[FloatArray, FloatArray]]


def student_weights(z: FloatArray, freedom: float = FREEDOM) -> FloatArray:
    """Return how much each standardised error (N,) counts in the next least squares."""
    return (freedom + 1.0) / (freedom + z**2)


def student_loss(z: FloatArray, freedom: float = FREEDOM) -> FloatArray:
    """Return the negative log density (N,) of standardised errors, up to a constant."""
    return (freedom + 1.0) / 2.0 * np.log1p(z**2 / freedom)


def minimise(
    normal: Normal,
    start: FloatArray,
    steps: int,
    longest: float,
    loss: Callable[[FloatArray], float] | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Take Gauss-Newton steps until they are small.

    Parameters
    ----------
    normal
        Returns the matrix (P, P) and the right side (P,) of the normal equations at some unknowns (P,).
    start
        (P,) unknowns to start from.
    steps
        How many steps at most.
    longest
        How far an unknown may move in one step.
    loss
        Where it is given, a step is halved until this falls, and the fit ends where it hardly does.

    Returns
    -------
    FloatArray, FloatArray
        The unknowns (P,), and the matrix (P, P) of the last normal equations: the inverse of their covariance.
    """
    z, matrix = start.copy(), np.eye(len(start))
    now = np.nan if loss is None else loss(z)
    for _ in range(steps):
        matrix, right = normal(z)
        step = np.clip(np.linalg.solve(matrix, right), -longest, longest)
        if loss is None:
            z = z + step
            if np.abs(step).max() < CONVERGED:
                break
            continue
        size, then = 1.0, np.inf
        while size > SMALLEST and (then := loss(z + size * step)) >= now:
            size /= 2.0
        if then >= now:
            break
        z, gained, now = z + size * step, now - then, then
        if gained < GAINED:
            break
    return z, matrix
