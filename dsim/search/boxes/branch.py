"""Branch and bound: the box whose designs may be the best is split first, until none can be better than the best that is known."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dsim.accuracy.summary import FloatArray
from dsim.rounding import limit
from dsim.search.boxes.box import Box, Keep, box_of
from dsim.search.boxes.room import Room
from dsim.search.knapsack import CLOSE
from dsim.search.mix import Mix
from dsim.search.options import Point
from dsim.search.programme import Amounts
from dsim.search.score import LOOSE, Scorer

FEW = 200_000  # designs of which the sums are looked at one by one
SCORED = 4_000  # designs that are scored rather than that their box is split
AGAIN = 0.7  # share of the options of a box; where fewer are left, it is bounded again
ROUNDS = 6
FITS = limit(1.0)  # share of the budget, and of each limit


@dataclass(frozen=True)
class State:
    """Where it stands.

    Attributes
    ----------
    best, bound
        Lower end of top-1 in percent of the best known design, and what no design that fits is above.
    proved
        Whether the bound is as near as is looked for: `CLOSE`.
    boxes, scored
        That were bounded, and designs that were scored.
    """

    best: float
    bound: float
    proved: bool
    boxes: int
    scored: int


class Branch:
    """Bounds the designs of rooms.

    Parameters
    ----------
    scorer
        Of a search.
    best
        Lower end of top-1 in percent of a design that fits.
    way
        How boxes are bounded; see `dsim.search.boxes.box.WAYS`.
    few
        Designs of a box that are looked at one by one.

    Attributes
    ----------
    better
        The best design that was met, as mix and point, where it is better than that one.
    """

    def __init__(self, scorer: Scorer, best: float, way: str = "curve", few: int = FEW) -> None:
        self.better: tuple[Mix, Point] | None = None
        self._scorer, self._way, self._few = scorer, way, few
        self._lacks = 100.0 - best
        self._heap: list[tuple[float, int, Box]] = []
        self._count = itertools.count()
        self._boxes = self._scored = 0

    def through(self, rooms: Sequence[Room], go_on: Callable[[State], bool]) -> State:
        """Split boxes until all is proved, or until it shall not go on."""
        for room in rooms:
            self._add(room, tuple(np.arange(len(own)) for own in room.rows), np.zeros(len(room.uses)))
        while self._heap and self._heap[0][0] < self._target and go_on(self.state):
            _, _, box = heapq.heappop(self._heap)
            for keep in box.halves():
                self._add(box.room, keep, box.prices)
        return self.state

    @property
    def state(self) -> State:
        """Where it stands."""
        open_ = bool(self._heap) and self._heap[0][0] < self._target
        bound = self._heap[0][0] if open_ else self._target
        return State(100.0 - self._lacks, 100.0 - bound, not open_, self._boxes, self._scored)

    @property
    def left(self) -> int:
        """Designs in boxes that may hold a better one."""
        return sum(box.designs for low, _, box in self._heap if low < self._target)

    @property
    def _target(self) -> float:
        return self._lacks - CLOSE

    def _add(self, room: Room, keep: Keep, prices: FloatArray) -> None:
        """Bound a box, and keep it where it may hold a better design."""
        for _ in range(ROUNDS):
            box = box_of(room, keep, self._target, prices, self._way)
            self._boxes += 1
            if box.bound >= self._target or not box.designs:
                return
            before = sum(map(len, keep))
            keep, prices = box.keep, box.prices
            if box.options > AGAIN * before or box.designs <= self._few:
                break
        if box.designs > self._few or not self._score(box):
            heapq.heappush(self._heap, (box.bound, next(self._count), box))

    def _score(self, box: Box) -> bool:
        """Score the designs of a box whose sums may be good enough and fit; tell whether these are few enough."""
        chosen = _promising(box, self._target)
        if len(chosen) > SCORED:
            return False
        if len(chosen):
            rows = box.room.options.rows(chosen)
            self._scored += len(rows)
            marks = self._scorer.mark(rows)
            good = replace(marks, top1_low=marks.top1_low + LOOSE)
            some = self._scorer.feasible(good) & (good.top1_low > 100.0 - self._lacks)
            if some.any():
                exact = self._scorer.mark(rows[some], single=False)
                tops = np.where(self._scorer.feasible(exact), exact.top1_low, -np.inf)
                first = int(np.argmax(tops))
                if 100.0 - tops[first] < self._lacks:
                    self._lacks = 100.0 - float(tops[first])
                    self.better = box.room.options.design(chosen[some][first].tolist())
        return True


def _promising(box: Box, target: float) -> NDArray[np.int64]:
    """Return the designs (N, 4) of a box, as their numbers of options, whose costs and uses keep below their limits."""
    room, costs = box.room, box.costs
    widths = room.widths(box.keep)
    left = target - box.constant
    totals = [
        costs[n][:, None] + costs[n + 1] for n in (0, 2)
    ]  # of the first two stages, and of the last two
    uses = [_pairs(use.take(box.keep), widths) for use in room.uses]
    kept = []
    for one, other in ((0, 1), (1, 0)):
        good = totals[one] + totals[other].min() < left
        for *pairs, between in uses:
            good &= pairs[one] + pairs[other].min() + between.min() <= FITS
        kept.append(np.argwhere(good))
    (a, b), (c, d) = kept[0].T, kept[1].T
    good = totals[0][a, b][:, None] + totals[1][c, d] < left
    for first, last, between in uses:
        good &= first[a, b][:, None] + last[c, d] + between[b[:, None], c] <= FITS
    here, there = np.nonzero(good)
    numbers = (a[here], b[here], c[there], d[there])
    return np.stack([own[n] for own, n in zip(box.keep, numbers, strict=True)], axis=1)


def _pairs(use: Amounts, widths: Sequence[NDArray[np.int64]]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return what the options of the first two stages use together, those of the last two, and the downsampler between both pairs."""
    stages = use.stages
    downs = [down[np.ix_(a, b)] for down, (a, b) in zip(use.downs, itertools.pairwise(widths), strict=True)]
    first, last = (stages[n][:, None] + stages[n + 1] + downs[n] for n in (0, 2))
    return first, last, downs[1]
