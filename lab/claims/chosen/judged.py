"""Designs beside the clock: what a model said of each, and how long it took."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dsim.shift.measured import Timed
from lab.claims.chosen.control import check_times
from lab.claims.chosen.rows import WHOLE, Pick, Said
from lab.claims.interval import Interval

RESAMPLES = 4000
LEVEL = 0.95
OWN, OTHER, ALL = "the half that chose", "the other half", "all evidence"


def clustered_mean(clusters: Sequence[object], values: Sequence[float]) -> Interval:
    """Return the mean of values (N,) that come in clusters (N,), and its 95% interval: clusters are drawn with replacement."""
    by: dict[object, list[float]] = defaultdict(list)
    for cluster, value in zip(clusters, values, strict=True):
        by[cluster].append(value)
    totals, sizes = np.array([sum(own) for own in by.values()]), np.array([len(own) for own in by.values()])
    drawn = np.random.default_rng(0).integers(len(totals), size=(RESAMPLES, len(totals)))
    means = totals[drawn].sum(1) / sizes[drawn].sum(1)
    low, high = np.quantile(means, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0])
    return Interval(float(totals.sum() / sizes.sum()), float(low), float(high))


@dataclass(frozen=True)
class Speed:
    """The machine's speed when chosen designs were timed.

    Attributes
    ----------
    ratio
        Median time of checks over those in the profile, with its interval.
    low_check, high_check
        Between which the middle 90% of the checks' ratios lie: noise, and what the speed drifted.
    checks, load
        How many checks; the highest mean number of running tasks over a minute.
    """

    ratio: Interval
    low_check: float
    high_check: float
    checks: int
    load: float


def speed_of(stack: str, timed: Sequence[Timed]) -> Speed:
    """Compare the checks' times today with those in the profile."""
    before = check_times(stack)
    own = [one for one in timed if one.device == stack]
    ratios = np.array([one.latency_ms / before[one.design] for one in own if one.design in before])
    drawn = np.random.default_rng(0).integers(len(ratios), size=(RESAMPLES, len(ratios)))
    low, high = np.quantile(np.median(ratios[drawn], axis=1), [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0])
    least, most = np.quantile(ratios, [0.05, 0.95])
    return Speed(
        Interval(float(np.median(ratios)), float(low), float(high)),
        float(least),
        float(most),
        len(ratios),
        max(one.load for one in own),
    )


@dataclass(frozen=True)
class Judged:
    """One design by one model.

    Attributes
    ----------
    half
        Whose designs belong together: the half that chose it, or whose model speaks of it.
    ms
        How long it took, at the speed at which the profile was measured.
    clock_ms
        The same as it was timed.
    budget_ms
        For which it was chosen; nan for others.
    """

    half: tuple[int, int]
    said: Said
    ms: float
    clock_ms: float
    budget_ms: float = math.nan

    @property
    def slower(self) -> float:
        """Log of time over estimate."""
        return math.log(self.ms / self.said.latency_ms)

    @property
    def off(self) -> float:
        """Absolute relative error of the estimate."""
        return abs(self.said.latency_ms / self.ms - 1.0)

    @property
    def covered(self) -> bool:
        """Whether the interval holds its time."""
        return self.said.low_ms <= self.ms <= self.said.high_ms

    @property
    def keeps(self) -> bool:
        """Whether it takes no longer than the model said that it needs."""
        return self.ms <= self.said.needs_ms

    @property
    def fits(self) -> bool:
        """Whether it takes no longer than the budget for which it was chosen."""
        return self.ms <= self.budget_ms


@dataclass(frozen=True)
class Stack:
    """All that is known of one stack.

    Attributes
    ----------
    chosen
        Its chosen designs, by the half that chose, by the other half of the same split and by all evidence; in one order.
    checks
        Designs drawn by chance, at the times in the profile: by every half's model, and by all evidence.
    others
        Designs that were chosen for other stacks, by all evidence.
    """

    name: str
    speed: Speed
    picks: tuple[Pick, ...]
    chosen: Mapping[str, tuple[Judged, ...]]
    checks: Mapping[str, tuple[Judged, ...]]
    others: tuple[Judged, ...]


def judged_stack(stack: str, picks: Sequence[Pick], said: Sequence[Said], timed: Sequence[Timed]) -> Stack:
    """Put what was said of a stack's designs beside the clock; designs without a time are left out."""
    speed = speed_of(stack, timed)
    clock = {one.design: one.latency_ms for one in timed if one.device == stack}
    known = {(*one.by, one.design): one for one in said if one.stack == stack}
    before = check_times(stack)
    own = tuple(one for one in picks if one.stack == stack and one.design in clock)
    halves = dict.fromkeys(one.by for one in own)
    everyone = (WHOLE, WHOLE)

    def judged(
        design: str, by: tuple[int, int], half: tuple[int, int], budget_ms: float = math.nan
    ) -> Judged:
        ms = clock[design]
        return Judged(half, known[*by, design], ms / speed.ratio.middle, ms, budget_ms)

    def checked(design: str, by: tuple[int, int], half: tuple[int, int]) -> Judged:
        return Judged(half, known[*by, design], before[design], before[design])

    return Stack(
        stack,
        speed,
        own,
        {
            OWN: tuple(judged(one.design, one.by, one.by, one.budget_ms) for one in own),
            OTHER: tuple(judged(one.design, one.other, one.by, one.budget_ms) for one in own),
            ALL: tuple(judged(one.design, everyone, one.by, one.budget_ms) for one in own),
        },
        {
            OWN: tuple(checked(design, half, half) for half in halves for design in before),
            ALL: tuple(checked(design, everyone, (n, WHOLE)) for n, design in enumerate(before)),
        },
        tuple(
            judged(one.design, everyone, one.by)
            for one in picks
            if one.stack != stack and one.design in clock
        ),
    )
