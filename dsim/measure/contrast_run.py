"""Time the blocks: all variants of a shape in turns on all backends, and one shape again with networks loaded anew."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dsim.measure.contrast import COPIES, SHAPES, VARIANTS, Shape, Variant, chain
from dsim.measure.contrast_journal import Chain, Visit, append_visit, read_visits
from dsim.measure.journal import Journal
from dsim.measure.machine import load
from dsim.measure.observe import open_sessions, time_sessions
from dsim.measure.ready import Kitchen
from dsim.measure.records import Backend

AGAIN = 1  # shapes that are visited twice: what loading a network anew changes is a figure of the backend, and compiling slow
SECONDS = 0.4  # of timed runs for each network and backend of a visit, beyond the least number of runs

Show = Callable[[int, float, str], None]


@dataclass
class ContrastLoop:
    """Times the blocks until all are done or the time is up.

    Attributes
    ----------
    backends, journal, kitchen
        What runs, where it is written, and what makes networks ready.
    seconds
        Until no further visit is begun.
    show
        Called after each visit with their number, the seconds that are left, and what was timed.
    shapes, again
        What to time, and how many of them twice.
    """

    backends: Sequence[Backend]
    journal: Journal
    kitchen: Kitchen
    seconds: float
    show: Show
    shapes: Sequence[Shape] = SHAPES
    again: int = AGAIN
    clock: Callable[[], float] = time.monotonic

    def waiting(self) -> tuple[tuple[int, Shape], ...]:
        """Give the visits that are still to be made: every shape once, then some again."""
        done = {(visit.number, visit.shape) for visit in read_visits(self.journal)}
        order = [(0, shape) for shape in self.shapes] + [(1, shape) for shape in self.shapes[: self.again]]
        return tuple(visit for visit in order if visit not in done)

    def run(self) -> int:
        """Make the visits that are waiting; how many were made."""
        end, made = self.clock() + self.seconds, 0
        waiting = self.waiting()
        for _, shape in waiting:  # helpers make them ready one by one, while others are timed
            for variant, copies in _chains():
                self.kitchen.start(chain(variant, shape, copies))
        for at, (number, shape) in enumerate(waiting):
            if self.clock() >= end:
                break
            append_visit(self.journal, self._visit(shape, number))
            made += 1
            if all(other != shape for _, other in waiting[at + 1 :]):
                for variant, copies in _chains():
                    self.kitchen.clear(chain(variant, shape, copies))
            self.show(made, max(0.0, end - self.clock()), f"blocks of {shape}")
        return made

    def _visit(self, shape: Shape, number: int) -> Visit:
        chains = _chains()
        ready = [self.kitchen.finish(chain(variant, shape, copies)) for variant, copies in chains]
        sessions, failed = open_sessions(ready, self.backends)
        timings = time_sessions(sessions, SECONDS * len(sessions))
        seen: dict[str, list[Chain]] = {}
        for (n, name), timing in timings.items():
            if timing.undisturbed_ms:
                seen.setdefault(name, []).append(Chain(*chains[n], timing.turns, timing.undisturbed_ms))
        why = {name: text for one in failed for name, text in one.items()}
        return Visit(shape, number, load(), {name: tuple(own) for name, own in seen.items()}, why)


def _chains() -> tuple[tuple[Variant, int], ...]:
    """Give what is timed at a shape; the variants of one number of copies are neighbours in every turn."""
    return tuple((variant, copies) for copies in COPIES for variant in VARIANTS)
