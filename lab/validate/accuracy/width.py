"""What makes intervals of top-1 as wide as they are: whose own part the errors are, and what the process takes to be nobody's."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsim.accuracy.effects import Effects, deviations, log_errors
from dsim.accuracy.evidence import Results
from dsim.accuracy.misses import misses_of
from dsim.accuracy.points import points_of, scaling_of
from dsim.accuracy.process import covariance, leave_groups_out
from dsim.normal import HALF_90
from lab.validate.accuracy.holdout import LEVEL, HeldOut
from lab.validate.accuracy.scores import Scores, score

OWN = ("recipe_row", "family", "network", "noise")
"""Parts of the covariance that no evidence of other families takes down."""


@dataclass(frozen=True)
class Width:
    """The width of intervals taken apart, for networks in the region at a known recipe.

    Attributes
    ----------
    squares
        Mean square of the error of log(100 - top1) with the family held out.
    families, recipes, rest
        Shares of it: errors that all of a family have in common, those that its checkpoints of one recipe have in common beside
        that, and the rest.
    parts
        Shares of the variance that the process states: each of ``OWN``, and what structure, size and recipe leave open.
    floor
        Points: median width if ``OWN`` were all there is to err about, by normal tails.
    siblings
        Scores with the network alone held out, where another of its family was trained by its recipe.
    """

    squares: float
    families: float
    recipes: float
    rest: float
    parts: tuple[tuple[str, float], ...]
    floor: float
    siblings: Scores


def take_apart(evidence: Results, effects: Effects, held_out: HeldOut, rows: NDArray[np.int64]) -> Width:
    """Take the intervals of some rows (K,) apart, which were predicted with their families held out."""
    values = log_errors(evidence.summaries, evidence.top1, effects)
    effect, effect_variance = effects.apply(evidence.summaries)
    guess = np.log(100.0 - held_out.top1 + effect)
    errors = (values - guess)[rows]
    families = [evidence.families[k] for k in rows]
    by_family = _common(errors, families)
    by_recipe = _common(errors, [(evidence.families[k], evidence.recipes[k].key) for k in rows])
    total = float((errors**2).mean())
    variances = {
        name: np.array([np.exp(held_out.choices[fold].logs[name]) for fold in held_out.fold[rows]])
        for name in OWN
    }
    stated = float((held_out.spread[rows] ** 2).mean())
    parts = [(name, float(variances[name].mean()) / stated) for name in OWN]
    own = HALF_90 * np.sqrt(sum(variances.values()))
    return Width(
        total,
        float((by_family**2).mean()) / total,
        float(((by_recipe - by_family) ** 2).mean()) / total,
        float(((errors - by_recipe) ** 2).mean()) / total,
        (*parts, ("structure, size, recipe and effects", 1.0 - sum(share for _, share in parts))),
        float(np.median(2.0 * np.exp(guess[rows]) * np.sinh(own))),
        _siblings(evidence, values, effect, effect_variance, held_out, rows),
    )


def _common(errors: NDArray[np.float64], labels: Sequence[Hashable]) -> NDArray[np.float64]:
    """Return the mean error of all that share a row's label, shape (K,)."""
    place = {label: k for k, label in enumerate(dict.fromkeys(labels))}
    which = np.array([place[label] for label in labels])
    means = np.bincount(which, errors) / np.bincount(which)
    return np.asarray(means[which])


def _siblings(
    evidence: Results,
    values: NDArray[np.float64],
    effect: NDArray[np.float64],
    effect_variance: NDArray[np.float64],
    held_out: HeldOut,
    rows: NDArray[np.int64],
) -> Scores:
    """Hold each network out alone; its interval is calibrated on networks of other families that have siblings, too."""
    mean, spread = np.empty(len(evidence)), np.empty(len(evidence))
    for fold, choice in enumerate(held_out.choices):
        inside, outside = held_out.fold == fold, held_out.fold != fold
        offset = float(values[outside].mean())
        points = points_of(evidence, scaling_of(evidence, choice.layout))
        middle, deviation = leave_groups_out(
            covariance(points, choice.logs), values - offset, evidence.networks
        )
        mean[inside], spread[inside] = middle[inside] + offset, deviation[inside]
    spread = deviations(spread**2, effect_variance, np.exp(mean))
    trained: dict[tuple[str, str], set[str]] = {}
    who = [(f, r.key) for f, r in zip(evidence.families, evidence.recipes, strict=True)]
    for one, network in zip(who, evidence.networks, strict=True):
        trained.setdefault(one, set()).add(network)
    few = np.array([k for k in rows if len(trained[who[k]]) > 1])
    labels = np.asarray(evidence.families)
    every = np.ones(len(few), dtype=bool)
    reach = np.empty(len(evidence))
    for family in sorted(set(labels[few].tolist())):
        others = few[labels[few] != family]
        residuals = (values[others] - mean[others]) / spread[others]
        misses = misses_of(residuals, every[: len(others)], tuple(labels[others].tolist()))
        mine = few[labels[few] == family]
        reach[mine] = misses.reach(LEVEL, every[: len(mine)])
    error, half = np.exp(mean[few]), reach[few] * spread[few]
    best = 100.0 + effect[few]
    low, high = best - error * np.exp(half), best - error * np.exp(-half)
    return score(evidence.top1[few], best - error, low, high)
