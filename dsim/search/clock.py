"""The wall clock of a search that may be given a time, and whether that time left work undone."""

from __future__ import annotations

import math
import time

from dsim.units import seconds


class Clock:
    """Runs from the moment that it is made.

    Parameters
    ----------
    most_s
        Seconds that there are; None for as many as it takes.

    Attributes
    ----------
    cut
        Whether work was left undone for want of time.
    """

    def __init__(self, most_s: float | None = None) -> None:
        self.cut = False
        self._start = time.monotonic()
        self._end = math.inf if most_s is None else self._start + most_s

    @property
    def seconds(self) -> float:
        """Seconds so far."""
        return time.monotonic() - self._start

    def is_late(self) -> bool:
        """Tell whether time is up; who asks has work left, and leaves it undone then."""
        late = time.monotonic() >= self._end
        self.cut = self.cut or late
        return late

    def with_at_least(self, seconds: float) -> Clock:
        """Return a clock for a last step, which has what is left of the time, or so many seconds if that is less."""
        own = Clock(seconds)
        own._end = max(own._end, self._end)
        return own


def share_of(time_s: float | str | None, parts: int) -> float | None:
    """Return each search's even share, in seconds, of a time that so many have together: a number, or a text such as ``"60s"``."""
    whole_s = seconds(time_s)
    return None if whole_s is None else whole_s / parts
