"""Find the best points of one mix: all of them where that is cheap, else a sample that is then improved step by step."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dsim.search.grid import AXES, Grid, Points
from dsim.search.mix import count_combinations
from dsim.search.score import Scorer, Scores, pareto

EXHAUSTIVE = 4096  # a mix with at most this many points is swept whole
SMALL_SPACE = 1_000_000  # designs of a whole space up to which every mix is swept whole
SAMPLE = 256  # points drawn at random from a mix that is not
STEPS = 12  # improvement steps at most
LEADERS = 4  # points whose surroundings one step scores
KEEP = 24  # points of a mix's own Pareto front that are kept


@dataclass(frozen=True)
class Explored:
    """What sweeping one mix found.

    Attributes
    ----------
    points
        (K, 12) the best point first, then the mix's Pareto front.
    best
        Scores of the best point, length 1.
    designs
        Distinct points that were scored.
    fastest
        (12,) the point that needs the smallest budget.
    """

    points: Points
    best: Scores
    designs: int
    fastest: Points


def explore(
    grid: Grid, scorer: Scorer, seed: int, starts: Sequence[Sequence[int]] = (), small: int = SMALL_SPACE
) -> Explored:
    """Sweep a mix; deterministic given the seed, whatever other mixes were swept before.

    Parameters
    ----------
    starts
        Points that are always scored, such as those of published designs.
    small
        Designs of a whole space up to which each of its mixes is swept whole.
    """
    whole = count_combinations(grid.space) * grid.space.points_per_mix <= small
    if whole or grid.size <= EXHAUSTIVE:
        points = grid.all_points()
        scores = scorer.score(grid.rows(points))
    else:
        points, scores = _climb(grid, scorer, np.random.default_rng(seed), starts)
    order = scorer.order(scores)
    front = pareto(scores)
    kept = front[scores.in_region[front]]
    spread = kept[np.unique(np.linspace(0, len(kept) - 1, KEEP).astype(int))] if len(kept) > KEEP else kept
    picked = np.concatenate([order[:1], spread])
    return Explored(points[picked], scores.take(order[:1]), len(points), points[scorer.fastest(scores)])


def _climb(
    grid: Grid, scorer: Scorer, random: np.random.Generator, starts: Sequence[Sequence[int]]
) -> tuple[Points, Scores]:
    sizes = np.array(grid.sizes)
    given = np.array([np.zeros(AXES, dtype=np.int64), sizes - 1, *starts], dtype=np.int64)
    points = np.concatenate([given, random.integers(0, sizes, size=(SAMPLE, AXES))])
    points = _fresh(grid, points, np.empty(0, dtype=np.int64))
    scores = scorer.score(grid.rows(points))
    seen = grid.codes(points)
    expanded = np.empty(0, dtype=np.int64)
    moves = _moves()
    for _ in range(STEPS):
        # the best points whose surroundings are still unknown: where the best one is a dead end, the next go on
        ranked = scorer.order(scores)[: LEADERS * (STEPS + 1)]
        leaders = points[ranked[~np.isin(seen[ranked], expanded)][:LEADERS]]
        if not len(leaders):
            break
        expanded = np.concatenate([expanded, grid.codes(leaders)])
        around = (leaders[:, None, :] + moves[None, :, :]).reshape(-1, AXES)
        inside = np.all((around >= 0) & (around < sizes), axis=1)
        fresh = _fresh(grid, around[inside], seen)
        if len(fresh):
            points = np.concatenate([points, fresh])
            scores = Scores.join([scores, scorer.score(grid.rows(fresh))])
            seen = np.concatenate([seen, grid.codes(fresh)])
    return points, scores


def _fresh(grid: Grid, points: Points, seen: Points) -> Points:
    """Drop repeats and what was scored before."""
    codes, first = np.unique(grid.codes(points), return_index=True)
    return points[np.sort(first[~np.isin(codes, seen)])]


def _moves() -> Points:
    """Return the neighbours of points: one step on one axis, or one step up and one down on two, which trades size between places."""
    one = np.eye(AXES, dtype=np.int64)
    pairs = [one[a] - one[b] for a, b in itertools.permutations(range(AXES), 2)]
    return np.concatenate([one, -one, np.stack(pairs)])
