"""A second step for profiles that share a pool: each lets its rates stray a little from the pool's, by its own figures."""

from __future__ import annotations

import numpy as np

from dsim.latency.features import FloatArray
from dsim.latency.maths.robust import minimise, student_weights

STEPS = 30
LEAST = 4  # own figures without which the pool's rates stay


def refine(
    x: FloatArray, log_ms: FloatArray, theta: FloatArray, stray: float, noise: float | FloatArray
) -> FloatArray:
    """Return a profile's own log factors.

    Parameters
    ----------
    x, log_ms
        (N, P + 1) priced columns and (N,) log milliseconds of the profile's own networks.
    theta
        (P + 1,) the pool's log factors for this profile.
    stray, noise
        Log-spread of each factor around the pool's, and of a figure around the model, of all or of each (N,).
    """
    if len(x) < LEAST:
        return theta

    def normal(z: FloatArray) -> tuple[FloatArray, FloatArray]:
        part = x * np.exp(z)
        whole = part.sum(1)
        jacobian, residual = part / whole[:, None], log_ms - np.log(whole)
        weight = student_weights(residual / noise) / noise**2
        hessian = (jacobian * weight[:, None]).T @ jacobian + np.eye(len(z)) / stray**2
        gradient = (jacobian * weight[:, None]).T @ residual - (z - theta) / stray**2
        return hessian, gradient

    return minimise(normal, theta, STEPS, 0.7)[0]
