"""The best that any design of a space can be, proved, where accuracy and time are held by sums: a multiple-choice knapsack.

A design takes one option in each stage, and a downsampler between two. Where the accuracy model says that its lower end follows from a
score over sums (`dsim.search.sums`), and the latency model knows sums that no design needs less than, a linear programme bounds all
designs of the space (`dsim.search.programme`): every design that fits is one of its points, with a score that is not above its own.
It also tells which options no design takes that is better than a known one, and which are the most promising: what is made of these is
scored, for a better known one. What is left is often so little that all of it is scored.

Else the programme is solved in whole numbers. The solution of each round is a design. It is scored as all designs are, and left out from
then on; what is a sum only nearly is held as near as can be there. Once what is left is bound below the best design that is known to
fit, that one is proved the best.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dsim.search.clock import Clock
from dsim.search.grid import Grid
from dsim.search.mix import Mix
from dsim.search.options import Options, Point, options_of
from dsim.search.parts import Asking, Part, features_of
from dsim.search.score import Scorer
from dsim.search.solve import Asked
from dsim.search.space import Space
from dsim.search.sums import BoundedBySums, Score, ScoredBySums
from dsim.search.table import Floats

ROUNDS = 12  # in whole numbers, of one part of the space
CLOSE = 1e-3  # points of the lower end that no round is made for
FEW = 100_000  # designs that are all scored: a second's work
AT_ONCE = 8192  # designs that are scored together


@dataclass(frozen=True)
class Best:
    """What no design of a space can beat.

    Attributes
    ----------
    top1_low
        Percent that the lower end of no design which fits is above; infinite where that is not known.
    designs
        That were met on the way and fit, each as mix and point, without the known one.
    """

    top1_low: float
    designs: tuple[tuple[Mix, Point], ...]


def best_possible(
    space: Space, scorer: Scorer, known: tuple[Mix, Point], few: int = FEW, clock: Clock | None = None
) -> Best | None:
    """Bound all designs of a space that fit.

    Parameters
    ----------
    space
        What may vary.
    scorer
        The models, the budget and the limits.
    known
        A design that fits, as mix and point.
    few
        Designs that are all scored once no others can be better.
    clock
        That may end it: then what was met is all that is known.

    Returns
    -------
    Best or None
        None where one of the models is held by no sums.
    """
    score = scorer.accuracy.score(scorer.confidence) if isinstance(scorer.accuracy, ScoredBySums) else None
    chance = scorer.confidence if scorer.chance is None else scorer.chance
    sums = scorer.latency.sums(chance) if isinstance(scorer.latency, BoundedBySums) else None
    if score is None or sums is None:
        return None
    mix, point = known
    climb = _Climb(scorer, score, few, clock or Clock())
    climb.meet(Grid(space, mix, scorer.table).rows(np.array([point])), known)
    kinds = itertools.product(space.stems, space.attentions, space.activations, space.norms)
    for stem, attention, activation, norm in kinds:
        own = replace(mix, stem=stem, attention=attention, activation=activation, norm=norm)
        options = options_of(space, own, scorer.table)
        parts = Asking(scorer, score, sums).parts(options, options.find(own, point))
        if parts is None:
            return None
        for part in parts:
            climb.through(part)
    met = tuple(one for one in climb.fit if one != known)
    if climb.least == -np.inf:  # the solver gave up, or there was no time
        return Best(np.inf, met)
    return Best(float(score.low(np.array([climb.least]))[0]), met)


class _Climb:
    """Goes through the parts of a space.

    Attributes
    ----------
    best
        Score of the best design that is known to fit.
    least
        A score that no design of the parts so far is below.
    fit
        Designs that were met and fit.
    """

    def __init__(self, scorer: Scorer, score: Score, few: int, clock: Clock) -> None:
        self.best, self.least = float("inf"), float("inf")
        self.fit: list[tuple[Mix, Point]] = []
        self._scorer, self._score = scorer, score
        self._seen: list[Floats] = []  # rows of designs at which time is held as near as can be
        self._touched: list[Floats] = []  # features at which the length is
        self._few, self._clock = few, clock

    def meet(self, row: Floats, design: tuple[Mix, Point]) -> None:
        """Score a design, for its joined row (1, F + S)."""
        x = self._x(row)
        self._seen.append(row[0])
        self._touched.append(x[0])
        if self._scorer.feasible(self._scorer.score(row))[0]:
            self.fit.append(design)
            self.best = min(self.best, float(self._score(x)[0]))
        self.least = min(self.least, self.best)

    def through(self, part: Part) -> None:
        """Bound the designs of a part, round by round, until it can hold none better than the best, or rounds are used up."""
        left_out: list[tuple[int, ...]] = []
        times = [part.time(row) for row in self._seen]
        low, room = -np.inf, None
        for _ in range(ROUNDS):
            if self._clock.is_late():
                break
            limited = replace(part.programme, limits=(*times, *part.programme.limits))
            asked = Asked(limited, self._touched, left_out)
            narrowed = asked.narrow(self.best, room)
            if self._better(narrowed.least) and self._meet_all(part.options, narrowed.first):
                narrowed = asked.narrow(self.best, narrowed.room)
            low, room = max(low, narrowed.least), narrowed.room
            if not self._better(low) or narrowed.least == -np.inf:  # or the solver gave up
                break
            if narrowed.designs <= self._few:
                self._meet_all(part.options, narrowed.left)
                low = max(low, self.best)
                break
            solved = asked.integer(room)
            low = max(low, solved.least)
            if solved.chosen is None or not self._better(low):
                break
            left_out.append(solved.chosen)
            row = part.options.rows(np.array([solved.chosen]))
            self.meet(row, part.options.design(solved.chosen))
            times += [part.time(one) for one in self._seen[len(times) :]]
        self.least = min(self.least, low)

    def _meet_all(self, options: Options, left: tuple[NDArray[np.int64], ...]) -> bool:
        """Score all designs of some options of each stage; tell whether one is better than the best."""
        before = self.best
        every = np.stack([one.reshape(-1) for one in np.meshgrid(*left, indexing="ij")], axis=1)
        for some in (every[n : n + AT_ONCE] for n in range(0, len(every), AT_ONCE)):
            rows = options.rows(some)
            scores = self._scorer.score(rows)
            first = int(self._scorer.order(scores)[0])
            row = rows[first : first + 1]
            if self._scorer.feasible(scores)[first] and self._score(self._x(row))[0] < self.best:
                self.meet(row, options.design(some[first].tolist()))
        return self.best < before

    def _better(self, low: float) -> bool:
        """Tell whether designs of such a score would be better than the best."""
        ends = self._score.low(np.array([low, self.best]))
        return bool(ends[0] - ends[1] > CLOSE)

    def _x(self, rows: Floats) -> Floats:
        return features_of(self._score, self._scorer.table, rows)
