"""The best that any design of a space can be, proved: by sums where accuracy is one, else by boxes of options where there are not too many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dsim.progress import working
from dsim.search.boxes.branch import Branch, State
from dsim.search.boxes.room import rooms_of
from dsim.search.clock import Clock
from dsim.search.grid import Grid
from dsim.search.knapsack import Best, best_possible
from dsim.search.mix import Mix, count_designs
from dsim.search.options import Point
from dsim.search.score import Scorer
from dsim.search.space import Space
from dsim.search.sums import BoundedBySums, BoundedLocally

MOST_DESIGNS = 2e7  # of larger spaces boxes prove nothing in the time of a search
# boxes, some ten seconds' work at most: by the clock only where a search was given a time, so that others repeat
MOST_BOXES, FIRST_BOXES = 1500, 120
FAR = 8.0  # points above the best after the first boxes: then the rest would not be enough
DESIGNS_A_SECOND = 1e6  # of which boxes prove so many, to forecast it
USEFUL = 0.5  # points: a bound that is farther away says nothing that helps


@dataclass(frozen=True)
class Proof:
    """What a proof came to.

    Attributes
    ----------
    top1_low
        Percent that the lower end of no design which fits is above; None where nothing is proved that helps.
    designs
        That were met on the way and fit, each as mix and point.
    interrupted
        Whether Ctrl-C ended it.
    """

    top1_low: float | None = None
    designs: tuple[tuple[Mix, Point], ...] = ()
    interrupted: bool = False


def prove(space: Space, scorer: Scorer, known: tuple[Mix, Point], clock: Clock) -> Proof:
    """Bound all designs of a space that fit, for a known one that does; neither time nor Ctrl-C that end it end more than it."""
    try:
        best = best_possible(space, scorer, known, clock=clock) or by_boxes(space, scorer, known, clock)
    except KeyboardInterrupt:
        return Proof(interrupted=True)
    if best is None:
        return Proof()
    return Proof(best.top1_low if best.top1_low < np.inf else None, best.designs)


def by_boxes(
    space: Space, scorer: Scorer, known: tuple[Mix, Point], clock: Clock | None = None
) -> Best | None:
    """Bound them by boxes; None for a space that is too large, and where one of the models is not held as they need.

    The bound is infinite where it would be too far away to help.
    """
    chance = scorer.confidence if scorer.chance is None else scorer.chance
    sums = scorer.latency.sums(chance) if isinstance(scorer.latency, BoundedBySums) else None
    many = count_designs(space)
    if sums is None or many > MOST_DESIGNS or not isinstance(scorer.accuracy, BoundedLocally):
        return None
    mix, point = known
    row = Grid(space, mix, scorer.table).rows(np.array([point]))
    bounds = scorer.accuracy.bounds(space.resolution, scorer.confidence)
    rooms = rooms_of(space, scorer, sums, bounds, mix, row[0])
    if rooms is None:
        return None
    branch = Branch(scorer, float(scorer.mark(row, single=False).top1_low[0]))
    own = clock or Clock()
    with working("proving that no better design was missed", seconds=many / DESIGNS_A_SECOND):
        state = branch.through(rooms, lambda state: _go_on(state) and not own.is_late())
    met = () if branch.better is None else (branch.better,)
    return Best(state.bound if state.bound - state.best <= USEFUL else np.inf, met)


def _go_on(state: State) -> bool:
    return state.boxes < FIRST_BOXES or (state.boxes < MOST_BOXES and state.bound - state.best < FAR)
