"""Known results as columns of one smooth part of the covariance, so that a matrix product with designs gives all exponents at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from dsim.accuracy.summary import FloatArray

SAME = 10  # digits of coordinates: results that share them are one column
LEAST = 1e-12  # height of a column, in squared log-errors: less is nothing beside the others
RIDGE = 1e-10  # of the pivots' kernel, whose height is 1: what keeps the interplay's weights small enough for single precision

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Columns:
    """Known results as columns of one smooth part of the kernel: those of the pivots, then what differs from them.

    A product with a design's lifted coordinates is an exponent: minus half the squared distance, and the logarithm of the
    column's height in the covariance.
    """

    lifted: Floats  # (D + 2, C)
    weights: Floats  # (C,) of the mean


def columns_of(
    at: FloatArray, pivots: NDArray[np.int64], weights: FloatArray, heights: FloatArray
) -> Columns:
    """Make columns of results at coordinates (N, D), with their weights and heights (N,), each of the covariance's own."""
    _, alike = np.unique(np.round(at, SAME), axis=0, return_inverse=True)
    alike = alike.ravel()
    rest = np.flatnonzero(~np.isin(alike, alike[pivots]))
    order = np.concatenate([pivots, rest[np.unique(alike[rest], return_index=True)[1]]])
    first: dict[int, int] = {}
    for place, group in enumerate(alike[order].tolist()):
        first.setdefault(group, place)
    summed = np.bincount([first[group] for group in alike.tolist()], weights, minlength=len(order))
    # the last two of a design's lifted coordinates are minus half its square, and one
    squares = np.log(heights[order]) - 0.5 * (at[order] * at[order]).sum(1)
    lifted = np.vstack([at[order].T, np.ones(len(order)), squares])
    return Columns(lifted, summed / heights[order])


def of_pivots(columns: Columns, count: int) -> Columns:
    """Return the combination of the first ``count`` columns that lies nearest to all of them together.

    Columns are functions of a design. That is the projection onto the span of the first in the norm of the space that their
    kernel makes, so that the difference at any design is at most the norm of what is left.
    """
    lifted = np.asarray(columns.lifted, dtype=np.float64)
    at = lifted[:-2].T
    heights = np.exp(lifted[-1] + 0.5 * (at * at).sum(1))
    kernel = np.exp(
        lift(at) @ lifted[:, :count] - np.log(heights[:count])
    )  # of all with the first, of height 1
    factor = cho_factor(kernel[:count] + RIDGE * np.eye(count), lower=True)
    weights = cho_solve(factor, kernel.T @ (columns.weights * heights))
    return Columns(lifted[:, :count], weights / heights[:count])


def in_precision(columns: Columns, kind: type[np.floating[Any]]) -> Columns:
    """Return columns in some precision."""
    return Columns(columns.lifted.astype(kind, order="C"), columns.weights.astype(kind))


def lift(at: FloatArray) -> FloatArray:
    """Return coordinates (N, D + 2) whose products with swapped ones are minus half the squared distances."""
    halves = -0.5 * (at * at).sum(1)
    return np.hstack([at, halves[:, None], np.ones((len(at), 1))])


def places_of(columns: Columns, at: FloatArray) -> NDArray[np.int64]:
    """Return the numbers of the columns of results at coordinates (N, D)."""
    products = lift(at) @ columns.lifted
    return np.unique(products.argmax(1))
