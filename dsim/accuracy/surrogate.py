"""The process conditioned on its results, arranged so that tens of thousands of designs are priced in a second.

All questions share one recipe, and are of no known family or are designs, whose kin is known. The mean is exact. The variance needs a product with the
inverse covariance of all results; here the results are represented by a few hundred pivots (pivoted Cholesky), which
can only widen an interval.

Source: J. Quinonero-Candela and C. E. Rasmussen, A unifying view of sparse approximate Gaussian process regression,
2005.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, lapack, solve_triangular

from dsim.accuracy.covariance import Points, covariance_parts, noise_variance, structure_coordinates
from dsim.accuracy.kin import KIN_REGION, Kin, Kinship, Relatives, kinship_of
from dsim.accuracy.summary import FloatArray

SMOOTH = ("constant", "size", "structure", "training", "interplay")
PIVOTS = 300
CHUNK = 4096


@dataclass(frozen=True)
class Told:
    """What is told of new training runs; each field has shape (N,).

    Attributes
    ----------
    mean, variance
        Of log(error).
    distance
        To the nearest known network, in structure.
    by_kin
        Whether kin was part of it.
    """

    mean: FloatArray
    variance: FloatArray
    distance: FloatArray
    by_kin: NDArray[np.bool_]


@dataclass(frozen=True)
class Surrogate:
    """What a prediction needs.

    Attributes
    ----------
    logs
        Logarithms of the hyper-parameters.
    offset
        Mean of the log errors.
    known
        Points of the results, shape (N,).
    weights
        Shape (N,): the mean is ``offset + k @ weights``.
    pivots
        Rows of ``known``, shape (P,).
    root
        Shape (P, P): the explained variance is ``|k[pivots] @ root|^2``.
    kinship
        What the results of their kin tell of designs; None where there are none.
    """

    logs: dict[str, float]
    offset: float
    known: Points
    weights: FloatArray
    pivots: np.ndarray
    root: FloatArray
    kinship: Kinship | None

    def predict(self, points: Points, kin: Kin | None = None) -> Told:
        """Return what is told of new training runs.

        Parameters
        ----------
        kin
            What designs' kin tells of those that lie within `KIN_REGION` of it; networks of no known family where it is left out.
        """
        recipes, which = np.unique(points.groups["recipe"], axis=0, return_inverse=True)
        cuts = [
            rows[k : k + CHUNK]
            for rows in (np.flatnonzero(which.ravel() == n) for n in range(len(recipes)))
            for k in range(0, len(rows), CHUNK)
        ]
        mean, variance, distance = np.empty((3, len(points)))
        near = np.zeros(len(points), dtype=bool)
        for rows in cuts:
            mean[rows], variance[rows], distance[rows], near[rows] = self._chunk(points.take(rows), kin)
        return Told(mean, variance, distance, near)

    def distance(self, points: Points) -> FloatArray:
        """Distance to the nearest known network, shape (N,)."""
        known = structure_coordinates(self.known, self.logs)
        asked = structure_coordinates(points, self.logs)
        squares = [_squares(asked[k : k + CHUNK], known).min(1) for k in range(0, len(asked), CHUNK)]
        return np.asarray(np.sqrt(np.maximum(np.concatenate(squares), 0.0)))

    def _chunk(
        self, points: Points, kin: Kin | None
    ) -> tuple[FloatArray, FloatArray, FloatArray, NDArray[np.bool_]]:
        logs, known = self.logs, self.known
        kernel = _squares(structure_coordinates(points, logs), structure_coordinates(known, logs))
        distance = np.sqrt(np.maximum(kernel.min(1), 0.0))
        near = (
            np.zeros(len(points), dtype=bool) if kin is None else kernel[:, kin.rows].min(1) <= KIN_REGION**2
        )
        _exponential(kernel, np.array([logs["structure"]]))
        # every question of a chunk has the same recipe: its distance to each result is one row, not a matrix
        one = points.take(np.array([0]))
        fixed = covariance_parts(one, known, logs)
        recipe = np.log(np.maximum(fixed["interplay"], 1e-300)) + 0.5 * _squares(*self._sizes(one))
        kernel += _exponential(_squares(*self._sizes(points)), recipe)
        width = points.groups["size"].shape[1]
        kernel += float(np.exp(logs["size"])) / width * (points.groups["size"] @ known.groups["size"].T)
        kernel += fixed["training"] + fixed["constant"]
        mean = self.offset + kernel @ self.weights
        prior = sum(float(np.exp(logs[name])) for name in ("constant", "structure", "interplay"))
        prior += sum(float(np.exp(logs[name])) for name in ("family", "network", "recipe_row"))
        own = float(np.exp(logs["size"])) / width * (points.groups["size"] ** 2).sum(1)
        recipes = points.groups["recipe"][0]
        training = float(np.exp(logs["training"])) * float((recipes**2).mean())
        seen = kernel[:, self.pivots] @ self.root
        variance = prior + own + training
        if kin is not None:
            mean += np.where(near, kin.shift, 0.0)
            seen += np.outer(near, kin.lean)
            variance -= np.where(near, kin.told, 0.0)
        variance -= (seen**2).sum(1)
        floor = float(np.exp(logs["noise"]) + np.exp(logs["network"]))
        return mean, np.maximum(variance, floor) + noise_variance(points, logs), distance, near

    def _sizes(self, points: Points) -> tuple[FloatArray, FloatArray]:
        size = points.groups["size"]
        scale = float(np.exp(-self.logs["interplay_size"])) / float(np.sqrt(size.shape[1]))
        return size * scale, self.known.groups["size"] * scale


def fit_surrogate(
    points: Points,
    matrix: FloatArray,
    values: FloatArray,
    offset: float,
    logs: dict[str, float],
    relatives: Relatives | None = None,
) -> Surrogate:
    """Solve for the weights, and choose the pivots; ``relatives`` are designs' kin among the points."""
    factor = cho_factor(matrix, lower=True)
    parts = covariance_parts(points, points, logs)
    smooth = sum((parts[name] for name in SMOOTH), start=np.zeros_like(matrix))
    _, order, rank, _ = lapack.dpstrf(smooth, lower=1, tol=1e-8)
    pivots = np.sort(order[: min(rank, PIVOTS)] - 1)
    inner = smooth[np.ix_(pivots, pivots)]
    inner[np.diag_indices_from(inner)] += 1e-8
    half = cho_factor(inner, lower=True)
    triangle = np.tril(factor[0])
    seen = solve_triangular(triangle, cho_solve(half, smooth[pivots]).T, lower=True)
    left, sizes, right = np.linalg.svd(seen, full_matrices=False)
    weights = cho_solve(factor, values)
    kinship = kinship_of(relatives, logs, triangle, weights, left) if relatives else None
    return Surrogate(logs, offset, points, weights, pivots, right.T * sizes, kinship)


def _exponential(squares: FloatArray, height: FloatArray) -> FloatArray:
    """Return exp(height - squares / 2), written over ``squares``: half of a prediction's time goes into this."""
    squares *= -0.5
    squares += height
    np.exp(squares, out=squares)
    return squares


def _squares(a: FloatArray, b: FloatArray) -> FloatArray:
    squares: FloatArray = a @ (-2.0 * b.T)
    squares += (a * a).sum(1)[:, None]
    squares += (b * b).sum(1)[None, :]
    return squares
