"""Score designs in arrays: latency with its interval, top-1 with its interval, and whether a design may be chosen."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from dsim.arch import Arch
from dsim.rounding import limit, steps
from dsim.search.table import Accuracies, CostTable, Floats, Latencies

Bools = NDArray[np.bool_]
POINTS = 100.0  # top-1 is in percent: what is nothing beside this is rounding


class LatencyArrays(Protocol):
    """Latency of N designs in milliseconds."""

    @property
    def latency_ms(self) -> Floats:
        """The estimate, (N,)."""

    @property
    def low_ms(self) -> Floats:
        """Lower end of the central interval, (N,)."""

    @property
    def high_ms(self) -> Floats:
        """Upper end of the central interval, (N,)."""


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


class LatencyPricer(Latencies, Protocol):
    """A latency model that prices feature vectors."""

    def price(self, phi: Floats, confidence: float = 0.9) -> LatencyArrays:
        """Return latency and the central interval of each row of ``phi`` (N, F)."""

    def p_cliff(self, phi: Floats) -> Floats:
        """Return the chance (N,) that a network leaves the accelerator."""

    def p_fits(self, phi: Floats, budget_ms: float) -> Floats:
        """Return the one-sided chance (N,) that a new measurement is within the budget, cliffs included."""


class AccuracyPredictor(Accuracies, Protocol):
    """An accuracy model that predicts from summary vectors."""

    def predict(self, summaries: Floats, confidence: float = 0.9) -> AccuracyArrays:
        """Return top-1 and its interval of each row of ``summaries`` (N, S)."""

    def in_region(self, summaries: Floats) -> Bools:
        """Return which rows (N,) lie close enough to known networks for an estimate."""


@dataclass(frozen=True)
class Scores:
    """Scores of N designs; every field has shape (N,)."""

    latency_ms: Floats
    low_ms: Floats
    high_ms: Floats
    top1: Floats
    top1_low: Floats
    top1_high: Floats
    in_region: Bools

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

    A design is feasible when the upper end of its central latency interval at ``confidence`` is within the budget
    and its accuracy estimate is more than a guess.
    """

    latency: LatencyPricer
    accuracy: AccuracyPredictor
    table: CostTable
    budget_ms: float
    confidence: float

    def score(self, rows: Floats) -> Scores:
        """Score joined rows (N, F + S)."""
        cut = self.table.cut(rows)
        latency = self.latency.price(cut.phi, self.confidence)
        accuracy = self.accuracy.predict(cut.summary, self.confidence)
        return Scores(
            latency.latency_ms,
            latency.low_ms,
            latency.high_ms,
            accuracy.top1,
            accuracy.low,
            accuracy.high,
            self.accuracy.in_region(cut.summary),
        )

    def p_fits(self, rows: Floats) -> Floats:
        """Return the chance (N,) that a new measurement of each design is within the budget."""
        return self.latency.p_fits(self.table.cut(rows).phi, self.budget_ms)

    def p_cliff(self, arch: Arch) -> float:
        """Return the chance that one design leaves the accelerator."""
        return float(self.latency.p_cliff(self.table.cut(self.table.whole(arch)[None]).phi)[0])

    def feasible(self, scores: Scores) -> Bools:
        """Return which designs (N,) fit the budget and may be chosen."""
        return (scores.high_ms <= limit(self.budget_ms)) & scores.in_region

    def order(self, scores: Scores) -> NDArray[np.int64]:
        """Sort: feasible ones by pessimistic top-1, then those in the region by how little they miss the budget.

        Ties go to the lower upper end of latency, so that the order does not depend on how designs were found; figures
        that differ by rounding alone are ties.
        """
        feasible, high = self.feasible(scores), steps(scores.high_ms, self.budget_ms)
        first = np.where(feasible, -steps(scores.top1_low, POINTS), high)
        return np.lexsort((high, first, ~scores.in_region, ~feasible)).astype(np.int64)


def pareto(scores: Scores) -> NDArray[np.int64]:
    """Return the designs that no other beats in both upper latency and pessimistic top-1, fastest first.

    What differs by rounding alone is a tie, and the first of such designs stands for all.
    """
    if not len(scores):
        return np.empty(0, dtype=np.int64)
    top1, high = steps(scores.top1_low, POINTS), steps(scores.high_ms, float(np.median(scores.high_ms)))
    order = np.lexsort((-top1, high))
    best = np.maximum.accumulate(top1[order])
    ahead = np.concatenate([[-np.inf], best[:-1]])
    return order[top1[order] > ahead].astype(np.int64)
