"""From results and designs to points of the process: standardise features, number the labels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dsim.accuracy.covariance import Points, recipe_features
from dsim.accuracy.evidence import Results
from dsim.accuracy.features import LAYOUTS, NAMES, featurise
from dsim.accuracy.recipe import REFERENCE, Recipe
from dsim.accuracy.summary import INDEX, FloatArray

LABELS = ("family", "network", "recipe_row")
LEAST_SPREAD = 0.1
"""A feature that hardly varies among known networks is not blown up: nothing is learned from its last digits."""


@dataclass(frozen=True)
class Scaling:
    """Mean and spread of features and recipe features over the training results, and how features are grouped."""

    layout: str
    feature_mean: FloatArray
    feature_spread: FloatArray
    recipe_mean: FloatArray
    recipe_spread: FloatArray


def scaling_of(evidence: Results, layout: str) -> Scaling:
    """Measure the training results; ``layout`` is a key of `dsim.accuracy.features.LAYOUTS`."""
    features = featurise(evidence.summaries)
    recipes = _recipes(evidence.recipes, evidence.resolutions)
    return Scaling(
        layout,
        features.mean(0),
        np.maximum(features.std(0), LEAST_SPREAD),
        recipes.mean(0),
        np.maximum(recipes.std(0), 2 * LEAST_SPREAD),
    )


def points_of(evidence: Results, scaling: Scaling) -> Points:
    """Place results."""
    columns = (evidence.families, evidence.networks, tuple(r.key for r in evidence.recipes))
    labels = {
        name: np.unique(column, return_inverse=True)[1] for name, column in zip(LABELS, columns, strict=True)
    }
    recipes = _recipes(evidence.recipes, evidence.resolutions)
    unstated = np.array([float(not r.is_known) for r in evidence.recipes])
    return Points(_groups(featurise(evidence.summaries), recipes, scaling), labels, unstated)


def questions(summaries: FloatArray, scaling: Scaling, recipe: Recipe | None = None) -> Points:
    """Place designs that nobody has trained: of no known family, tested at the resolution that they are trained at.

    Parameters
    ----------
    recipe
        How all of them would be trained; the reference recipe, each at its own resolution, where it is left out.
    """
    features = featurise(summaries)
    n = len(features)
    asked = recipe or REFERENCE
    sides = resolutions_of(summaries) if recipe is None else np.full(n, asked.train_resolution)
    known = {
        side: recipe_features(replace(asked, train_resolution=side), side) for side in set(sides.tolist())
    }
    recipes = np.array([known[side] for side in sides.tolist()])
    nobody = {name: -1 - np.arange(n) for name in LABELS}
    return Points(_groups(features, recipes, scaling), nobody, np.full(n, float(not asked.is_known)))


def resolutions_of(summaries: FloatArray) -> NDArray[np.int64]:
    """Return the side of each design's image in pixels, shape (N,); of a square as large where it is none."""
    positions = np.atleast_2d(summaries)[:, INDEX["input_positions"]]
    return np.where(positions > 0, np.rint(np.sqrt(np.maximum(positions, 0.0))), 224).astype(np.int64)


def _recipes(recipes: tuple[Recipe, ...], resolutions: tuple[int, ...]) -> FloatArray:
    return np.array([recipe_features(r, size) for r, size in zip(recipes, resolutions, strict=True)])


def _groups(features: FloatArray, recipes: FloatArray, scaling: Scaling) -> dict[str, FloatArray]:
    scaled = (features - scaling.feature_mean) / scaling.feature_spread
    column = {name: k for k, name in enumerate(NAMES)}
    groups = {
        group: scaled[:, [column[n] for n in names]] for group, names in LAYOUTS[scaling.layout].items()
    }
    groups["recipe"] = (recipes - scaling.recipe_mean) / scaling.recipe_spread
    return groups
