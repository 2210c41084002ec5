"""Time the blocks: all variants of a shape in turns on all backends, and one shape again with networks loaded anew."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dsim.measure.contrast import COPIES, SHAPES, VARIANTS, BlockOptions, Shape, chain
from dsim.measure.contrast_journal import Chain, Visit, append_visit, read_visits
from dsim.measure.journal import Journal
from dsim.measure.machine import load
from dsim.measure.observe import open_sessions, time_sessions
from dsim.measure.ready import Kitchen
from dsim.measure.records import Backend

AGAIN = 1  # shapes that are visited twice: what loading a network anew changes is a figure of the backend, and compiling slow
LEAST_RUNS = 20  # undisturbed ones of a network; fewer say nothing of its quiet latency
RETRIES = 1  # of a visit that has too few
SECONDS = 0.4  # of timed runs for each network and backend of a visit, beyond the least number of runs

Show = Callable[[int, float, str, int], None]


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

    def run(self) -> int:
        """Make the visits that are still to be made, and return how many were made."""
        end, made = self.clock() + self.seconds, 0
        tries: Counter[tuple[int, Shape]] = Counter()
        waiting = waiting_visits(read_visits(self.journal), self.shapes, self.again)
        for _, shape in waiting:  # helpers make them ready one by one, while others are timed
            for variant, copies in _chains():
                self.kitchen.start(chain(variant, shape, copies))
        queue, again = list(waiting), set[tuple[int, Shape]]()
        while queue and self.clock() < end:
            number, shape = queue.pop(0)
            visit, busy = self._visit(shape, number)
            tries[number, shape] += 1
            if busy and tries[number, shape] <= RETRIES:
                queue.append((number, shape))
                again.add((number, shape))
                self.show(made, max(0.0, end - self.clock()), "", len(again))
                continue
            again.discard((number, shape))
            append_visit(self.journal, visit)
            made += 1
            if all(other != shape for _, other in queue):
                for variant, copies in _chains():
                    self.kitchen.clear(chain(variant, shape, copies))
            self.show(made, max(0.0, end - self.clock()), f"blocks of {shape}", len(again))
        return made

    def _visit(self, shape: Shape, number: int) -> tuple[Visit, bool]:
        """Time a shape, and return whether other work disturbed it so much that a network is missing."""
        chains = _chains()
        ready = [self.kitchen.finish(chain(variant, shape, copies)) for variant, copies in chains]
        sessions, failed = open_sessions(ready, self.backends)
        timings = time_sessions(sessions, SECONDS * len(sessions))
        seen: dict[str, list[Chain]] = {}
        why = {name: text for one in failed for name, text in one.items()}
        busy = False
        for (n, name), timing in timings.items():
            if len(timing.undisturbed_ms) < LEAST_RUNS:
                why[name], busy = "something else had the core", True
            else:
                images = sessions[n, name].images
                ms = tuple(value / images for value in timing.undisturbed_ms)
                seen.setdefault(name, []).append(Chain(*chains[n], timing.turns, ms))
        return Visit(shape, number, load(), {name: tuple(own) for name, own in seen.items()}, why), busy


def waiting_visits(
    made: Sequence[Visit], shapes: Sequence[Shape] = SHAPES, again: int = AGAIN
) -> tuple[tuple[int, Shape], ...]:
    """Return the visits that are still to be made: every shape once, then the first ones again."""
    done = {(visit.number, visit.shape) for visit in made}
    order = [(0, shape) for shape in shapes] + [(1, shape) for shape in shapes[:again]]
    return tuple(visit for visit in order if visit not in done)


def _chains() -> tuple[tuple[BlockOptions, int], ...]:
    """Return what is timed at a shape; the variants of one number of copies are neighbours in every turn."""
    return tuple((variant, copies) for copies in COPIES for variant in VARIANTS)
