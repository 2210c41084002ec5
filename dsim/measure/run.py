"""The measuring loop: plan a batch, time it, learn from it, and again until the time is up."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from dsim.device.profile import LEARN, SEARCHED
from dsim.errors import DsimError, MissingPackageError, UnavailableError
from dsim.measure.journal import Entry, Journal
from dsim.measure.learn import doubt_of
from dsim.measure.machine import load
from dsim.measure.observe import observe, open_sessions
from dsim.measure.plan import Doubt, Plan
from dsim.measure.planned import ANCHOR, Planned
from dsim.measure.ready import Kitchen
from dsim.measure.records import Backend, Ready, Session, Stack

SECONDS = 1.2  # of timed runs for each network and backend, where its median is not known well enough before
GROUP = 4  # networks timed in turns: each has runs all over the group's time, and all fit into memory
RETRIES = 1  # of a network that was timed while something else ran
GROWTH = 1.4  # the model is fitted anew whenever there are this many times as many networks
LEAST_TO_LEARN = 10

# networks timed, seconds left, what the last one is called (empty where none ended), and how many wait to be timed again
Show = Callable[[int, float, str, int], None]


@dataclass(frozen=True)
class Usable:
    """Backends that this machine can run, their stacks by name, and why the others cannot run."""

    backends: tuple[Backend, ...]
    stacks: dict[str, Stack]
    missing: dict[str, str]


def usable(wanted: Sequence[Backend]) -> Usable:
    """Ask each backend what it is; one that is missing does not stop the others.

    Raises
    ------
    UnavailableError
        None can be had; the message says why for each.
    """
    stacks: dict[str, Stack] = {}
    missing: dict[str, str] = {}
    for backend in wanted:
        try:
            stacks[backend.name] = backend.stack()
        except (MissingPackageError, UnavailableError) as error:
            missing[backend.name] = str(error)
    if not stacks:
        raise UnavailableError("; ".join(missing.values()))
    return Usable(tuple(b for b in wanted if b.name in stacks), stacks, missing)


@dataclass
class Loop:
    """Measures until the time is up.

    Attributes
    ----------
    backends, journal, kitchen
        What runs, where it is written, and what makes networks ready.
    seconds
        Until no further network is begun; the last one may take a little longer.
    most
        Networks at most.
    show
        Called after each network with their number, the seconds that are left, what the last one is called, and how many
        wait to be timed again because something else ran; and with an empty name while networks are made ready.
    batches
        Images in a run: every network is timed at each, as far as it can be had at it.
    retries
        How often to time a network again that was timed while something else ran.
    anchors
        Networks that are timed again and again, one beside each group: they show how the machine's own speed goes.
    now
        Gives the time of day in seconds.
    sustained_s
        For how many seconds each network but the anchors is then run without a pause, on each backend; 0 for none.
    """

    backends: tuple[Backend, ...]
    journal: Journal
    kitchen: Kitchen
    seconds: float
    most: int
    show: Show
    clock: Callable[[], float] = time.monotonic
    batches: tuple[int, ...] = (1,)
    retries: int = RETRIES
    anchors: tuple[Planned, ...] = ()
    now: Callable[[], float] = time.time
    sustained_s: float = 0.0
    _groups: int = 0  # timed so far: anchors come in turns
    _disturbed: int = 0  # networks that wait to be timed again
    # anchors stay loaded, by key and batch: one may take longer to load than all else of its group together
    _loaded: dict[tuple[str, int], dict[str, Session]] = field(default_factory=dict)

    def follow(self, plan: Plan) -> int:
        """Measure what a plan draws, and return how many networks were timed in this run."""
        end, learned_at, doubt = self.clock() + self.seconds, 0, None
        entries = list(self.journal.entries())
        before = len(entries)
        entries += self.time(self._missing(entries)[: self.most], end)
        timed = len(entries) - before
        while self.clock() < end and timed < self.most:
            if len(entries) >= max(LEAST_TO_LEARN, GROWTH * learned_at):
                doubt, learned_at = self._learn(entries), len(entries)
            batch = plan.batch({entry.planned.key for entry in entries}, doubt)
            if not batch:
                break
            found = self.time(self._at_batches(batch)[: self.most - timed], end)
            entries += found
            timed += len(found)
        return timed

    def add(self, wanted: Sequence[Planned]) -> int:
        """Measure what the journal does not hold yet of a list, in order until the time is up; return how many were timed.

        Each is timed at the first of the batches.
        """
        done = {(entry.planned.key, entry.planned.batch) for entry in self.journal.entries()}
        left = [one for planned in wanted if (one := planned.at(self.batches[0])) is not None]
        left = [one for one in left if (one.key, one.batch) not in done]
        return len(self.time(left[: self.most], self.clock() + self.seconds))

    def _at_batches(self, planned: Sequence[Planned]) -> list[Planned]:
        return self._left(planned, frozenset())

    def _left(self, planned: Sequence[Planned], done: Collection[tuple[str, int]]) -> list[Planned]:
        """Return networks at every batch that they were not timed at yet, those of a group and one batch together."""
        out: list[Planned] = []
        for start in range(0, len(planned), GROUP):
            for batch in self.batches:
                group = [own for own in planned[start : start + GROUP] if (own.key, batch) not in done]
                out += [one for own in group if (one := own.at(batch)) is not None]
        return out

    def _missing(self, entries: Sequence[Entry]) -> list[Planned]:
        """Return what was timed at some batch and not at another one: after a stop, or before that one was asked for."""
        done = {(entry.planned.key, entry.planned.batch) for entry in entries}
        first = {entry.planned.key: entry.planned for entry in entries if entry.planned.role != SEARCHED}
        return self._left(
            [one for key, one in first.items() if any((key, n) not in done for n in self.batches)], done
        )

    def time(self, batch: Sequence[Planned], end: float) -> list[Entry]:
        """Time networks in order until ``end``, GROUP of them in turns; those disturbed by other work are timed again last."""
        waiting = [(one, self.retries) for one in batch]
        out: list[Entry] = []
        self._disturbed = 0
        if waiting:
            for anchor in self.anchors:
                self.kitchen.start(anchor)
        while waiting and self.clock() < end:
            group, waiting = waiting[:GROUP], waiting[GROUP:]
            for planned, _ in (
                *group,
                *waiting[:GROUP],
            ):  # the next ones are made ready while these are timed
                self.kitchen.start(planned)
            for (planned, tries), entry in zip(group, self._time([one for one, _ in group]), strict=True):
                if tries and any(one.busy for one in entry.observed.seen.values()):
                    waiting.append((planned, tries - 1))
                    self._disturbed += 1
                    self.show(len(out), max(0.0, end - self.clock()), "", self._disturbed)
                    continue
                self._disturbed -= tries < self.retries  # its second time has come
                self.kitchen.clear(planned)
                self.journal.append(entry)
                out.append(entry)
                self.show(len(out), max(0.0, end - self.clock()), planned.label, self._disturbed)
        return out

    def _time(self, group: Sequence[Planned]) -> list[Entry]:
        ready = []
        together = [*group, *self._anchor(group[0].batch)]
        for planned in together:
            self.show(
                0, 0.0, "", self._disturbed
            )  # it goes on: converting a network may take longer than timing it
            ready.append(self.kitchen.finish(planned))
        self.show(0, 0.0, "", self._disturbed)
        plain = [n for n, planned in enumerate(together) if planned.role != LEARN]
        many = all(planned.batch > 1 for planned in group)
        began = self.now()
        seconds = SECONDS * len(self.backends) * len(together)
        found = observe(
            ready,
            self.backends,
            seconds,
            plain,
            many,
            self.sustained_s,
            len(group),
            self._load(together, ready),
        )
        middle = (began + self.now()) / 2.0
        timed = [
            Entry(planned, observed, load(), middle)
            for planned, observed in zip(together, found, strict=True)
        ]
        for entry in timed[len(group) :]:
            self.journal.append(entry)
        return timed[: len(group)]

    def _load(self, together: Sequence[Planned], ready: Sequence[Ready]) -> dict[int, Mapping[str, Session]]:
        """Load the anchors among networks, where they are not loaded yet; return them by position and backend."""
        out: dict[int, Mapping[str, Session]] = {}
        for n, planned in enumerate(together):
            if planned.role == ANCHOR:
                at = planned.key, planned.batch
                if at not in self._loaded:
                    sessions, _ = open_sessions([ready[n]], self.backends)
                    self._loaded[at] = {name: one for (_, name), one in sessions.items()}
                out[n] = self._loaded[at]
        return out

    def _anchor(self, batch: int) -> tuple[Planned, ...]:
        """Return the anchor whose turn it is, at the batch of the group beside which it is timed; none where it has none."""
        if not self.anchors:
            return ()
        anchor = self.anchors[self._groups % len(self.anchors)].at(batch)
        self._groups += 1
        return () if anchor is None else (anchor,)

    def _learn(self, entries: Sequence[Entry]) -> Doubt | None:
        """Fit a model of the first backend whose ops are known; where that fails, the order stays as it is."""
        for name in (backend.name for backend in self.backends):
            try:
                return doubt_of(self.journal.head, name, entries)
            except DsimError:
                continue
        return None


__all__ = ["Loop", "Usable", "usable"]
