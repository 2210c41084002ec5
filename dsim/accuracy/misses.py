"""How far held-out results lie from their estimates, in deviations: the width of an interval rests on it.

Two questions differ. A design within the region that a search may move in, for a recipe whose schedule is stated, is judged by
published results of that kind. Any other is judged by the rest: trained by an unstated schedule, or unlike every other network.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsim.accuracy.covariance import Points, structure_coordinates
from dsim.accuracy.summary import FloatArray

REGION = float(np.sqrt(2.0 * np.log(2.0)))
"""How far from the nearest known network a search may go: where the structure kernel has fallen to one half, so that
a neighbour still tells more about a design than the prior does. Fixed by this argument, not by any result."""
LEAST = 5  # families that the errors of a question must come from


@dataclass(frozen=True)
class Misses:
    """Absolute residuals in deviations, each group predicted from the others, by the question that they answer.

    Attributes
    ----------
    known, other
        Sorted: of results within `REGION` of another group's network whose recipe is stated, and of all others. Of each group
        the same number of quantiles, so that all groups count alike.
    """

    known: FloatArray
    other: FloatArray

    def reach(self, confidence: float, known: NDArray[np.bool_]) -> FloatArray:
        """Return how many deviations an interval reaches to each side, shape (N,).

        Parameters
        ----------
        confidence
            Share of results that keep to it.
        known
            Shape (N,): which designs lie within the region and have a recipe that is stated.
        """
        near, far = (float(np.quantile(kind, confidence)) for kind in (self.known, self.other))
        return np.where(known, near, far)


def misses_of(residuals: FloatArray, known: NDArray[np.bool_], groups: tuple[str, ...]) -> Misses:
    """Sort held-out residuals, in deviations, by the question that they answer.

    Parameters
    ----------
    residuals, known
        Shape (N,), of either sign; and which results lie within the region and have a stated recipe. A question with results
        of fewer than five groups is answered by all.
    groups
        Length N: who was held out together.
    """
    sizes, labels = np.abs(residuals), np.asarray(groups)

    def pooled(rows: NDArray[np.bool_]) -> FloatArray:
        kept = rows if len(set(labels[rows].tolist())) >= LEAST else np.ones_like(rows)
        return group_quantiles(sizes[kept], tuple(labels[kept].tolist()))

    return Misses(pooled(known), pooled(~known))


def known_rows(points: Points, logs: dict[str, float], groups: tuple[str, ...]) -> NDArray[np.bool_]:
    """Tell which results lie within `REGION` of a network of another group and have a stated recipe, shape (N,)."""
    return are_known(nearest_stranger(points, logs, groups), points)


def are_known(distance: FloatArray, points: Points) -> NDArray[np.bool_]:
    """Tell which points lie within `REGION`, by their distance (N,) to the nearest known network, and have a stated recipe."""
    return np.asarray((distance <= REGION) & (points.unstated == 0))


def nearest_stranger(points: Points, logs: dict[str, float], groups: tuple[str, ...]) -> FloatArray:
    """Return the distance of each result's network to the nearest one of another group, shape (N,)."""
    where, labels = structure_coordinates(points, logs), np.asarray(groups)
    distance = np.empty(len(points))
    for group in sorted(set(groups)):
        rows, others = where[labels == group], where[labels != group]
        squares = (rows**2).sum(1)[:, None] + (others**2).sum(1)[None, :] - 2.0 * rows @ others.T
        distance[labels == group] = np.sqrt(np.maximum(squares.min(1, initial=np.inf), 0.0))
    return distance


def group_quantiles(residuals: FloatArray, groups: tuple[str, ...], grid: int = 200) -> FloatArray:
    """Pool absolute residuals with one vote a group, shape (groups * grid,), sorted.

    A design from a new family is one draw of a family, then one of its networks; large families must not outvote.
    """
    labels = np.asarray(groups)
    at = (np.arange(grid) + 0.5) / grid
    return np.sort(np.concatenate([np.quantile(residuals[labels == g], at) for g in sorted(set(groups))]))
