"""A Gaussian process on log(100 - top1): its covariance, and exact leave-one-group-out predictions.

Source: Rasmussen and Williams 2006, algorithm 2.1; S. Sundararajan and S. S. Keerthi, Predictive approaches for choosing
hyperparameters in Gaussian processes, 2001 (leave-one-out in closed form).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dsim.accuracy.covariance import Points, covariance_parts, noise_variance
from dsim.accuracy.summary import FloatArray

JITTER = 1e-9


def covariance(points: Points, logs: Mapping[str, float]) -> FloatArray:
    """Covariance of results with each other, noise included, shape (N, N)."""
    total = sum(covariance_parts(points, points, logs).values(), start=np.zeros((len(points), len(points))))
    total[np.diag_indices_from(total)] += noise_variance(points, logs) + JITTER
    return np.asarray(total)


def leave_groups_out(
    matrix: FloatArray, values: FloatArray, groups: tuple[str, ...]
) -> tuple[FloatArray, FloatArray]:
    """Predict each group from all others, in closed form.

    Returns
    -------
    mean, deviation
        Shape (N,), of a new observation at every row, its own group unseen.
    """
    precision = np.linalg.inv(matrix)
    weights = precision @ values
    mean, deviation = np.empty(len(values)), np.empty(len(values))
    labels = np.asarray(groups)
    for group in sorted(set(groups)):
        rows = np.flatnonzero(labels == group)
        block = np.linalg.inv(precision[np.ix_(rows, rows)])
        mean[rows] = values[rows] - block @ weights[rows]
        deviation[rows] = np.sqrt(np.diag(block))
    return mean, deviation
