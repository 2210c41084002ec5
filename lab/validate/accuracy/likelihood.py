"""The marginal likelihood of the accuracy model's Gaussian process, with the prior of its hyper-parameters.

Source: Rasmussen and Williams 2006, algorithm 2.1 and equations 5.8, 5.9.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_solve, cholesky

from dsim.accuracy.covariance import (
    LENGTHS,
    STRUCTURE,
    VARIANCES,
    Points,
    covariance_parts,
    squared_distance,
)
from dsim.accuracy.process import JITTER
from dsim.accuracy.summary import FloatArray

NAMES = (*VARIANCES, *LENGTHS)
START: dict[str, float] = {
    "constant": -1.0,
    "size": -3.0,
    "structure": -4.0,
    "training": -5.0,
    "interplay": -5.0,
    "family": -6.0,
    "network": -7.0,
    "recipe_row": -6.0,
    "noise": -8.0,
    "unstated": -8.0,
    **dict.fromkeys(LENGTHS, 1.0),
}
"""Prior mean and start of every log hyper-parameter; a first guess of an order of size, tuned nowhere."""
SPREAD = {**dict.fromkeys(VARIANCES, 3.0), **dict.fromkeys(LENGTHS, 1.0)}
"""Prior standard deviation: variances may move by powers of e^3, lengths by powers of e."""


def penalised_loss(points: Points, values: FloatArray, theta: FloatArray) -> tuple[float, FloatArray]:
    """Negative log marginal likelihood plus the prior's penalty, and its gradient over ``NAMES``."""
    logs = dict(zip(NAMES, theta.tolist(), strict=True))
    parts = covariance_parts(points, points, logs)
    n = len(points)
    noise = np.full(n, np.exp(logs["noise"]))
    unstated = np.exp(logs["unstated"]) * points.unstated
    total = sum(parts.values(), start=np.zeros((n, n)))
    total[np.diag_indices(n)] += noise + unstated + JITTER
    factor = cholesky(total, lower=True, check_finite=False)
    precision = cho_solve((factor, True), np.eye(n), check_finite=False)
    weights = precision @ values
    inner = precision - np.outer(weights, weights)
    slopes = {name: float(np.sum(inner * part)) for name, part in parts.items()}
    slopes["noise"] = float(np.diag(inner) @ noise)
    slopes["unstated"] = float(np.diag(inner) @ unstated)
    weighted = inner * parts["structure"]
    for group in STRUCTURE:
        distance = squared_distance(points.groups[group], points.groups[group])
        name = f"structure_{group}"
        slopes[name] = float(np.sum(weighted * distance)) * float(np.exp(-2.0 * logs[name]))
    weighted = inner * parts["interplay"]
    for group in ("recipe", "size"):
        distance = squared_distance(points.groups[group], points.groups[group])
        name = f"interplay_{group}"
        slopes[name] = float(np.sum(weighted * distance)) * float(np.exp(-2.0 * logs[name]))
    start = np.array([START[name] for name in NAMES])
    spread = np.array([SPREAD[name] for name in NAMES])
    loss = 0.5 * float(values @ weights) + float(np.log(np.diag(factor)).sum())
    loss += 0.5 * float((((theta - start) / spread) ** 2).sum())
    gradient = 0.5 * np.array([slopes[name] for name in NAMES]) + (theta - start) / spread**2
    return loss, gradient
