"""Find the best points of one mix: all of them where that is cheap, else a sample that is then improved step by step.

A climb ends where nothing better lies within two steps: of all points that differ on one or two axes, by one or two steps
on each, none is better. So whatever a sweep returns is exact in that sense.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from dsim.search.grid import AXES, Grid, Points
from dsim.search.mix import count_designs
from dsim.search.pile import Marking, Pile, mark_all
from dsim.search.score import Marks, Scorer, pareto
from dsim.search.space import Space

EXHAUSTIVE = 4096  # a mix with at most this many points is swept whole
SMALL_SPACE = 1_000_000  # designs of a whole space up to which every mix is swept whole
SAMPLE = 256  # points drawn at random from a mix that is not
FEW = 64  # the same, where good starts are known
LEADERS = 2  # points whose surroundings one step scores
PATIENCE = 2  # steps without a better point after which the wide surroundings of the best are scored
KEEP = 24  # points of a mix's own Pareto front that are kept


@dataclass(frozen=True)
class Explored:
    """What sweeping one mix found.

    Attributes
    ----------
    points
        (K, 12) the best point first, then the mix's Pareto front.
    best
        Exact marks of the best point, length 1.
    designs
        Distinct points that were scored.
    fastest
        (12,) the point that needs the smallest budget.
    """

    points: Points
    best: Marks
    designs: int
    fastest: Points


def explore(
    grid: Grid,
    scorer: Scorer,
    seed: int,
    starts: Sequence[Sequence[int]] = (),
    small: int = SMALL_SPACE,
) -> Explored:
    """Sweep one mix; see `explore_all`."""
    return explore_all([grid], scorer, seed, [starts], small)[0]


def explore_all(
    grids: Sequence[Grid],
    scorer: Scorer,
    seed: int,
    starts: Sequence[Sequence[Sequence[int]]],
    small: int = SMALL_SPACE,
    sample: int = SAMPLE,
) -> list[Explored]:
    """Sweep mixes side by side; what one gives does not depend on the others, and is the same for the same seed and starts.

    Parameters
    ----------
    starts
        Points of each mix that are always scored, such as those of published designs.
    small
        Designs of a whole space up to which each of its mixes is swept whole.
    sample
        Points that are drawn at random from a mix that is not.
    """
    return mark_all(
        [
            _sweep(grid, scorer, np.random.default_rng(seed), own, small, sample)
            for grid, own in zip(grids, starts, strict=True)
        ],
        scorer,
    )


def is_small(space: Space, most: int = SMALL_SPACE) -> bool:
    """Tell whether a space holds so few designs that every mix is swept whole."""
    return count_designs(space) <= most


def _sweep(
    grid: Grid,
    scorer: Scorer,
    random: np.random.Generator,
    starts: Sequence[Sequence[int]],
    small: int,
    sample: int,
) -> Marking[Explored]:
    pile = Pile(grid, scorer)
    if is_small(grid.space, small) or grid.size <= EXHAUSTIVE:
        yield from pile.add(grid.all_points())
    else:
        sizes = np.array(grid.sizes)
        given = np.array([np.zeros(AXES, dtype=np.int64), sizes - 1, *starts], dtype=np.int64)
        yield from pile.add(np.concatenate([given, random.integers(0, sizes, size=(sample, AXES))]))
        yield from _climb(pile)
    best = np.array([(yield from pile.first())])
    front = pareto(pile.marks)
    kept = front[pile.marks.in_region[front]]
    spread = kept[np.unique(np.linspace(0, len(kept) - 1, KEEP).astype(int))] if len(kept) > KEEP else kept
    picked = pile.points[np.concatenate([best, spread])]
    return Explored(picked, pile.marks.take(best), len(pile), pile.points[scorer.fastest(pile.marks)])


def _climb(pile: Pile) -> Marking[None]:
    best, waited = -1, 0
    while True:
        # the best points whose surroundings are still unknown: where the best one is a dead end, the next go on
        yield from pile.surround(pile.leaders(LEADERS), _near())
        now = pile.lead()
        best, waited = now, waited + 1 if now == best else 0
        if waited == PATIENCE:
            settled = yield from pile.first()
            yield from pile.surround(np.array([settled]), _far())
            if (yield from pile.first()) == settled:
                return
            waited = 0


@cache
def _near() -> Points:
    """Return the neighbours of points: one step on one axis, or one step up and one down on two, which trades size between places."""
    one = np.eye(AXES, dtype=np.int64)
    pairs = [one[a] - one[b] for a, b in itertools.permutations(range(AXES), 2)]
    return np.concatenate([one, -one, np.stack(pairs)])


@cache
def _far() -> Points:
    """Return all moves on one or two axes, by one or two steps on each."""
    one, by = np.eye(AXES, dtype=np.int64), (-2, -1, 1, 2)
    pairs = itertools.combinations(range(AXES), 2)
    moves = [k * one[a] for a in range(AXES) for k in by]
    return np.stack(moves + [k * one[a] + n * one[b] for a, b in pairs for k in by for n in by])
