"""Choose the process's hyper-parameters on training results alone, by marginal likelihood."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

from dsim.accuracy.covariance import VARIANCES, Points
from dsim.accuracy.process import NAMES, START, penalised_loss
from dsim.accuracy.summary import FloatArray

ITERATIONS = 30


def tune(points: Points, values: FloatArray) -> dict[str, float]:
    """Maximise the penalised marginal likelihood from the fixed start; deterministic.

    Parameters
    ----------
    points, values
        Training results: where, and log(100 - top1) less its mean.

    Returns
    -------
    dict
        Logarithm of every hyper-parameter by name.
    """
    bounds = [(-14.0, 4.0) if name in VARIANCES else (-2.0, 4.0) for name in NAMES]
    found = minimize(
        lambda theta: penalised_loss(points, values, theta),
        np.array([START[name] for name in NAMES]),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": ITERATIONS},
    )
    return {name: round(float(value), 4) for name, value in zip(NAMES, found.x, strict=True)}
