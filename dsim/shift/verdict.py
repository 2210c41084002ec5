"""The one place that judges a change: no evidence of a difference, too small to measure, or a difference."""

from __future__ import annotations

from dsim.rounding import sign_of
from dsim.shift.records import Interval, Verdict


def verdict_of(change: Interval, scale: float, floor: float = 0.0) -> Verdict:
    """Return the verdict on a change.

    Parameters
    ----------
    change
        The change with its interval.
    scale
        The size of what changes, in the same unit: a design's own milliseconds, its top-1, a budget's 100 percent. What is
        a change that is nothing beside it is not a difference, however narrow the interval: an exact tie comes out of sums as 2e-16.
    floor
        What two runs of one laboratory differ by, in the same unit.
    """
    if not sign_of(change.low, change.high, scale):
        return Verdict.NO_EVIDENCE
    return Verdict.TOO_SMALL if abs(change.value) < floor else Verdict.DIFFERENCE
