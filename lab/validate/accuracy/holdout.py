"""Predict every family from the others, with hyper-parameters that never saw it: nested cross-validation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dsim.accuracy.effects import Effects, deviations, log_errors
from dsim.accuracy.evidence import Results
from dsim.accuracy.misses import REGION, known_rows, misses_of, nearest_stranger
from dsim.accuracy.points import points_of, scaling_of
from dsim.accuracy.process import covariance, leave_groups_out
from dsim.accuracy.summary import FloatArray
from lab.validate.accuracy.tune import Choice, choose

FOLDS = 5
LEVEL = 0.9  # of the intervals


@dataclass(frozen=True)
class HeldOut:
    """What was predicted for each row of the evidence without its group.

    Attributes
    ----------
    top1, low, high
        Shape (N,), percent, at each row's own recipe and resolution; the interval is at `LEVEL`.
    spread
        Shape (N,), the deviation of log(100 - top1) that the process states.
    fold
        Shape (N,): which fold's hyper-parameters were used.
    near
        Shape (N,) of bool: within the region of a network of another group.
    choices
        What each fold chose, tuned and ranked without the fold's groups.
    """

    top1: FloatArray
    low: FloatArray
    high: FloatArray
    spread: FloatArray
    fold: np.ndarray
    near: np.ndarray
    choices: tuple[Choice, ...]


def assign_folds(groups: tuple[str, ...], folds: int = FOLDS) -> np.ndarray:
    """Spread whole groups over folds of about equal size, largest group first; deterministic."""
    names, counts = np.unique(groups, return_counts=True)
    load = np.zeros(folds)
    fold_of: dict[str, int] = {}
    for name, count in sorted(
        zip(names.tolist(), counts.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0])
    ):
        fold_of[name] = int(np.argmin(load))
        load[fold_of[name]] += count
    return np.array([fold_of[group] for group in groups])


def hold_out(evidence: Results, effects: Effects, groups: tuple[str, ...]) -> HeldOut:
    """Predict each group (a family, or a lineage) from all others.

    A fold's hyper-parameters are tuned and ranked on the other folds alone. With them, each group of the fold is
    predicted from all rows outside the group. Its interval is calibrated on the residuals of all other groups, each
    predicted without itself and without the group: on those of known kinds where it asks about one.
    """
    values = log_errors(evidence.summaries, evidence.top1, effects)
    effect, effect_variance = effects.apply(evidence.summaries)
    fold = assign_folds(groups)
    labels = np.asarray(groups)
    mean, spread, reach = (np.empty(len(evidence)) for _ in range(3))
    near = np.empty(len(evidence), dtype=bool)
    stated = np.array([recipe.is_known for recipe in evidence.recipes])
    choices = []
    for number in range(int(fold.max()) + 1):
        inside, outside = fold == number, np.flatnonzero(fold != number).tolist()
        best = choose(evidence.take(outside), effects, tuple(groups[k] for k in outside))[0]
        choices.append(best)
        points = points_of(evidence, scaling_of(evidence, best.layout))
        offset = float(values[outside].mean())
        matrix = covariance(points, best.logs)
        middle, deviation = leave_groups_out(matrix, values - offset, groups)
        middle += offset
        wide = deviations(deviation**2, effect_variance, np.exp(middle))
        mean[inside], spread[inside] = middle[inside], wide[inside]
        near[inside] = (nearest_stranger(points, best.logs, groups) <= REGION)[inside]
        for group in sorted(set(labels[inside].tolist())):
            # the residuals that an interval is calibrated on come from models that have not seen the group either
            others = np.flatnonzero(labels != group)
            names = tuple(groups[k] for k in others)
            center = values[others] - offset
            guess, width = leave_groups_out(matrix[np.ix_(others, others)], center, names)
            width = deviations(width**2, effect_variance[others], np.exp(guess + offset))
            known = known_rows(points.take(others), best.logs, names)
            rows = labels == group
            misses = misses_of((center - guess) / width, known, names)
            reach[rows] = misses.reach(LEVEL, (near & stated)[rows])
    error = np.exp(mean)
    half = reach * spread
    return HeldOut(
        100.0 - error + effect,
        100.0 - error * np.exp(half) + effect,
        100.0 - error * np.exp(-half) + effect,
        spread,
        fold,
        near,
        tuple(choices),
    )
