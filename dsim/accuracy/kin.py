"""Designs are kin of EfficientFormer: built of its blocks, and by default trained by its recipe. What its own results tell of them.

Beside size, structure and training, a family and a row of the table of recipes have parts of their own in log(error), which all results
share that belong to them. They are the same for all designs of the family: so they move the mean of all by the same, and take part of
the variance away.

How far such estimates are off is judged by networks of all families, each predicted from its own family and the others, without itself
and without its near siblings: a design lies farther from EfficientFormer's networks than these do from their own variants.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from dsim.accuracy.covariance import Points, squared_distance, structure_coordinates
from dsim.accuracy.effects import deviations
from dsim.accuracy.evidence import Results
from dsim.accuracy.misses import REGION
from dsim.accuracy.recipe import REFERENCE, Recipe
from dsim.accuracy.summary import FloatArray

FAMILY = "efficientformer"
KIN_REGION = 0.75 * REGION
"""How far from its nearest kin a design is estimated from it. All siblings that are nearer are left out of the results that its interval
is calibrated on, so that none of these has a nearer sibling than a design may have. 98% of the default space's designs lie within."""


def question_words(by_kin: bool, recipe: Recipe | None) -> str:
    """Say what an interval is for: whether kin was part of the estimate, and how the network would be trained."""
    if not by_kin:
        return "a network of a family of which no result is known"
    own = recipe is None or recipe.is_like(REFERENCE)
    return f"another network of EfficientFormer's family, trained by {'its' if own else 'a new'} recipe"


@dataclass(frozen=True)
class Kin:
    """What the results of a family tell of another network of it.

    Attributes
    ----------
    rows
        The family's, of `Surrogate.known`, shape (R,).
    shift
        What they add to the mean of log(error).
    lean, told
        (P,), and a number: with them the explained variance is ``|k[pivots] @ root + lean|^2 + told``.
    given
        Variance of the parts that are told of.
    """

    rows: NDArray[np.int64]
    shift: float
    lean: FloatArray
    told: float
    given: float


@dataclass(frozen=True)
class Kinship:
    """The same for a network that is trained by the family's own recipe, and for one that is trained by another."""

    own: Kin
    other: Kin


@dataclass(frozen=True)
class Relatives:
    """Which results belong to a family, and which were trained by the recipe that is its own; (N,) each."""

    family: NDArray[np.bool_]
    recipe: NDArray[np.bool_]


def relatives_of(evidence: Results) -> Relatives | None:
    """Find the results of EfficientFormer's family, and those of the row of its released networks that is the reference recipe.

    None where no result is of that row, as where the family was left out.
    """
    family = np.array([name == FAMILY for name in evidence.families])
    rows = {
        recipe.key
        for recipe, own, released in zip(evidence.recipes, family, evidence.is_checkpoint, strict=True)
        if own and released and recipe.is_like(REFERENCE)
    }
    if len(rows) != 1:
        return None
    return Relatives(family, np.array([recipe.key in rows for recipe in evidence.recipes]))


def kinship_of(
    relatives: Relatives,
    logs: Mapping[str, float],
    factor: FloatArray,
    weights: FloatArray,
    left: FloatArray,
) -> Kinship:
    """Work out what a family's results tell.

    Parameters
    ----------
    factor
        Lower triangle (N, N) whose square is the covariance of all results.
    weights
        (N,): the mean is a covariance times these.
    left
        (N, P) orthonormal: ``factor`` solved for the covariance of results with a design is ``left`` times its ``k[pivots] @ root``.
    """
    family, row = (float(np.exp(logs[name])) for name in ("family", "recipe_row"))
    found = []
    for given, shared in (
        (family + row, family * relatives.family + row * relatives.recipe),
        (family, family * relatives.family),
    ):
        seen = solve_triangular(factor, shared, lower=True)
        lean = left.T @ seen
        rest = max(float(seen @ seen) - float(lean @ lean), 0.0)
        found.append(Kin(np.flatnonzero(relatives.family), float(shared @ weights), lean, rest, given))
    return Kinship(*found)


@dataclass(frozen=True)
class WithoutSiblings:
    """Results predicted without their own networks and without those networks' near siblings; each field has shape (N,).

    Attributes
    ----------
    mean, deviation
        Of a new observation at every row; nan where no other network of the family is left.
    distance
        To the nearest network of its family that was left.
    trained_alike
        Whether one of these was trained by the same row of the table of recipes.
    """

    mean: FloatArray
    deviation: FloatArray
    distance: FloatArray
    trained_alike: NDArray[np.bool_]

    def answers(self, points: Points) -> NDArray[np.bool_]:
        """Tell which results answer for designs, shape (N,): within `REGION` of a sibling, and trained as one was, by a stated schedule."""
        return np.asarray((self.distance <= REGION) & self.trained_alike & (points.unstated == 0))


def leave_siblings_out(
    matrix: FloatArray,
    values: FloatArray,
    points: Points,
    logs: Mapping[str, float],
    nearer: float = KIN_REGION,
) -> WithoutSiblings:
    """Predict each network from all results but its own, and but those of networks of its family that are near.

    Parameters
    ----------
    matrix, values
        Covariance (N, N) of all results, and their log errors (N,) less the mean.
    points, logs
        Where they are, and the logarithms of the process's variances and lengths.
    nearer
        Than this, in the structure kernel's lengths, are those that are left out.
    """
    count = len(points)
    precision = np.linalg.inv(matrix)
    weights = precision @ values
    where = structure_coordinates(points, logs)
    family, network, recipe = (points.labels[name] for name in ("family", "network", "recipe_row"))
    mean, deviation, distance = np.full((3, count), np.nan)
    alike = np.zeros(count, dtype=bool)
    for one in np.unique(network).tolist():
        own = np.flatnonzero(network == one)
        kin = np.flatnonzero(family == family[own[0]])
        width = where.shape[1]
        apart = np.sqrt(width * squared_distance(where[own], where[kin]))
        # a sibling is left out with all its results
        near = np.isin(network[kin], network[kin[apart.min(0) < nearer]]) | (network[kin] == one)
        if near.all():
            continue
        out = kin[near]
        block = np.linalg.inv(precision[np.ix_(out, out)])
        at = np.searchsorted(out, own)
        mean[own] = values[own] - (block @ weights[out])[at]
        deviation[own] = np.sqrt(np.diag(block)[at])
        distance[own] = apart[:, ~near].min(1)
        alike[own] = np.isin(recipe[own], recipe[kin[~near]])
    return WithoutSiblings(mean, deviation, distance, alike)


def kin_residuals(
    points: Points,
    matrix: FloatArray,
    values: FloatArray,
    offset: float,
    logs: Mapping[str, float],
    effect_variance: FloatArray,
) -> FloatArray:
    """Return what intervals of designs are calibrated on: residuals (N,) in deviations, nan of results that are no answer.

    Parameters
    ----------
    points, matrix, logs
        As for `leave_siblings_out`.
    values, offset
        Log errors (N,), and their mean.
    effect_variance
        (N,), of the effects of activation and norm, in points.
    """
    found = leave_siblings_out(matrix, values - offset, points, logs)
    spread = deviations(found.deviation**2, effect_variance, np.exp(found.mean + offset))
    return np.where(found.answers(points), (values - offset - found.mean) / spread, np.nan)
