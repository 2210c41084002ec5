"""The wall clock of a search that may be given a time, and whether that time left work undone."""

from __future__ import annotations

import math
import time

MOMENT_S = 1e-3


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
        self._most_s = most_s
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

    def share(self, parts: int) -> float | None:
        """Return the seconds left for each of so many searches that are still to be made; None where there are as many as it takes.

        Where time is over it is a moment, in which a search shows what was found before. A time that is none stays as it was given,
        for the search to refuse it.
        """
        if self._most_s is None or not self._most_s > 0.0:
            return self._most_s
        return max((self._end - time.monotonic()) / parts, MOMENT_S)

    def with_at_least(self, seconds: float) -> Clock:
        """Return a clock for a last step, which has what is left of the time, or so many seconds if that is less."""
        own = Clock(seconds)
        own._end = max(own._end, self._end)
        return own
