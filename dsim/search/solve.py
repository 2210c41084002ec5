"""Solve the programme of a knapsack: without whole numbers, then with whole numbers where much is left (HiGHS, by SciPy)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dsim.search.programme import Amounts, Programme
from dsim.search.table import Floats

if TYPE_CHECKING:
    from scipy.sparse import csr_array

CHORDS = 12  # of each logarithm
GAP = 1e-5  # relative, at which the solver stops
LINEAR_ROUNDS = 8  # without whole numbers, each with one more plane
TOUCHES = 1e-3  # part of the length by which planes may lie below it there
WORSE = 1e-6  # of a score: what the solver's tolerance cannot tell
FIRST = 10  # options of each stage of which all designs are scored, for a better known one
NODES = (
    2_000  # after which it stops too, with the bound that it has: never by the clock, so that results repeat
)


@dataclass(frozen=True)
class Narrowed:
    """What is left of the designs once it is known what none takes that is better than a known one.

    Attributes
    ----------
    least
        A score that none of those better ones is below; infinite where there is none.
    room
        (V,) 0 for each variable that none of them takes, else 1: for the next time that it is asked.
    left, first
        Options of each stage that are left, and those of them that the programme finds best.
    """

    least: float
    room: Floats
    left: tuple[NDArray[np.int64], ...]
    first: tuple[NDArray[np.int64], ...]

    @property
    def designs(self) -> int:
        """How many designs are left."""
        return math.prod(map(len, self.left))


@dataclass(frozen=True)
class Solved:
    """A score that no design that is left is below, and the options of the one that the programme takes, if any."""

    least: float
    chosen: tuple[int, ...] | None


class _Rows:
    """Linear rows over named blocks of variables, as the solver wants them."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._parts: list[tuple[NDArray[np.int64], Floats]] = []
        self.low: list[float] = []
        self.high: list[float] = []

    def add(self, at: Sequence[NDArray[np.int64]], by: Sequence[Floats], low: float, high: float) -> None:
        """Add ``low <= sum of by * variables at <= high``."""
        self._parts.append((np.concatenate(at), np.concatenate(by)))
        self.low.append(low)
        self.high.append(high)

    def matrix(self) -> csr_array:
        """Return the sparse matrix of all rows."""
        from scipy.sparse import csr_array

        ends = np.cumsum([0, *(len(at) for at, _ in self._parts)])
        return csr_array(
            (
                np.concatenate([by for _, by in self._parts]),
                np.concatenate([at for at, _ in self._parts]),
                ends,
            ),
            shape=(len(self._parts), self._count),
        )


class _Places:
    """Where each block of variables stands."""

    def __init__(self, programme: Programme) -> None:
        logs = len(programme.logs)
        downs = programme.limits[0].downs
        sizes = [
            *(len(one) for one in programme.widths),
            *(one.size for one in downs),
            logs,
            logs * CHORDS,
            logs * CHORDS,
            1,
        ]
        ends = np.cumsum([0, *sizes])
        blocks = [np.arange(a, b, dtype=np.int64) for a, b in itertools.pairwise(ends)]
        self.count = int(ends[-1])
        self.stages, self.downs = blocks[:4], blocks[4:7]
        self.logs, self.length = blocks[7], blocks[10]
        self.amounts, self.chords = (block.reshape(logs, CHORDS) for block in blocks[8:10])

    def of(self, amounts: Amounts) -> tuple[list[NDArray[np.int64]], list[Floats]]:
        """Return variables and factors of a sum."""
        return [*self.stages, *self.downs], [*amounts.stages, *(one.reshape(-1) for one in amounts.downs)]


class Asked:
    """The programme as matrices.

    Parameters
    ----------
    programme
        What is asked.
    touched
        Features (P,) at which planes touch the length, at least one; those that are found on the way are added.
    left_out
        Designs that are left out, by their option in each stage.
    """

    def __init__(
        self, programme: Programme, touched: list[Floats], left_out: Sequence[tuple[int, ...]] = ()
    ) -> None:
        score, at = programme.score, _Places(programme)
        self._programme, self._at, self._touched = programme, at, touched
        self._rows = rows = _Rows(at.count)
        plus = float("inf")
        for stage in at.stages:
            rows.add([stage], [np.ones(len(stage))], 1.0, 1.0)
        for n, down in enumerate(at.downs):
            grid = down.reshape(programme.limits[0].downs[n].shape)
            for number, side in ((n, grid), (n + 1, grid.T)):
                for width, pairs in enumerate(side):
                    own = at.stages[number][programme.widths[number] == width]
                    rows.add([pairs, own], [np.ones(len(pairs)), -np.ones(len(own))], 0.0, 0.0)
        for limited in programme.limits:
            rows.add(*at.of(limited), -plus, 1.0)
        for needed in programme.needed:
            rows.add(*at.of(needed), 1.0, plus)
        for design in left_out:
            options = np.array([stage[n] for stage, n in zip(at.stages, design, strict=True)])
            rows.add([options], [np.ones(len(design))], -plus, len(design) - 1.0)
        tops = _logarithms(programme, at, rows)
        self._scales = np.array([log.scale for log in score.logs])
        shifts = (np.log(tops) - [log.mean for log in score.logs]) / self._scales
        self._plain = len(score.weights) - len(shifts)
        # features where options add nothing, and amounts are the largest
        self._rest = np.hstack([programme.base[: self._plain], shifts])
        cost = np.zeros(at.count)
        for stage, x in zip(at.stages, programme.x, strict=True):
            cost[stage] = x @ score.weights
        cost[at.logs] = score.weights[self._plain :] / self._scales
        cost[at.length] = score.reach
        self._constant = score.constant + float(score.weights @ self._rest)
        self._unit = float(np.abs(cost[np.concatenate(at.stages)]).max()) or 1.0
        self._cost = cost / self._unit
        self._whole = np.zeros(at.count, dtype=bool)
        self._whole[np.concatenate([*at.stages, at.chords.reshape(-1)])] = True

        for one in touched:
            self._touch(one)

    def narrow(self, known: float, room: Floats | None = None) -> Narrowed:
        """Solve without whole numbers, which tells what no design takes that is better than a known one.

        Parameters
        ----------
        known
            Score of a design that is known.
        room
            Of the last time; see `Narrowed`.
        """
        high = np.ones(self._at.count) if room is None else room.copy()
        nothing = tuple(np.zeros(0, dtype=np.int64) for _ in self._at.stages)
        for _ in range(LINEAR_ROUNDS):
            value, values, reduced = self._linear(high)
            if values is None:
                return Narrowed(value, high, nothing, nothing)
            # for it alone makes the score worse than the known one
            high[(value + reduced > known + WORSE * max(self._unit, abs(known))) & self._whole] = 0.0
            there = self._features(values)
            if self._length(values) > float(self._programme.score.length(there[None])[0]) * (1.0 - TOUCHES):
                break
            self._touched.append(there)
            self._touch(there)
        left = tuple(np.flatnonzero(high[stage]) for stage in self._at.stages)
        first = tuple(
            own[np.argsort(reduced[stage][own], kind="stable")[:FIRST]]
            for stage, own in zip(self._at.stages, left, strict=True)
        )
        return Narrowed(value, high, left, first)

    def _touch(self, x: Floats) -> None:
        """Add the plane that touches the length at features (P,)."""
        at = self._at
        constant, slope = self._programme.score.plane(x)
        constant += float(slope @ self._rest)
        by = [np.ones(1), *(-own @ slope for own in self._programme.x), -slope[self._plain :] / self._scales]
        self._rows.add([at.length, *at.stages, at.logs], by, constant, float("inf"))

    def _features(self, x: Floats) -> Floats:
        """Return the features (P,) of values (V,) of the variables."""
        at, there = self._at, self._rest.copy()
        for stage, own in zip(at.stages, self._programme.x, strict=True):
            there += x[stage] @ own
        there[self._plain :] += x[at.logs] / self._scales
        return there

    def _length(self, x: Floats) -> float:
        """Return the length that values (V,) of the variables have."""
        return float(x[self._at.length[0]])

    def _linear(self, high: Floats) -> tuple[float, Floats | None, Floats]:
        """Solve without whole numbers: the score, the values (V,), and by how much each makes it worse where it is 0 (V,)."""
        from scipy.optimize import linprog  # deferred: it takes a while to load
        from scipy.sparse import vstack

        rows, (low, high) = self._rows.matrix(), self._bounds(high)
        least, most = np.array(self._rows.low), np.array(self._rows.high)
        even, below, above = (
            least == most,
            (most < np.inf) & (least < most),
            (least > -np.inf) & (least < most),
        )
        found = linprog(
            self._cost,
            A_ub=vstack([rows[np.flatnonzero(below)], -rows[np.flatnonzero(above)]], format="csr"),
            b_ub=np.concatenate([most[below], -least[above]]),
            A_eq=rows[np.flatnonzero(even)],
            b_eq=least[even],
            bounds=np.stack([low, high], axis=1),
            method="highs",
        )
        if found.status == 2:  # no design fits
            return float("inf"), None, np.zeros(len(high))
        if found.status != 0:
            return -float("inf"), None, np.zeros(len(high))
        return (
            float(found.fun) * self._unit + self._constant,
            np.asarray(found.x),
            np.asarray(found.lower.marginals) * self._unit,
        )

    def integer(self, room: Floats) -> Solved:
        """Solve with whole numbers what `narrow` left."""
        from scipy.optimize import Bounds, LinearConstraint, milp  # deferred likewise

        low, most = self._bounds(room)
        kept = np.flatnonzero((low < 0.0) | (most > 0.0))
        found = milp(
            self._cost[kept],
            integrality=self._whole[kept].astype(np.int64),
            bounds=Bounds(low[kept], most[kept]),
            constraints=LinearConstraint(
                self._rows.matrix()[:, kept], np.array(self._rows.low), np.array(self._rows.high)
            ),
            # what presolving gives back may miss a limit by a hair, of which HiGHS then writes on standard output; little is left
            # to presolve here
            options={"mip_rel_gap": GAP, "node_limit": NODES, "presolve": False},
        )
        if found.status == 2:
            return Solved(float("inf"), None)
        if found.mip_dual_bound is None:
            return Solved(-float("inf"), None)
        least = float(found.mip_dual_bound) * self._unit + self._constant
        if found.x is None:
            return Solved(least, None)
        values = np.zeros(len(low))
        values[kept] = found.x
        return Solved(least, tuple(int(np.argmax(values[stage])) for stage in self._at.stages))

    def _bounds(self, high: Floats) -> tuple[Floats, Floats]:
        low, high = np.zeros(len(high)), high.copy()
        low[self._at.logs], high[self._at.logs] = -np.inf, 0.0
        high[self._at.length] = np.inf
        return low, high


def _logarithms(programme: Programme, at: _Places, rows: _Rows) -> Floats:
    """Hold each variable of ``at.logs`` to the logarithm of its amount over the largest that can be, which is returned."""
    one, plus = np.ones(1), float("inf")
    tops = []
    for n, amounts in enumerate(programme.logs):
        least, most = amounts.ends
        tops.append(most)
        points = np.geomspace(least / most, 1.0, CHORDS + 1)
        parts, chosen, log = at.amounts[n], at.chords[n], at.logs[[n]]
        where, by = at.of(amounts)
        rows.add([*where, parts], [*(value / most for value in by), -np.ones(CHORDS)], 0.0, 0.0)
        rows.add([chosen], [np.ones(CHORDS)], 1.0, 1.0)
        for part, chord, start, end in zip(parts, chosen, points[:-1], points[1:], strict=True):
            pair = [np.array([part]), np.array([chord])]
            rows.add(pair, [one, np.array([-start])], 0.0, plus)
            rows.add(pair, [one, np.array([-end])], -plus, 0.0)
        slope = np.diff(np.log(points)) / np.diff(points)
        rows.add([log, parts, chosen], [one, -slope, slope * points[:-1] - np.log(points[:-1])], 0.0, plus)
        for point in points:
            rows.add([log, parts], [one, np.full(CHORDS, -1.0 / point)], -plus, float(np.log(point) - 1.0))
    return np.array(tops)
