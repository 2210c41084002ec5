"""A pivoted Cholesky decomposition, for the rows that say most about all others.

Source: H. Harbrecht, M. Peters and R. Schneider, On the low-rank approximation by the pivoted Cholesky decomposition, 2012.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from dsim.latency.features import FloatArray
from dsim.rounding import steps

EXPLAINED = 1e-8  # variance below which nothing is left to explain
ASKED_EXPLAINED = 1e-6  # the same for the rows that come first


def pivots(
    covariance: Callable[[int], FloatArray], variance: FloatArray, count: int, first: Sequence[int] = ()
) -> list[int]:
    """Choose rows one after another, each time the one that those before it explain least.

    Parameters
    ----------
    covariance
        Returns the covariance (N,) of all rows with one of them.
    variance
        (N,) of the rows, equal for all.
    count
        How many rows at most.
    first
        Rows that come before all others, but for those that others of them explain.
    """
    scale, left = float(variance[0]), variance.copy()
    factors = np.zeros((len(left), min(count, len(left))))
    asked, chosen = list(first), list[int]()
    for step in range(factors.shape[1]):
        pivot = asked[_most(left[asked], scale)] if asked else _most(left, scale)
        if asked and left[pivot] < ASKED_EXPLAINED:
            asked, pivot = [], _most(left, scale)
        if left[pivot] < EXPLAINED:
            break
        chosen.append(pivot)
        column = covariance(pivot) - factors[:, :step] @ factors[pivot, :step]
        factors[:, step] = column / np.sqrt(left[pivot])
        left = np.maximum(left - factors[:, step] ** 2, 0.0)
        left[pivot] = 0.0
    return chosen


def _most(left: FloatArray, scale: float) -> int:
    """Return where the most is left; the first of those that differ by rounding alone."""
    return int(steps(left, scale).argmax())
