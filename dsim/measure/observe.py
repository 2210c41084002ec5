"""Time networks on every backend, as a whole and operator by operator."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from dsim.errors import DsimError
from dsim.measure.records import Backend, Ready, RuntimeOp, Session
from dsim.measure.sustained import Sustained, sustained
from dsim.measure.timing import LEAST, Timing, time_in_turns
from dsim.quiet import quiet

Loaded = Mapping[int, Mapping[str, Session]]
NONE_LOADED: Loaded = {}
OP_RUNS = 16
MANY_RUNS, MANY_OP_RUNS = (
    20,
    6,
)  # the least for a run of many images, which is long, and averages over what disturbs it
OP_TRIES = 3  # of the runs for operators, until they are about as quick as the plain ones
SLOW = 1.06  # times the plain runs


@dataclass(frozen=True)
class Observation:
    """What one backend took for one network.

    Attributes
    ----------
    latency_ms, error_ms
        Quiet latency and half the width of its 95% interval.
    median_ms
        Median of all runs.
    runs, outliers, disturbed
        How many were timed undisturbed, how many of them took far longer than the median, and during how many more
        something else had the core.
    busy
        Whether so much ran beside that the figure is not to be trusted.
    ops
        The runtime's own operators; empty where it does not tell.
    p95_ms
        95th percentile of all runs, disturbed ones included; None in older journals.
    sustained_ms, sustained_s
        What a run takes at the end of so many seconds of runs without a pause (`dsim.measure.sustained`); None where nobody asked.
    load_ms
        From the file to the first answer, of all images of a run; None where the backend reads no file, and in older journals.
    """

    latency_ms: float
    error_ms: float
    median_ms: float
    runs: int
    outliers: int
    busy: bool
    ops: tuple[RuntimeOp, ...]
    disturbed: int = 0
    p95_ms: float | None = None
    sustained_ms: float | None = None
    sustained_s: float | None = None
    load_ms: float | None = None


@dataclass(frozen=True)
class Observed:
    """One network on all backends: what was timed on each, or why nothing was."""

    seen: Mapping[str, Observation]
    failed: Mapping[str, str]


def observe(
    group: Sequence[Ready],
    backends: Sequence[Backend],
    seconds: float,
    plain: Collection[int] = (),
    many: bool = False,
    sustained_s: float = 0.0,
    lasting: int | None = None,
    loaded: Loaded = NONE_LOADED,
) -> tuple[Observed, ...]:
    """Time networks in turns; a backend that fails on one does not stop the others.

    Parameters
    ----------
    group
        Networks; they are held in memory together.
    seconds
        For the timed runs of all of them together.
    plain
        Positions of networks whose operators are not asked for: those that are never learned from.
    many
        Whether all of them take many images a run.
    sustained_s
        For how many seconds each is then run without a pause, for its sustained latency; 0 for none.
    lasting
        How many of them, from the first, are run so; None for all.
    loaded
        Those that are loaded already, by position and backend.
    """
    sessions, failed = open_sessions(group, backends, loaded)
    timings = time_sessions(sessions, seconds, MANY_RUNS if many else LEAST)
    runs = MANY_OP_RUNS if many else OP_RUNS
    seen: list[dict[str, Observation]] = [{} for _ in group]
    for (n, name), timing in timings.items():
        ops = () if n in plain else _ops(sessions[n, name], timing.latency_ms, runs)
        one = sessions[n, name]
        lasts = sustained_s > 0 and (lasting is None or n < lasting)
        hot = sustained(one.run, sustained_s) if lasts else None
        seen[n][name] = observation_of(timing, one.images, ops, hot, one.load_ms)
    return tuple(Observed(own, why) for own, why in zip(seen, failed, strict=True))


def open_sessions(
    group: Sequence[Ready], backends: Sequence[Backend], loaded: Loaded = NONE_LOADED
) -> tuple[dict[tuple[int, str], Session], list[dict[str, str]]]:
    """Load networks, but those that are loaded: sessions by network and backend, and why a backend could not load one."""
    sessions: dict[tuple[int, str], Session] = {}
    failed: list[dict[str, str]] = [{} for _ in group]
    for n, ready in enumerate(group):
        for backend in backends:
            try:
                with quiet():
                    own = loaded.get(n, {}).get(backend.name)
                    sessions[n, backend.name] = _opened(backend, ready) if own is None else own
            except DsimError as error:
                failed[n][backend.name] = str(error)
            except Exception as error:  # whatever a runtime raises on a network that it cannot run
                failed[n][backend.name] = f"{type(error).__name__}: {error}".splitlines()[0]
    return sessions, failed


def _opened(backend: Backend, ready: Ready) -> Session:
    """Load a network; one that comes from a file runs once, for the time until its first answer."""
    start = time.perf_counter()
    session = backend.open(ready)
    if not backend.reads:
        return session
    session.run()
    return replace(session, load_ms=(time.perf_counter() - start) * 1e3)


def time_sessions(
    sessions: Mapping[tuple[int, str], Session], seconds: float, least: int = LEAST
) -> dict[tuple[int, str], Timing]:
    """Time the loaded networks in turns, for some seconds in all, with at least a number of runs of each."""
    away = [key for key, one in sessions.items() if not one.on_cpu]
    runs = {key: one.run for key, one in sessions.items()}
    return time_in_turns(runs, seconds, off_core=away, least=least) if runs else {}


def _ops(session: Session, latency_ms: float, runs: int) -> tuple[RuntimeOp, ...]:
    """Return the operators of the quickest of a few tries, so that what slowed the machine down does not count."""
    best: tuple[RuntimeOp, ...] = ()
    for _ in range(OP_TRIES if session.ops is not None else 0):
        assert session.ops is not None
        with quiet():
            found = session.ops(runs)
        best = found if not best else min(best, found, key=_total)
        if _total(best) < SLOW * latency_ms:
            break
    return best


def _total(ops: Sequence[RuntimeOp]) -> float:
    return sum(op.latency_ms for op in ops)


def observation_of(
    timing: Timing,
    images: int,
    ops: tuple[RuntimeOp, ...],
    hot: Sustained | None = None,
    load_ms: float | None = None,
) -> Observation:
    """Return what was seen of a network by the image, from runs that took ``images`` images each; loading is a whole run's."""
    return Observation(
        timing.latency_ms / images,
        timing.error_ms / images,
        timing.median_ms / images,
        len(timing.undisturbed_ms),
        timing.outliers,
        timing.is_busy,
        ops,
        len(timing.disturbed_ms),
        timing.p95_ms / images,
        None if hot is None else hot.ms / images,
        None if hot is None else hot.seconds,
        load_ms,
    )
