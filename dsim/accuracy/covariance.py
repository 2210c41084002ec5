"""How alike two results are: the covariance of the Gaussian process behind the accuracy model.

log(error) of a result is a sum of independent parts, each with a variance of its own:

    size        linear in log parameters, MACs, activations, resolution (the scaling law)
    structure   smooth in size, depth, shape and mix of operators
    training    linear in the recipe
    interplay   smooth in recipe and size (small networks gain less from strong augmentation)
    family, network, recipe row     what each of them has of its own
    noise, unstated schedule        what is left

so a network of a new family carries the family's, the network's and the recipe row's variance in its interval.

Source: C. E. Rasmussen and C. K. I. Williams, Gaussian Processes for Machine Learning, 2006, chapters 2 and 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dsim.accuracy.recipe import Augment, Recipe, Teacher
from dsim.accuracy.summary import FloatArray

STRUCTURE = ("size", "depth", "shape", "mix")
VARIANCES = (
    "constant",
    "size",
    "structure",
    "training",
    "interplay",
    "family",
    "network",
    "recipe_row",
    "noise",
    "unstated",
)
LENGTHS = (*(f"structure_{g}" for g in STRUCTURE), "interplay_recipe", "interplay_size")
_AUGMENT = {Augment.BASIC: 0.0, Augment.MEDIUM: 0.5, Augment.STRONG: 1.0}


def recipe_features(recipe: Recipe, test_resolution: int) -> list[float]:
    """Describe a recipe in numbers: 0 is 300 epochs, no teacher, basic augmentation, 224 px."""
    return [
        np.log(recipe.epochs / 300.0) if recipe.epochs else 0.0,
        float(not recipe.is_known),
        float(recipe.teacher is Teacher.CONVNET),
        float(recipe.teacher in (Teacher.TRANSFORMER, Teacher.SELF)),
        _AUGMENT[recipe.augment],
        np.log(recipe.train_resolution / 224.0),
        np.log(test_resolution / recipe.train_resolution),
    ]


@dataclass(frozen=True)
class Points:
    """Where the process is looked at: N results or questions.

    Attributes
    ----------
    groups
        Feature group to standardised features, shape (N, features of the group).
    labels
        Identity columns ("family", "network", "recipe_row") as integers, shape (N,); -1 - k is like nothing else.
    unstated
        Shape (N,), 1.0 where the schedule is unknown.
    """

    groups: Mapping[str, FloatArray]
    labels: Mapping[str, np.ndarray]
    unstated: FloatArray

    def __len__(self) -> int:
        return len(self.unstated)

    def take(self, rows: np.ndarray) -> Points:
        """Keep some rows."""
        return Points(
            {k: v[rows] for k, v in self.groups.items()},
            {k: v[rows] for k, v in self.labels.items()},
            self.unstated[rows],
        )


def squared_distance(a: FloatArray, b: FloatArray) -> FloatArray:
    """Mean squared difference over the features of a group, shape (len(a), len(b))."""
    product = a @ b.T
    total = (a * a).sum(1)[:, None] + (b * b).sum(1)[None, :] - 2.0 * product
    return np.asarray(np.maximum(total, 0.0) / a.shape[1])


def structure_coordinates(points: Points, logs: Mapping[str, float]) -> FloatArray:
    """Scale the structure features so that half the squared distance is the exponent of the structure kernel."""
    return np.hstack(
        [
            points.groups[g] * np.exp(-logs[f"structure_{g}"]) / np.sqrt(points.groups[g].shape[1])
            for g in STRUCTURE
        ]
    )


def covariance_parts(a: Points, b: Points, logs: Mapping[str, float]) -> dict[str, FloatArray]:
    """Covariance of each part between ``a`` and ``b``, without noise.

    Parameters
    ----------
    logs
        Logarithm of every variance of ``VARIANCES`` and every length of ``LENGTHS``.
    """

    def smooth(scaled: FloatArray) -> FloatArray:
        return np.asarray(np.exp(-0.5 * scaled))

    def v(name: str) -> float:
        return float(np.exp(logs[name]))

    def scaled(group: str, length: str) -> FloatArray:
        return squared_distance(a.groups[group], b.groups[group]) * float(np.exp(-2.0 * logs[length]))

    size = a.groups["size"] @ b.groups["size"].T / a.groups["size"].shape[1]
    training = a.groups["recipe"] @ b.groups["recipe"].T / a.groups["recipe"].shape[1]
    structure = sum((scaled(g, f"structure_{g}") for g in STRUCTURE), start=np.zeros((len(a), len(b))))
    interplay = scaled("recipe", "interplay_recipe") + scaled("size", "interplay_size")
    parts = {
        "constant": np.full((len(a), len(b)), v("constant")),
        "size": v("size") * size,
        "structure": v("structure") * smooth(structure),
        "training": v("training") * training,
        "interplay": v("interplay") * smooth(interplay),
    }
    for label in ("family", "network", "recipe_row"):
        parts[label] = v(label) * (a.labels[label][:, None] == b.labels[label][None, :])
    return parts


def noise_variance(points: Points, logs: Mapping[str, float]) -> FloatArray:
    """Variance that no other result shares, shape (N,)."""
    return np.asarray(np.exp(logs["noise"]) + np.exp(logs["unstated"]) * points.unstated)
