"""How far held-out results lie from their estimates, in deviations: the width of an interval rests on it.

Three questions differ. A network within the region that a search may move in, for a recipe whose schedule is stated, is judged by
published results of that kind, each without its family. A design whose kin is known (`dsim.accuracy.kin`) is judged by results that were
predicted from some of theirs. Any other is judged by the rest: trained by an unstated schedule, or unlike every other network.
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
    """Absolute residuals in deviations, by the question that they answer.

    Attributes
    ----------
    known, other
        Sorted, each group predicted from the others: of results within `REGION` of another group's network whose recipe is stated, and
        of all others. Of each group the same number of quantiles, so that all groups count alike.
    kin
        The same of results that were predicted from others of their group.
    """

    known: FloatArray
    other: FloatArray
    kin: FloatArray

    def reach(
        self, confidence: float, known: NDArray[np.bool_], kin: NDArray[np.bool_] | None = None
    ) -> FloatArray:
        """Return how many deviations an interval reaches to each side, shape (N,).

        Parameters
        ----------
        confidence
            Share of results that keep to it.
        known
            Shape (N,): which designs lie within the region and have a recipe that is stated.
        kin
            Shape (N,): which of these are estimated from their kin's results; none where it is left out.
        """
        near, far = (float(np.quantile(kind, confidence)) for kind in (self.known, self.other))
        reach = np.where(known, near, far)
        return reach if kin is None else np.where(kin, float(np.quantile(self.kin, confidence)), reach)


def misses_of(
    residuals: FloatArray,
    known: NDArray[np.bool_],
    groups: tuple[str, ...],
    by_kin: FloatArray | None = None,
) -> Misses:
    """Sort held-out residuals, in deviations, by the question that they answer.

    Parameters
    ----------
    residuals, known
        Shape (N,), of either sign; and which results lie within the region and have a stated recipe. A question with results
        of fewer than five groups is answered by all.
    groups
        Length N: who was held out together.
    by_kin
        Shape (N,): residuals of results that were predicted from others of their group; nan of those that answer for no design.
    """
    sizes, labels = np.abs(residuals), np.asarray(groups)

    def pooled(rows: NDArray[np.bool_], sizes: FloatArray = sizes) -> FloatArray | None:
        if len(set(labels[rows].tolist())) < LEAST:
            return None
        return group_quantiles(sizes[rows], tuple(labels[rows].tolist()))

    every = group_quantiles(sizes, groups)
    near, far = (every if (found := pooled(rows)) is None else found for rows in (known, ~known))
    own = None if by_kin is None else pooled(~np.isnan(by_kin), np.abs(by_kin))
    return Misses(near, far, near if own is None else own)


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
