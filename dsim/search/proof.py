"""The best that any design of a space can be, proved: by sums where accuracy is one, else by boxes of options where there are not too many."""

from __future__ import annotations

import numpy as np

from dsim.search.boxes.branch import Branch, State
from dsim.search.boxes.room import rooms_of
from dsim.search.grid import Grid
from dsim.search.knapsack import Best, best_possible
from dsim.search.mix import Mix, count_combinations
from dsim.search.options import Point
from dsim.search.score import Scorer
from dsim.search.space import Space
from dsim.search.sums import BoundedBySums, BoundedLocally

MOST_DESIGNS = 2e7  # of larger spaces boxes prove nothing in the time of a search
# boxes, a few seconds' work: never by the clock, so that results repeat
MOST_BOXES, FIRST_BOXES = 1000, 120
FAR = 8.0  # points above the best after the first boxes: then the rest would not be enough
USEFUL = 0.5  # points: a bound that is farther away says nothing that helps


def proved(space: Space, scorer: Scorer, known: tuple[Mix, Point], quickly: bool = False) -> Best | None:
    """Bound all designs of a space that fit, for a known one that does.

    Parameters
    ----------
    quickly
        Whether only what takes less than a second is tried.

    Returns
    -------
    Best or None
        None where nothing is proved that helps.
    """
    best = best_possible(space, scorer, known)
    return best if best is not None or quickly else by_boxes(space, scorer, known)


def by_boxes(space: Space, scorer: Scorer, known: tuple[Mix, Point]) -> Best | None:
    """Bound them by boxes; None also for a space that is too large."""
    chance = scorer.confidence if scorer.chance is None else scorer.chance
    sums = scorer.latency.sums(chance) if isinstance(scorer.latency, BoundedBySums) else None
    many = count_combinations(space) * space.points_per_mix > MOST_DESIGNS
    if sums is None or many:
        return None
    if not isinstance(scorer.accuracy, BoundedLocally):
        return None
    mix, point = known
    row = Grid(space, mix, scorer.table).rows(np.array([point]))
    lower = scorer.accuracy.lower(space.resolution, scorer.confidence)
    rooms = rooms_of(space, scorer, sums, lower, mix, row[0])
    if rooms is None:
        return None
    branch = Branch(scorer, float(scorer.mark(row, single=False).top1_low[0]))
    state = branch.through(rooms, _go_on)
    if state.bound - state.best > USEFUL:
        return None
    return Best(state.bound, () if branch.better is None else (branch.better,))


def _go_on(state: State) -> bool:
    return state.boxes < FIRST_BOXES or (state.boxes < MOST_BOXES and state.bound - state.best < FAR)
