"""Measure this machine: open the journal, run the loop, write profiles and cards."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from dsim.device.add.contrasts import put_contrasts
from dsim.device.add.write import check_name, write_profile
from dsim.device.batches import card_batch, names_by_batch
from dsim.device.card import write_card
from dsim.device.find import find_profile
from dsim.device.folders import JOURNALS, writable_profiles_dir
from dsim.errors import InvalidValueError, UnavailableError
from dsim.latency.scoring import Held
from dsim.latency.summary import summarise
from dsim.measure.backends import BACKENDS, find_backend
from dsim.measure.contrast_figures import block_contrasts
from dsim.measure.contrast_journal import SUFFIX, read_visits
from dsim.measure.contrast_profiles import check_fills, existing, kept_contrasts
from dsim.measure.contrast_run import ContrastLoop, waiting_visits
from dsim.measure.drift_readings import machine_drift
from dsim.measure.journal import ANEW, Head, Journal, open_journal
from dsim.measure.machine import pin_to_one_core, this_machine
from dsim.measure.make_profile import LEAST_NETWORKS, Measured, check_not_another, make_profile
from dsim.measure.plan import Plan, anchors
from dsim.measure.planned import Planned
from dsim.measure.ready import Kitchen, kitchen
from dsim.measure.run import RETRIES, Loop, Show, Usable, usable
from dsim.places import user_profiles_dir
from dsim.progress import working

COMPARED, VARIANTS = ".compared.jsonl", ".variants.jsonl"
WITH, WITHOUT, ONLY = "with", "without", "only"
MOST_IMAGES = 1024  # in a run
MOST_CHECKS = 1000
MOST_SUSTAINED = 3600.0  # seconds
CONTRAST_SHARE = 0.25  # of the time, while there are blocks to time
LEAST_FOR_CONTRASTS = 300.0  # seconds


@dataclass(frozen=True)
class Request:
    """What the user asked for; a value outside its range is an error.

    Attributes
    ----------
    backends, name, title
        Runtimes by name, and what the profiles are called: ``name``, or ``name-backend`` where there are several.
    seconds, checks, most
        For the networks; how many designs to hold out for good; networks at most.
    fresh, allow_busy
        Whether to begin a new journal, and to keep figures of a busy machine.
    batches
        Images in a run, in ascending order: the networks are timed at each.
    contrasts
        ``with`` the networks, ``without``, or ``only``: whether to time blocks that differ in one choice.
    sustained_s
        For how many seconds each network is also run without a pause, on each backend; 0 for none.
    """

    backends: tuple[str, ...]
    name: str
    title: str
    seconds: float
    checks: int
    most: int
    fresh: bool
    allow_busy: bool
    contrasts: str = WITH
    batches: tuple[int, ...] = (1,)
    sustained_s: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "batches", tuple(sorted(set(self.batches))))
        if not self.backends:
            raise InvalidValueError(
                f"a machine is timed on at least one backend, got none; name some of {', '.join(BACKENDS)}"
            )
        if not self.seconds > 0:
            raise InvalidValueError(f"the time to measure must be positive, got {self.seconds:g} s; use 600")
        if not self.batches or not all(1 <= batch <= MOST_IMAGES for batch in self.batches):
            raise InvalidValueError(
                f"a run takes 1 to {MOST_IMAGES} images, got batches {self.batches}; use (1,) or (1, 8)"
            )
        if not 0 <= self.sustained_s <= MOST_SUSTAINED:
            raise InvalidValueError(
                f"runs without a pause last 0 to {MOST_SUSTAINED:g} s for each network, got {self.sustained_s:g}; use 20, or 0 for none"
            )
        if not (0 <= self.checks <= MOST_CHECKS and self.most >= 0):
            raise InvalidValueError(
                f"designs to hold out are 0 to {MOST_CHECKS} and networks 0 or more, got {self.checks} and {self.most}; "
                "leave them out to use 20 and 10000"
            )

    def profile_name(self, backend: str) -> str:
        """Return the name of the profile that a backend makes."""
        return self.name if len(self.backends) == 1 else f"{self.name}-{backend}"

    def earlier_names(self, backend: str) -> tuple[str, ...]:
        """Return the names that a backend's profile may have from before: made with this backend alone, or with several."""
        return tuple(dict.fromkeys((self.profile_name(backend), f"{self.name}-{backend}")))


@dataclass(frozen=True)
class Begun:
    """A measurement that can go on: which backends, under which journals, and the core that helpers may use.

    With ``only`` contrasts the two journals are one. Without them the second is None.
    """

    request: Request
    found: Usable
    journal: Journal
    contrasts: Journal | None
    other_core: int | None

    @property
    def profiles(self) -> dict[str, str]:
        """Names of the profiles that the backends make, by backend."""
        return {backend: self.request.profile_name(backend) for backend in self.found.stacks}

    @property
    def earlier_profiles(self) -> dict[str, str]:
        """Names of the user's profiles that were made before, by backend; where there is none, of the one that is missing."""
        return {backend: existing(self.request.earlier_names(backend)) for backend in self.found.stacks}


def begin(request: Request) -> Begun:
    """Check what was asked for before anything is timed.

    Raises
    ------
    DsimError
        A name is unknown or taken, no backend can be had, or the journal belongs to another machine.
    """
    found, head, other = _ask(request, request.contrasts == ONLY)
    folder = user_profiles_dir() / JOURNALS
    beside = folder / f"{request.name}{SUFFIX}"
    if request.contrasts == ONLY:
        only = open_journal(beside, head, request.fresh, ANEW)
        return Begun(request, found, only, only, other)
    contrasts = None if request.contrasts == WITHOUT else open_journal(beside, head, request.fresh)
    journal = open_journal(folder / f"{request.name}.jsonl", head, request.fresh)
    if request.most < LEAST_NETWORKS and len(journal.entries()) + request.most < LEAST_NETWORKS:
        raise UnavailableError(
            f"a profile needs at least {LEAST_NETWORKS} networks to learn from, got --networks {request.most}; "
            "give it more, or leave it out"
        )
    return Begun(request, found, journal, contrasts, other)


def begin_compared(request: Request) -> Begun:
    """Check the same before designs of a comparison are timed; their journal is one of its own.

    Raises
    ------
    DsimError
        As `begin` does.
    """
    return _begin_apart(request, COMPARED)


def begin_variants(request: Request) -> Begun:
    """Check the same before whole variants of a network are timed; their journal is one of its own.

    Raises
    ------
    DsimError
        As `begin` does, or no profile can take what is timed.
    """
    return _begin_apart(request, VARIANTS, fills=True)


def _begin_apart(request: Request, suffix: str, fills: bool = False) -> Begun:
    """Open a journal of its own, which no profile is made of; ``fills`` where figures are put into profiles that exist."""
    found, head, other = _ask(request, fills)
    path = user_profiles_dir() / JOURNALS / f"{request.name}{suffix}"
    return Begun(request, found, open_journal(path, head, request.fresh, ANEW), None, other)


def _ask(request: Request, fills: bool = False) -> tuple[Usable, Head, int | None]:
    """Ask the machine and its runtimes what they are; the core that helpers may use comes last."""
    check_name(request.name)
    writable_profiles_dir()  # a place that cannot be written is told before the work, not after
    for name in (request.name, *(f"{request.name}-{backend}" for backend in request.backends)):
        check_not_another(user_profiles_dir() / name)
    wanted = [find_backend(name) for name in dict.fromkeys(request.backends)]
    machine = this_machine()
    # before any runtime is loaded: OpenVINO, asked what it is, takes threads on the cores that there are then
    core, other = pin_to_one_core()
    found = usable(wanted)
    if request.batches != (1,):
        own = [name for name, stack in found.stacks.items() if stack.batch != 1]
        if own:
            raise InvalidValueError(
                f"--batch goes with backends that take one image by themselves, got {', '.join(own)}; leave one of them out"
            )
    if fills:
        names = {backend: request.earlier_names(backend) for backend in found.stacks}
        check_fills(names, found.stacks, machine.processor)
    return found, Head(machine, found.stacks, 1, core), other


@contextmanager
def timing(begun: Begun) -> Iterator[Show]:
    """Show how much of the time is over and which network was timed last, and where the figures are if the user stops."""
    seconds = begun.request.seconds
    runtimes = ", ".join(begun.found.stacks)
    with working(f"timing networks on {runtimes}", total=seconds, unit="s") as work:
        timed: dict[str, None] = {}
        start = time.monotonic()

        def show(_number: int, _left: float, key: str, again: int) -> None:
            timed.update({key: None} if key else {})
            last = f", last {next(reversed(timed))}" if timed else ""
            work.step(
                min(time.monotonic() - start, seconds), f"{len(timed)} timed{last}{waiting_words(again)}"
            )

        try:
            yield show
        except KeyboardInterrupt as stop:
            stop.add_note(f"What was timed is kept in {begun.journal.path}; do the same again to go on.")
            raise


def waiting_words(again: int) -> str:
    """Say why networks that ran are not counted yet, and how to go on; empty where none waits."""
    if not again:
        return ""
    return (
        f"; {again} to be timed again, because other programs ran: stop those, or stop this (Ctrl-C keeps what is timed) and "
        "give the same command with --allow-busy"
    )


def run(begun: Begun, show: Show) -> int:
    """Time what the planner draws until the time is up, with a share of it for contrasts; return how many networks.

    Contrasts come last, and only where there is time for them: a machine that is timed for a minute gets networks.
    """
    seconds = begun.request.seconds
    waiting = seconds >= LEAST_FOR_CONTRASTS and contrasts_wait(begun)
    share = CONTRAST_SHARE if waiting else 0.0
    with _loop(begun, show) as loop:
        loop.seconds = (1.0 - share) * seconds
        loop.anchors = anchors()
        timed = loop.follow(Plan(begun.request.checks))
    if waiting:
        run_contrasts(begun, share * seconds, show)
    return timed


def run_chosen(begun: Begun, chosen: Sequence[Planned], show: Show, batch: int = 1) -> int:
    """Time designs that a search or a comparison names, within the time that was asked for; return how many networks.

    Parameters
    ----------
    batch
        Images in a run: that of the profile under its plain name, which was searched.
    """
    with _loop(begun, show) as loop:
        loop.batches = (batch,)
        loop.anchors = (
            () if begun.journal.path.name.endswith(COMPARED) else anchors()
        )  # no profile is made of those
        return loop.add(chosen)


@contextmanager
def _loop(begun: Begun, show: Show) -> Iterator[Loop]:
    with kitchen_of(begun) as made:
        batches = begun.request.batches
        yield Loop(
            begun.found.backends,
            begun.journal,
            made,
            begun.request.seconds,
            begun.request.most * len(batches),
            show,
            batches=batches,
            retries=0 if begun.request.allow_busy else RETRIES,
            sustained_s=begun.request.sustained_s,
        )


def kitchen_of(begun: Begun) -> AbstractContextManager[Kitchen]:
    """Return what makes networks ready in the forms that the backends read."""
    forms = {form for backend in begun.found.backends for form in (backend.reads, backend.ahead) if form}
    return kitchen(frozenset(forms), begun.other_core)


def contrasts_with(batches: Sequence[int], wanted: bool) -> str:
    """Return whether blocks are timed with the networks: only if asked for, and only where one image is among the batches."""
    return WITH if wanted and 1 in batches else WITHOUT


def contrasts_wait(begun: Begun) -> bool:
    """Return whether there are blocks still to be timed."""
    if begun.contrasts is None:
        return False
    return bool(waiting_visits(read_visits(begun.contrasts)))


def run_contrasts(begun: Begun, seconds: float, show: Show) -> int:
    """Time blocks that differ in one choice, begin no new one after some seconds, and return how many shapes were timed."""
    if begun.contrasts is None:
        return 0
    with kitchen_of(begun) as made:
        return ContrastLoop(begun.found.backends, begun.contrasts, made, seconds, show).run()


def finish(begun: Begun) -> tuple[Mapping[str, Measured], Mapping[str, Sequence[Held]], Mapping[str, Path]]:
    """Write a profile and its card for each backend; return what was made, its held-out networks, and where it lies.

    Raises
    ------
    DsimError
        The machine was busy, or a file cannot be written.
    """
    made: dict[str, Measured] = {}
    held: dict[str, Sequence[Held]] = {}
    folders: dict[str, Path] = {}
    entries = begun.journal.entries()
    drift = machine_drift(begun.journal.head, entries, begun.journal.anchors())
    visits = read_visits(begun.contrasts) if begun.contrasts is not None else ()
    for backend, stack in begun.found.stacks.items():
        name = begun.request.profile_name(backend)
        title = f"{begun.request.title or begun.journal.head.machine.processor}, {stack.runtime}, {stack.precision}"
        contrasts = block_contrasts(visits, backend)
        made[name] = make_profile(
            name, title, begun.journal.head, backend, entries, begun.request.allow_busy, contrasts, drift
        )
        kept = None if contrasts else kept_contrasts(user_profiles_dir() / name, stack)
        folders[name] = write_profile(user_profiles_dir(), made[name].addition, force=True)
        if kept is not None:
            put_contrasts(folders[name], *kept)
        for at in names_by_batch(name, find_profile(name)):
            profile = find_profile(at)
            summary = summarise(profile.name)
            write_card(folders[name], summary.card, card_batch(profile))
            held[profile.name] = summary.networks
    return made, held, folders
