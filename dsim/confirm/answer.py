"""The answer of a study after some designs were timed: confirmed, changed, or not yet certain."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dsim.confirm.belief import Belief
from dsim.confirm.pick import CERTAIN, risk_after, risk_of


class Verdict(StrEnum):
    """What the times say of the choice."""

    CONFIRMED = "confirmed"
    CHANGED = "changed"
    UNCERTAIN = "not yet certain"
    NOTHING = "nothing fits"

    @property
    def needs_more(self) -> bool:
        """True where more must be timed."""
        return self is Verdict.UNCERTAIN


@dataclass(frozen=True)
class Answer:
    """The restated answer.

    Attributes
    ----------
    verdict
        What the times say.
    chosen
        The row that is chosen now; None where nothing fits.
    ms, p_fits
        Of the chosen design, given the times: milliseconds, and the chance that a new timing is within the budget.
    risk
        Points of top-1 that the choice is still expected to lose.
    """

    verdict: Verdict
    chosen: int | None
    ms: float | None
    p_fits: float | None
    risk: float


def restate(before: int | None, belief: Belief, seed: int = 0) -> Answer:
    """Say what is chosen now, and how certain that is.

    A study's choice that still fits stays as long as it is expected to lose at most `CERTAIN` points: designs near the budget differ by
    less than that, and each timing would otherwise put another in its place.

    Parameters
    ----------
    before
        The row that the study chose; None where nothing fitted.
    belief
        After the timings.
    """
    risk = risk_after(belief, [], seed)
    now = belief.best
    if before is not None and belief.p_fits[before] >= belief.chance:
        kept = risk_of(belief, before, seed)
        if kept <= max(CERTAIN, risk):
            now, risk = before, kept
    if now is None:
        return Answer(Verdict.NOTHING if risk <= CERTAIN else Verdict.UNCERTAIN, None, None, None, risk)
    kind = Verdict.UNCERTAIN if risk > CERTAIN else Verdict.CONFIRMED if now == before else Verdict.CHANGED
    return Answer(kind, now, float(belief.ms[now]), float(belief.p_fits[now]), risk)
