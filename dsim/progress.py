"""Long work says here how far it is; whoever watches shows it. The library itself prints nothing.

The command line watches (`dsim.report.progress.shown`), and so may a notebook::

    with shown():
        dsim.search("iphone12", 2.0)

Code that works for more than a second says so::

    with working("searching", total=300, unit="mixes") as work:
        for number, mix in enumerate(mixes, 1):
            ...
            work.step(number, f"best top-1 {best:.1f} %")
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, eq=False)
class Work:
    """A piece of work that takes a while.

    Attributes
    ----------
    what
        Words for it, as they follow "dsim is": ``learning iphone12 from 300 networks``.
    total
        How many steps it has, None where nobody knows; and what a step is, in the plural.
    unit
        See ``total``.
    seconds
        About how long it takes, None where nobody knows.
    once
        Whether the result is kept, so that it is done once.
    """

    what: str
    total: float | None = None
    unit: str = ""
    seconds: float | None = None
    once: bool = False


class Watcher(Protocol):
    """Hears of work. Work may lie within work; the inner one ends first."""

    def begin(self, work: Work) -> None:
        """Hear that work begins."""

    def step(self, work: Work, done: float, note: str) -> None:
        """Hear how many steps are done, and what there is to say beside."""

    def end(self, work: Work, finished: bool) -> None:
        """Hear that work is over: finished, or ended by an error."""


class Task:
    """Work that is going on; made by `working`."""

    def __init__(self, work: Work, watcher: Watcher | None) -> None:
        self.work, self.done = work, 0.0
        self._watcher = watcher

    def step(self, done: float | None = None, note: str = "") -> None:
        """Say that so many steps are done, by default one more than before."""
        self.done = self.done + 1 if done is None else done
        if self._watcher is not None:
            self._watcher.step(self.work, self.done, note)


_watcher: ContextVar[Watcher | None] = ContextVar("watcher", default=None)


@contextmanager
def watched_by(watcher: Watcher | None) -> Iterator[None]:
    """Let a watcher hear of all work inside the block; None for nobody."""
    token = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(token)


@contextmanager
def working(
    what: str,
    *,
    total: float | None = None,
    unit: str = "",
    seconds: float | None = None,
    once: bool = False,
) -> Iterator[Task]:
    """Say that work goes on inside the block; see `Work` for the parameters."""
    work, watcher = Work(what, total, unit, seconds, once), _watcher.get()
    if watcher is None:
        yield Task(work, None)
        return
    watcher.begin(work)
    finished = False
    try:
        yield Task(work, watcher)
        finished = True
    finally:
        watcher.end(work, finished)
