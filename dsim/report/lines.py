"""Progress as plain lines, for a file, a pipe or a log: few enough to read, often enough to know that it goes on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from dsim.progress import Work
from dsim.report.forecast import about, headline, left

SHARE = 0.2  # of the steps between two lines
LEAST_S = 2.0  # between two lines, and of work that is worth a line at its end
MOST_S = 30.0  # without a line, while steps go on


@dataclass
class _Open:
    work: Work
    began: float
    said: float  # when the last line was written
    share: float  # of the steps, then
    first: float | None = None  # steps that were done before, where it goes on with something
    announced: bool = False


class Lines:
    """Writes a line when work begins, from time to time while it goes on, and when it is done.

    Work inside other work is announced only where it says how long it takes; else it is a part of the whole, and shows
    when the whole says nothing for long.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._clock = stream, clock
        self._open: list[_Open] = []

    def begin(self, work: Work) -> None:
        """Write what begins, if it will take long enough to be worth a line."""
        now = self._clock()
        item = _Open(work, now, now, 0.0)
        if (work.seconds or 0.0) >= 1.0 or (not self._open and work.seconds is None):
            self._write(headline(work))
            item.announced = True
        self._open.append(item)

    def step(self, work: Work, done: float, note: str) -> None:
        """Write how far it is, if enough has happened since the last line."""
        item, now = self._find(work), self._clock()
        if item is None:
            return
        if item.first is None:
            item.first = min(done, 1.0)
        share = done / work.total if work.total else 0.0
        quiet = now - item.said
        if share >= 1.0 and item.announced:
            return  # the line at the end says so
        far = item.announced and share - item.share >= SHARE and quiet >= LEAST_S
        if not far and quiet < MOST_S:
            return
        for other in self._open:  # a line of the inner work says for the outer ones that it goes on
            other.said = now
        item.share, item.announced = share, True
        part = f"{done:.0f} of {work.total:.0f} {work.unit}".rstrip() if work.unit and work.total else ""
        rest = left(now - item.began, done - item.first, done, work.total)
        percent = f"{100 * share:.0f}%" if work.total else f"{done:.0f} {work.unit}".rstrip()
        self._write("; ".join(text for text in (f"  {work.what}: {percent}", part, rest, note) if text))

    def end(self, work: Work, finished: bool) -> None:
        """Write that it is done, if it took a while."""
        item = self._find(work)
        if item is None:
            return
        self._open.remove(item)
        took = self._clock() - item.began
        if finished and item.announced and took >= LEAST_S:
            self._write(f"  {work.what}: done in {about(took)}")

    def _find(self, work: Work) -> _Open | None:
        return next((item for item in self._open if item.work is work), None)

    def _write(self, line: str) -> None:
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except (OSError, ValueError):  # nobody listens any more; the work goes on
            return
