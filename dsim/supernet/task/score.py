"""The task's model as a score over sums, where a ridge regression was learned: what the best design of a space is told from."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from dsim.search.sums import LogFeature, Score
from dsim.supernet.task.summary import COLUMNS, Floats

if TYPE_CHECKING:
    from sklearn.linear_model import BayesianRidge

_LOGS = (
    "params",
    "macs",
)  # the amounts whose logarithms are the last features (`dsim.supernet.task.features.features_of`)


def ridge_score(
    ridge: BayesianRidge,
    points: Callable[[Floats], Floats],
    mean: Floats,
    scale: Floats,
    reach: float,
    low: Callable[[Floats], Floats],
) -> Score:
    """Return the score of a ridge: the logarithm of the loss at the upper end of its interval.

    Parameters
    ----------
    ridge
        Fitted.
    points, mean, scale
        Returns features as it learned from them, and how these were made: (x - mean) / scale.
    reach
        Deviations between its estimate and that end.
    low
        Returns lower ends of ranks for such logarithms.
    """
    count = len(_LOGS)
    logs = tuple(
        LogFeature(COLUMNS.index(name), float(m), float(s))
        for name, m, s in zip(_LOGS, mean[-count:], scale[-count:], strict=True)
    )
    values, vectors = np.linalg.eigh(ridge.sigma_)
    root = np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T
    constant = float(ridge.intercept_)
    return Score(points, logs, constant, np.asarray(ridge.coef_), reach, 1.0 / float(ridge.alpha_), root, low)
