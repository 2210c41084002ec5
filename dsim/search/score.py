"""Score designs in arrays: latency with its interval, top-1 with its interval, and whether a design may be chosen."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from dsim.arch import Arch
from dsim.rounding import limit, steps
from dsim.search.pricer import LatencyPricer, QuickPricer, needs_of
from dsim.search.table import Accuracies, CostTable, Floats, Row
from dsim.unbeaten import unbeaten

Bools = NDArray[np.bool_]
POINTS = 100.0  # top-1 is in percent: what is nothing beside this is rounding
LOOSE = 4e-3  # points by which a quick mark of top-1 may be off


class AccuracyArrays(Protocol):
    """Top-1 of N designs in percent."""

    @property
    def top1(self) -> Floats:
        """The estimate, (N,)."""

    @property
    def low(self) -> Floats:
        """Lower end of the interval, (N,)."""

    @property
    def high(self) -> Floats:
        """Upper end of the interval, (N,)."""


class LowArrays(Protocol):
    """What N designs are sorted by."""

    @property
    def low(self) -> Floats:
        """Lower end of the interval, (N,)."""

    @property
    def in_region(self) -> Bools:
        """Whether they lie close enough to known networks for an estimate, (N,)."""


class AccuracyPredictor(Accuracies, Protocol):
    """An accuracy model that predicts from summary vectors."""

    def predict(self, summaries: Floats, confidence: float = 0.9) -> AccuracyArrays:
        """Return top-1 and its interval of each row of ``summaries`` (N, S)."""

    def in_region(self, summaries: Floats) -> Bools:
        """Return which rows (N,) lie close enough to known networks for an estimate."""


@runtime_checkable
class QuickPredictor(Protocol):
    """An accuracy model that has the figures which designs are sorted by sooner than all others."""

    def lows(self, summaries: Floats, confidence: float = 0.9, *, single: bool = True) -> LowArrays:
        """Return lower ends and regions of ``summaries`` (N, S); in single precision off by up to `LOOSE` points."""


class Sortable(Protocol):
    """The figures of N designs that a search sorts them by."""

    @property
    def latency_ms(self) -> Floats:
        """The estimate, (N,)."""

    @property
    def needs_ms(self) -> Floats:
        """The smallest budget that they fit, (N,)."""

    @property
    def top1_low(self) -> Floats:
        """Pessimistic top-1, (N,)."""

    @property
    def in_region(self) -> Bools:
        """Whether their top-1 is more than a guess, (N,)."""

    @property
    def within(self) -> Bools:
        """Whether they break no limit beside time, (N,)."""

    def __len__(self) -> int:
        """How many designs."""


@dataclass(frozen=True)
class Marks:
    """What N designs are sorted by; every field has shape (N,).

    Attributes
    ----------
    needs_ms
        The smallest budget that they fit; of a design that breaks a limit beside time, at least a budget that is broken as far.
    sure
        Whether all is exact; else top-1 may be off by `LOOSE` points, and milliseconds by `dsim.latency.pricing.LOOSE` of
        themselves. On which side of the budget a design lies is exact even so.
    """

    latency_ms: Floats
    needs_ms: Floats
    top1_low: Floats
    in_region: Bools
    within: Bools
    sure: Bools

    def take(self, index: NDArray[np.int64] | Bools | slice) -> Marks:
        """Return the marks of some designs."""
        return Marks(*(getattr(self, f.name)[index] for f in fields(self)))

    def settled(self, which: NDArray[np.int64], exact: Marks) -> Marks:
        """Return the same with the marks of some designs in place of theirs."""
        columns = {f.name: getattr(self, f.name).copy() for f in fields(self)}
        for name, column in columns.items():
            column[which] = getattr(exact, name)
        return Marks(**columns)

    @classmethod
    def join(cls, parts: list[Marks]) -> Marks:
        """Join marks into one, in order."""
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)))

    def __len__(self) -> int:
        return len(self.latency_ms)


@dataclass(frozen=True)
class Scores:
    """Scores of N designs; every field has shape (N,)."""

    latency_ms: Floats
    low_ms: Floats
    high_ms: Floats
    needs_ms: Floats
    top1: Floats
    top1_low: Floats
    top1_high: Floats
    in_region: Bools
    within: Bools

    def take(self, index: NDArray[np.int64] | Bools) -> Self:
        """Return the scores of some designs."""
        return type(self)(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    @classmethod
    def join(cls, parts: list[Scores]) -> Scores:
        """Join scores into one, in order."""
        return cls(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)})

    def __len__(self) -> int:
        return len(self.latency_ms)


@dataclass(frozen=True)
class Scorer:
    """The two models, the budget and the confidence of one study.

    A design is feasible when a new measurement is within the budget with a chance of at least ``confidence``, cliffs included
    and one-sided, its accuracy estimate is more than a guess, and it breaks no limit of the table's. The smallest budget of
    which that holds is what it needs.

    Attributes
    ----------
    chance
        Asked for in place of ``confidence``, which is then the level of the intervals alone.
    """

    latency: LatencyPricer
    accuracy: AccuracyPredictor
    table: CostTable
    budget_ms: float
    confidence: float
    chance: float | None = None

    def score(self, rows: Floats) -> Scores:
        """Score joined rows (N, F + S)."""
        cut = self.table.cut(rows)
        latency = self.latency.price(cut.phi, self.confidence, self.chance)
        accuracy = self.accuracy.predict(cut.summary, self.confidence)
        return Scores(
            latency.latency_ms,
            latency.low_ms,
            latency.high_ms,
            latency.needs_ms,
            accuracy.top1,
            accuracy.low,
            accuracy.high,
            self.accuracy.in_region(cut.summary),
            self._limited(cut, latency.needs_ms)[0],
        )

    def mark(self, rows: Floats, single: bool = True) -> Marks:
        """Return what joined rows (N, F + S) are sorted by, as quickly as the accuracy model can.

        Parameters
        ----------
        single
            Whether single precision will do.
        """
        cut = self.table.cut(rows)
        latency_ms, needs_ms = self._needs(cut.phi, single)
        if (quick := self._quick) is not None:
            found = quick.lows(cut.summary, self.confidence, single=single)
            low, inside = found.low, found.in_region
        else:
            inside = self.accuracy.in_region(cut.summary)
            low = self.accuracy.predict(cut.summary, self.confidence).low
        within, needs = self._limited(cut, needs_ms)
        sure = not single or (quick is None and not isinstance(self.latency, QuickPricer))
        return Marks(latency_ms, needs, low, inside, within, np.full(len(low), sure))

    def with_needs(self, marks: Marks, rows: Floats) -> Marks:
        """Return marks of another scorer of the same models with what designs need by this one: top-1 is the same."""
        cut = self.table.cut(rows)
        needs = self._needs(cut.phi, False)[1]
        return replace(marks, needs_ms=self._limited(cut, needs)[1])

    def used(self, marks: Marks, rows: Floats) -> Floats:
        """Return the parts of the budget and, with limits beside time, of the tightest one (N, 1 or 2) that marked rows (N, F + S) need."""
        cut = self.table.cut(rows)
        if self.table.ceiling is None or cut.amounts is None:
            return marks.needs_ms[:, None] / self.budget_ms
        needs = self._needs(cut.phi, True)[1]  # that of marks is raised where a limit is broken
        return np.stack([needs / self.budget_ms, self.table.ceiling.shares(cut.amounts)], axis=1)

    def _needs(self, phi: Floats, single: bool) -> tuple[Floats, Floats]:
        chance = self.confidence if self.chance is None else self.chance
        return needs_of(self.latency, phi, chance, self.budget_ms if single else None)

    def _limited(self, cut: Row, needs_ms: Floats) -> tuple[Bools, Floats]:
        """Return which designs break no limit beside time, and the marks of what they need: a limit is as hard as the budget."""
        if self.table.ceiling is None or cut.amounts is None:
            return np.ones(len(needs_ms), dtype=bool), needs_ms
        shares = self.table.ceiling.shares(cut.amounts)
        within = self.table.ceiling.within(shares)
        return within, np.where(within, needs_ms, np.maximum(needs_ms, shares * self.budget_ms))

    @cached_property
    def _quick(self) -> QuickPredictor | None:
        return self.accuracy if isinstance(self.accuracy, QuickPredictor) else None

    def p_fits(self, rows: Floats) -> Floats:
        """Return the chance (N,) that a new measurement of each design is within the budget."""
        return self.latency.p_fits(self.table.cut(rows).phi, self.budget_ms)

    def p_cliff(self, arch: Arch) -> float:
        """Return the chance that one design leaves the accelerator."""
        return float(self.latency.p_cliff(self.table.cut(self.table.whole(arch)[None]).phi)[0])

    def feasible(self, scores: Sortable) -> Bools:
        """Return which designs (N,) fit the budget and may be chosen."""
        return (scores.needs_ms <= limit(self.budget_ms)) & allowed(scores)

    def order(self, scores: Sortable) -> NDArray[np.int64]:
        """Sort: feasible ones by pessimistic top-1, then those in the region by how little they miss the budget.

        Ties go to the smaller need, then to the smaller estimate, so that the order does not depend on how designs were found;
        figures that differ by rounding alone are ties.
        """
        feasible, needs = self.feasible(scores), steps(scores.needs_ms, self.budget_ms)
        first = np.where(feasible, -steps(scores.top1_low, POINTS), needs)
        middle = steps(scores.latency_ms, self.budget_ms)
        return np.lexsort((middle, needs, first, ~scores.in_region, ~feasible)).astype(np.int64)

    def fastest(self, scores: Sortable) -> int:
        """Return the design that needs the smallest budget, of those that may be chosen if any; where no budget is enough, the quickest."""
        figures = (steps(one, self.budget_ms) for one in (scores.latency_ms, scores.needs_ms))
        return int(np.lexsort((*figures, ~allowed(scores)))[0])


def allowed(scores: Sortable) -> Bools:
    """Return which designs (N,) may be chosen where the budget is large enough."""
    return scores.in_region & scores.within


def pareto(scores: Sortable) -> NDArray[np.int64]:
    """Return the designs that no other beats in both needed budget and pessimistic top-1, the smallest need first.

    Those that no budget is enough for, or that break a limit, are left out. What differs by rounding alone is a tie, and the first of such designs
    stands for all.
    """
    some = np.flatnonzero(np.isfinite(scores.needs_ms) & scores.within)
    if not len(some):
        return np.empty(0, dtype=np.int64)
    needs = scores.needs_ms[some]
    top1, needs = steps(scores.top1_low[some], POINTS), steps(needs, float(np.median(needs)))
    return np.asarray(some[unbeaten(needs, top1)])
