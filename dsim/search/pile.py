"""Pile: the points of one mix that were scored so far, sorted quickly and settled exactly where it matters.

Nothing here scores by itself. What asks for marks is a generator: it yields rows and is sent their marks, so that many mixes
can be climbed at the same time, with one large array to score for all.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from dsim.search.grid import AXES, Grid, Points
from dsim.search.score import LOOSE, Marks, Scorer
from dsim.search.table import Floats

_SETTLED = 8  # points that are scored exactly at once
_Found = TypeVar("_Found")


@dataclass(frozen=True)
class Wanted:
    """Joined rows (N, F + S) whose marks are asked for, and whether single precision will do."""

    rows: Floats
    single: bool = True


Marking = Generator[Wanted, Marks, _Found]


def mark_all(askers: Sequence[Marking[_Found]], scorer: Scorer) -> list[_Found]:
    """Run generators side by side to their ends; what they ask for at the same time is scored in one array."""
    found: dict[int, _Found] = {}
    answers: dict[int, Marks | None] = dict.fromkeys(range(len(askers)))
    while answers:
        wanted: dict[int, Wanted] = {}
        for number, answer in answers.items():
            try:
                asker = askers[number]
                wanted[number] = next(asker) if answer is None else asker.send(answer)
            except StopIteration as end:
                found[number] = end.value
        answers = {}
        for single in (True, False):
            some = [number for number, one in wanted.items() if one.single is single]
            if not some:
                continue
            marks = scorer.mark(np.concatenate([wanted[number].rows for number in some]), single)
            ends = np.cumsum([len(wanted[number].rows) for number in some]).tolist()
            for number, last in zip(some, ends, strict=True):
                answers[number] = marks.take(slice(last - len(wanted[number].rows), last))
    return [found[number] for number in range(len(askers))]


class Pile:
    """Distinct points of a mix with what they are sorted by.

    Attributes
    ----------
    points
        (N, 12).
    marks
        Of each point.
    """

    def __init__(self, grid: Grid, scorer: Scorer) -> None:
        self.grid = grid
        self.points: Points = np.empty((0, AXES), dtype=np.int64)
        nothing = np.empty(0)
        self.marks = Marks(nothing, nothing, nothing, nothing > 0, nothing > 0, nothing > 0)
        self._scorer = scorer
        self._sizes = np.array(grid.sizes)
        self._codes: set[int] = set()
        self._surrounded = np.empty(0, dtype=bool)

    def __len__(self) -> int:
        return len(self.points)

    def add(self, points: Points) -> Marking[None]:
        """Score points that are new."""
        codes = self.grid.codes(points).tolist()
        first: list[int] = []
        for at, code in enumerate(codes):  # a set costs less than sorting
            if code not in self._codes:
                self._codes.add(code)
                first.append(at)
        if not first:
            return
        fresh = points[first]
        marks = yield Wanted(self.grid.rows(fresh))
        self.points = np.concatenate([self.points, fresh])
        self.marks = Marks.join([self.marks, marks])
        self._surrounded = np.concatenate([self._surrounded, np.zeros(len(fresh), dtype=bool)])

    def surround(self, which: NDArray[np.int64], moves: Points) -> Marking[None]:
        """Score the points that lie some moves around others."""
        self._surrounded[which] = True
        around = (self.points[which][:, None, :] + moves[None, :, :]).reshape(-1, AXES)
        inside = np.all((around >= 0) & (around < self._sizes), axis=1)
        yield from self.add(around[inside])

    def lead(self) -> int:
        """Return the best point by quick marks."""
        return int(self._top(self.marks, np.arange(len(self)), 1)[0])

    def leaders(self, count: int) -> NDArray[np.int64]:
        """Return the best points, by quick marks, whose surroundings are unknown."""
        return self._top(self.marks, np.flatnonzero(~self._surrounded), count)

    def first(self) -> Marking[int]:
        """Return the best point: what might be it is scored exactly."""
        everything = np.arange(len(self))
        while True:
            hope = self.marks.top1_low + np.where(self.marks.sure, 0.0, LOOSE)
            top = self._top(replace(self.marks, top1_low=hope), everything, _SETTLED)
            doubt = top[~self.marks.sure[top]]
            if not len(doubt) or self.marks.sure[top[0]]:
                return int(top[0])
            exact = yield Wanted(self.grid.rows(self.points[doubt]), single=False)
            self.marks = self.marks.settled(doubt, exact)

    def _top(self, marks: Marks, among: NDArray[np.int64], count: int) -> NDArray[np.int64]:
        """Return the best of some points in order; only those that can be among the best are sorted."""
        feasible = among[self._scorer.feasible(marks)[among]]
        if len(feasible) > count:
            tops = marks.top1_low[feasible]
            least = np.partition(tops, len(tops) - count)[len(tops) - count]
            among = feasible[tops >= least - LOOSE]
        return among[self._scorer.order(marks.take(among))[:count]]
