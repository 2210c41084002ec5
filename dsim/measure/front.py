"""Measure this machine from Python, as ``dsim measure`` does; see `dsim.measure`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from dsim.arch import Arch
from dsim.device.profile import SEARCHED
from dsim.errors import InvalidValueError, UnavailableError
from dsim.files import make_folder
from dsim.measure.android import AndroidBundle, write_android_bundle
from dsim.measure.compared_designs import compared_profiles, timed_designs
from dsim.measure.contrast_journal import read_visits
from dsim.measure.contrast_profiles import fill_profiles
from dsim.measure.coreml import Bundle, write_bundle
from dsim.measure.coreml.probes import probes
from dsim.measure.measurement import (
    ONLY,
    WITHOUT,
    Begun,
    Request,
    begin,
    begin_compared,
    contrasts_with,
    finish,
    run,
    run_chosen,
    run_contrasts,
    timing,
)
from dsim.measure.plan import covering_designs
from dsim.measure.planned import planned_design
from dsim.measure.results import ComparedDesigns, NewContrasts, NewProfiles
from dsim.measure.searched import chosen_designs, searches
from dsim.progress import working
from dsim.shift import Comparison, load_comparison
from dsim.shift.measured import designs_to_time, read_measured, write_measured

SECONDS = 600.0
CHECKS = 20
NETWORKS = 10_000
RUNTIMES = ("coreml", "litert")  # that a bundle may be for
BUNDLE_DESIGNS = 4  # about a thousand packages and a gigabyte
MOST_SEARCHES = 100
Backends = str | Sequence[str]


def measure(
    backends: Backends,
    name: str,
    *,
    title: str = "",
    seconds: float = SECONDS,
    batches: Sequence[int] = (1,),
    checks: int = CHECKS,
    networks: int = NETWORKS,
    searches: int = 0,
    sustained_s: float = 0.0,
    contrasts: bool = True,
    fresh: bool = False,
    allow_busy: bool = False,
) -> NewProfiles:
    """Time networks on this machine, and make a device profile for each backend, as ``dsim measure`` does.

    What was timed is kept: the same call goes on where the last one stopped.

    Parameters
    ----------
    backends
        One runtime or several, such as ``"onnxruntime"``; `dsim.measure.backends.BACKENDS` has all.
    name
        Name of the new profile; with several backends ``name-backend``.
    title
        What lists call the machine; the processor's own name by default.
    seconds
        How long to time networks.
    batches
        Images in a run, such as ``(1, 8)``: the profile holds each.
    checks
        How many designs to hold out: they are never learned from, and show how well the profile predicts.
    networks
        Stop after so many.
    searches
        Then search each new profile under 6 budgets, so many times each, and time what was chosen.
    sustained_s
        Seconds for which each network is also run without a pause, on each backend: its sustained latency is the median of the
        last quarter. It is part of ``seconds``; 0 for none.
    contrasts
        Whether to time blocks that differ in activation or norm alone, in a quarter of the time, from 5 minutes on.
    fresh
        Whether to begin anew, rather than go on with what was timed before.
    allow_busy
        Whether to keep figures that were taken while something else ran.

    Raises
    ------
    UnknownNameError
        There is no such backend.
    UnavailableError
        No backend can be used on this machine, the machine was too busy, or too few networks were timed.
    DsimError
        Something in the request breaks a rule.
    """
    wanted = contrasts_with(batches, contrasts)
    request = Request(
        _names(backends),
        name,
        title,
        seconds,
        checks,
        networks,
        fresh,
        allow_busy,
        wanted,
        tuple(batches),
        sustained_s,
    )
    return make_profiles(begin(request), searches)


def contrasts(
    backends: Backends, name: str, *, seconds: float = SECONDS, fresh: bool = False
) -> NewContrasts:
    """Time blocks that differ in activation or norm alone, and put what they cost into profiles that exist.

    Parameters
    ----------
    backends, name
        Those of `measure` that made the profiles.
    seconds
        How long to time blocks; the same call goes on.
    fresh
        Whether to begin anew.

    Raises
    ------
    UnavailableError
        No backend can be used on this machine, or no profile got contrasts; the message says why.
    DsimError
        Something in the request breaks a rule.
    """
    return add_contrasts(begin(Request(_names(backends), name, "", seconds, 0, 0, fresh, False, ONLY)))


def compared(
    folder: str | os.PathLike[str],
    backends: Backends,
    name: str,
    *,
    seconds: float = SECONDS,
    fresh: bool = False,
    allow_busy: bool = False,
) -> ComparedDesigns:
    """Time the designs that a comparison names on this machine, and write the times beside its predictions.

    Makes no profile, and no model learns from these times: they test what the comparison said.

    Parameters
    ----------
    folder
        A finished comparison of `dsim.compare`.
    backends, name
        Those of `measure` that made the profiles.
    seconds, fresh, allow_busy
        As `measure` takes them.

    Raises
    ------
    InvalidValueError
        The comparison compares none of these profiles, or they are of another chip.
    DsimError
        The folder holds no comparison, or something in the request breaks a rule.
    """
    found, request = compared_request(Path(folder), _names(backends), name, seconds, fresh, allow_busy)
    return time_compared(begin_compared(request), found, Path(folder))


def bundle(
    folder: str | os.PathLike[str],
    designs: int | Iterable[Arch] = BUNDLE_DESIGNS,
    *,
    seconds: float | None = SECONDS,
    runtime: str = "coreml",
) -> Bundle | AndroidBundle:
    """Write what a Mac needs to time networks through Core ML, or an Android phone through LiteRT, or continue writing it.

    Copy the folder to a Mac and run ``python run_on_mac.py`` there, or connect a phone and run ``python run_on_android.py``, and
    give the results to `dsim.add_device`.

    Parameters
    ----------
    folder
        Empty, or what an earlier call left.
    designs
        Designs that are timed whole and op by op, or how many of those that hold most kinds of op.
    seconds
        After so many no further package is begun; None for no bound.
    runtime
        ``coreml`` or ``litert``.

    Raises
    ------
    MissingPackageError
        coremltools, or litert-torch, is not installed.
    DsimError
        The folder cannot be written, or holds something else.
    """
    chosen = covering_designs(max(1, designs)) if isinstance(designs, int) else tuple(designs)
    if runtime not in RUNTIMES:
        raise InvalidValueError(
            f"a bundle's runtime must be one of {', '.join(RUNTIMES)}, got {runtime!r}; choose one"
        )
    write, where = (
        (write_bundle, "a Mac") if runtime == "coreml" else (write_android_bundle, "an Android phone")
    )
    with working(f"writing packages for {where}", total=1.0) as work:

        def step(done: int, total: int, what: str) -> None:
            work.step(done / max(total, 1), f"{done} of {total} packages, now {what}" if what else "")

        return write(chosen, Path(folder), step, seconds=seconds, probes=probes())


# ---- the work, once it is begun: the command line says first which backends are missing -----------------------


def make_profiles(begun: Begun, rounds: int = 0) -> NewProfiles:
    """Time networks and write profiles; with ``rounds`` of searches, time what they choose too."""
    if not 0 <= rounds <= MOST_SEARCHES:
        raise InvalidValueError(f"searches are 0 to {MOST_SEARCHES} for each budget, got {rounds}; use 5")
    with timing(begun) as show:
        run(begun, show)
    made, held, folders = finish(begun)
    if rounds:
        chosen = chosen_designs(searches(begun.profiles, rounds))
        with timing(begun) as show:
            run_chosen(begun, chosen, show, min(one.batches[0] for one in made.values()))
        made, held, folders = finish(begun)
    return NewProfiles(made, {name: tuple(own) for name, own in held.items()}, folders, begun.found.missing)


def add_contrasts(begun: Begun) -> NewContrasts:
    """Time blocks, and put what they cost into the profiles of the backends."""
    with timing(begun) as show:
        run_contrasts(begun, begun.request.seconds, show)
    done, left = fill_profiles(
        begun.earlier_profiles,
        begun.found.stacks,
        begun.journal.head.machine.processor,
        read_visits(begun.journal),
    )
    if not done:
        raise UnavailableError(
            f"no profile got contrasts; what was timed is kept in {begun.journal.path}: {left[0]}"
        )
    return NewContrasts(done, left, begun.found.missing)


def compared_request(
    folder: Path, backends: tuple[str, ...], name: str, seconds: float, fresh: bool, allow_busy: bool
) -> tuple[Comparison, Request]:
    """Read a comparison, and return what is to be measured for it."""
    found = load_comparison(folder)
    make_folder(folder)  # a place that cannot be written is told before the work, not after
    return found, Request(backends, name, "", seconds, 0, NETWORKS, fresh, allow_busy, WITHOUT)


def time_compared(begun: Begun, found: Comparison, folder: Path) -> ComparedDesigns:
    """Time the designs of a comparison, and write the times into its folder."""
    devices = compared_profiles(begun, found)
    planned = [planned_design(arch, SEARCHED) for arch in designs_to_time(found, devices.values())]
    with timing(begun) as show:
        run_chosen(begun, planned, show)
    timed = timed_designs(begun, devices, {one.key for one in planned})
    if timed:
        write_measured(folder, timed)
    left = len(planned) - len({one.design for one in timed})
    kept = tuple(read_measured(folder))
    return ComparedDesigns(found, kept, tuple(devices.values()), len(planned), left, begun.found.missing)


def _names(backends: Backends) -> tuple[str, ...]:
    return (backends,) if isinstance(backends, str) else tuple(backends)
