"""The rule of judgement that `lab.claims.chosen` states, on a stack's judged designs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lab.claims.chosen.judged import ALL, OTHER, OWN, Judged, Stack, clustered_mean
from lab.claims.interval import Interval

ASKED = 90.0  # percent that keep to what they need


@dataclass(frozen=True)
class Finding:
    """What being chosen does to a stack's estimates.

    Attributes
    ----------
    keeps, whole
        Percent of chosen designs that keep to what they need by the half that chose, and by all evidence.
    more
        Points by which they keep more often than checks by the same models; negative where less often.
    clock, paper
        Percent of time that being chosen hides: by the clock, less the same of the checks; and by the other half's word.
    factor, check_factor
        By which needs would have to be multiplied so that 90% keep to them: of chosen designs, and of checks by the same models.
    remedied
        Percent that keep when needs are multiplied by the factor of the other splits, over that of the checks.
    """

    keeps: Interval
    whole: Interval
    more: Interval
    clock: Interval
    paper: Interval
    factor: float
    check_factor: float
    remedied: Interval

    @property
    def too_hopeful(self) -> bool:
        """The second point of the rule."""
        return (self.keeps.high < ASKED and self.more.high < 0.0) or self.whole.high < ASKED

    @property
    def remedy_helps(self) -> bool:
        """The third."""
        return self.too_hopeful and abs(self.remedied.middle - ASKED) < abs(self.keeps.middle - ASKED)


def finding(stack: Stack) -> Finding:
    """Apply the rule to a stack."""
    own, checks = stack.chosen[OWN], stack.checks[OWN]
    other = stack.chosen[OTHER]
    splits = [one.half[0] for one in own]
    hidden = [
        percent(math.log(there.said.latency_ms / here.said.latency_ms))
        for here, there in zip(own, other, strict=True)
    ]
    check_factor = need_factor(checks)
    held = [held_factor(own, one.half[0]) / check_factor for one in own]
    return Finding(
        shares(own),
        shares(stack.chosen[ALL]),
        _beside(own, checks, [100.0 * one.keeps for one in own], [100.0 * one.keeps for one in checks]),
        _beside(own, checks, [percent(one.slower) for one in own], [percent(one.slower) for one in checks]),
        clustered_mean(splits, hidden),
        need_factor(own),
        check_factor,
        clustered_mean(
            [one.half for one in own],
            [100.0 * (one.ms <= one.said.needs_ms * factor) for one, factor in zip(own, held, strict=True)],
        ),
    )


def percent(log: float) -> float:
    """Return a log ratio in percent."""
    return 100.0 * math.expm1(log)


def shares(judged: Sequence[Judged]) -> Interval:
    """Return the percent of designs that keep to what they need."""
    return clustered_mean([one.half for one in judged], [100.0 * one.keeps for one in judged])


def need_factor(judged: Sequence[Judged]) -> float:
    """Return the least factor of their needs to which 90% of designs keep."""
    return float(np.quantile([one.ms / one.said.needs_ms for one in judged], ASKED / 100.0, method="higher"))


def held_factor(judged: Sequence[Judged], split: int) -> float:
    """Return the factor of all other splits."""
    return need_factor([one for one in judged if one.half[0] != split])


def _beside(
    own: Sequence[Judged], checks: Sequence[Judged], here: Sequence[float], there: Sequence[float]
) -> Interval:
    """Return by how much a figure of chosen designs exceeds that of the checks by the same half's model, half by half."""
    control: dict[tuple[int, int], list[float]] = {}
    for one, value in zip(checks, there, strict=True):
        control.setdefault(one.half, []).append(value)
    return clustered_mean(
        [one.half for one in own],
        [value - float(np.mean(control[one.half])) for one, value in zip(own, here, strict=True)],
    )
