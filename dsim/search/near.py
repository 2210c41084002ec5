"""Mixes near the best ones: which neighbour to sweep next, told from a few points without sweeping it.

A neighbour differs from a mix in one choice; of the best mix also those that differ in two. At the best point of the mix, and
one step from it on each axis, a neighbour costs other milliseconds and reaches another top-1. What it would reach at the
budget is told from there along the slope of the mix's own Pareto front. The most promising neighbours are swept first.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

import numpy as np

from dsim.search.grid import AXES, Grid, Points
from dsim.search.mix import Mix, choices_of, mix_from, parameters
from dsim.search.record import Swept
from dsim.search.score import POINTS, Marks, Scorer
from dsim.search.space import Space
from dsim.search.table import Floats

_CENTRES = 3  # best mixes whose neighbours are looked at
_NEEDS = 0.9  # of the budget: a front point that needs at most so much gives the front's slope
_SLOPE = 5.0  # points of top-1 for e times the milliseconds, where a front does not say
_CLEARLY = 1e-6  # part of a figure that no rounding reaches
_OUTSIDE = 100.0  # points that a neighbour outside the region, or with no finite need, counts less


@dataclass(frozen=True)
class Promise:
    """How well a neighbour may do, and the points to begin its sweep with."""

    top1: float
    starts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class _Centre:
    """A swept mix whose neighbours are looked at: its number in the order of sweeping, and the marks of its points."""

    number: int
    mix: Mix
    swept: Swept
    marks: Marks


class Near:
    """Promises of neighbours, each worked out once.

    Parameters
    ----------
    space
        What may vary.
    scorer
        Of the search.
    """

    def __init__(self, space: Space, scorer: Scorer) -> None:
        self._space, self._scorer = space, scorer
        self._rows = parameters(space)
        self._looked: set[tuple[int, bool]] = set()
        self._promises: dict[Mix, Promise] = {}
        self._waiting: list[
            tuple[float, int, Mix]
        ] = []  # a heap: the most promising first, then the first seen
        self._pushed = 0
        self._learned = 0
        self._centres: list[_Centre] = []  # the best swept mixes, best first

    def learn(self, mix: Mix, swept: Swept, top1_low: float, over_ms: float) -> None:
        """Take in a swept mix, in a time that does not depend on how many came before; for the last two see `Finished`."""
        self._learned += 1
        if self._is_beaten(top1_low, over_ms):
            return
        grid = Grid(self._space, mix, self._scorer.table)
        marks = self._scorer.mark(grid.rows(np.array(swept.points)), single=False)
        some = [*self._centres, _Centre(self._learned, mix, swept, marks)]
        best = Marks.join([centre.marks.take(slice(0, 1)) for centre in some])
        self._centres = [some[n] for n in self._scorer.order(best)[:_CENTRES].tolist()]

    def _is_beaten(self, top1_low: float, over_ms: float) -> bool:
        """Tell of most mixes, without marking them, that they are not among the best: all centres fit, and reach clearly more."""
        if len(self._centres) < _CENTRES or not all(self._scorer.feasible(c.marks)[0] for c in self._centres):
            return False
        clearly = _CLEARLY * POINTS
        return (
            over_ms > _CLEARLY * self._scorer.budget_ms
            or top1_low < self._centres[-1].marks.top1_low[0] - clearly
        )

    def starts(self, mix: Mix) -> tuple[tuple[int, ...], ...]:
        """Return points to begin the sweep of a mix with."""
        return self._promises[mix].starts if mix in self._promises else ()

    def next(self, gone: Set[Mix]) -> Mix | None:
        """Return the most promising neighbour of the best mixes that is not gone."""
        for rank, centre in enumerate(self._centres):
            self._look(centre, rank == 0, gone)
        while self._waiting:
            mix = heapq.heappop(self._waiting)[-1]
            if mix not in gone:
                return mix
        return None

    def _look(self, centre: _Centre, far: bool, gone: Set[Mix]) -> None:
        if (centre.number, far) in self._looked:
            return
        self._looked.add((centre.number, far))
        grid = Grid(self._space, centre.mix, self._scorer.table)
        owners, grids, points = [], [], []
        for mix in self._neighbours(centre.mix, far):
            if mix in gone:
                continue
            other = Grid(self._space, mix, self._scorer.table)
            if not other.is_empty:
                owners.append(mix)
                grids.append(other)
                points.append(_around(grid, other, centre.swept.points[0]))
        if not owners:
            return
        rows = np.concatenate([other.rows(some) for other, some in zip(grids, points, strict=True)])
        worth = self._worth(self._scorer.mark(rows), self._slope(centre.marks))
        ends = np.cumsum([len(some) for some in points])
        for mix, some, own in zip(owners, points, np.split(worth, ends[:-1]), strict=True):
            best = int(np.argmax(own))
            known = self._promises.get(mix)
            if known is None or own[best] > known.top1:
                starts = (tuple(some[0].tolist()), tuple(some[best].tolist()))
                self._promises[mix] = Promise(float(own[best]), starts)
                self._pushed += 1
                heapq.heappush(self._waiting, (-float(own[best]), self._pushed, mix))

    def _neighbours(self, centre: Mix, far: bool) -> Iterator[Mix]:
        chosen = choices_of(self._space, centre)
        seen = {centre}
        for count in (1, 2) if far else (1,):
            for names in itertools.combinations(self._rows, count):
                for values in itertools.product(*(self._rows[name] for name in names)):
                    mix = mix_from(self._space, {**chosen, **dict(zip(names, values, strict=True))})
                    if mix not in seen:
                        seen.add(mix)
                        yield mix

    def _slope(self, marks: Marks) -> float:
        """Return how many points of top-1 a mix gains for e times the milliseconds, from its front below its best point."""
        cheaper = marks.needs_ms <= _NEEDS * marks.needs_ms[0]
        if not cheaper.any() or not np.isfinite(marks.needs_ms[0]):
            return _SLOPE
        at = int(np.flatnonzero(cheaper)[np.argmax(marks.top1_low[cheaper])])
        rise = marks.top1_low[0] - marks.top1_low[at]
        return max(float(rise / np.log(marks.needs_ms[0] / marks.needs_ms[at])), 0.0)

    def _worth(self, marks: Marks, slope: float) -> Floats:
        """Return what points would reach at the budget."""
        needs = np.where(np.isfinite(marks.needs_ms), marks.needs_ms, 1e3 * self._scorer.budget_ms)
        found = marks.top1_low - slope * np.log(needs / self._scorer.budget_ms)
        return np.where(marks.in_region, found, found - _OUTSIDE)


def _around(grid: Grid, other: Grid, point: Sequence[int]) -> Points:
    """Return the point of another grid that is most like one of this grid, and those one step from it on each axis."""
    depths = grid.values(point)[1]
    nearest = [
        min(range(len(row)), key=lambda i, row=row, depth=depth: abs(row[i] - depth))  # type: ignore[misc]
        for row, depth in zip(other.depths, depths, strict=True)
    ]
    base = np.array([*point[:4], *nearest, *point[8:]], dtype=np.int64)
    one = np.eye(AXES, dtype=np.int64)
    around = base + np.concatenate([np.zeros((1, AXES), dtype=np.int64), one, -one])
    inside: Points = around[np.all((around >= 0) & (around < np.array(other.sizes)), axis=1)]
    return inside
