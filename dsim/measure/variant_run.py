"""Time whole variants of a network on this machine, keep every turn, and put the result into profiles that exist."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dsim.arch import Arch
from dsim.arch.named import read_design
from dsim.device.variants import Variant, read_variants, write_variants
from dsim.errors import InvalidValueError, UnavailableError
from dsim.measure.contrast_evidence import SOURCE
from dsim.measure.contrast_profiles import stack_differs
from dsim.measure.journal import REMEDY, Journal, after_head, append_line
from dsim.measure.measurement import Begun, Request, begin_variants, kitchen_of, timing
from dsim.measure.observe import open_sessions
from dsim.measure.planned import planned_design
from dsim.measure.results import NewVariants
from dsim.measure.run import Show
from dsim.measure.variants import LEAST_TURNS, paired_variants, time_turns, variants_of
from dsim.places import user_profiles_dir
from dsim.records import from_plain, to_plain


@dataclass(frozen=True)
class TurnLine:
    """A turn as a line of the journal holds it: the design, and milliseconds by backend and choice."""

    design: str
    ms: Mapping[str, Mapping[str, float]]


def time_variants(
    design: str | Path | Arch, backends: tuple[str, ...], name: str, seconds: float, fresh: bool
) -> NewVariants:
    """Time a design with another activation or norm everywhere outside attention, in turns with the plain one.

    Raises
    ------
    InvalidValueError
        Nothing can be changed in the design.
    UnavailableError
        No backend can be used on this machine, or there was no time for enough turns.
    DsimError
        Something in the request breaks a rule.
    """
    arch = read_design(design)
    label = design if isinstance(design, str) else f"design-{arch.canonical_hash()[:12]}"
    if len(variants_of(arch)) < 2:
        raise InvalidValueError(
            f"a design must have one activation or norm in all blocks to be changed, {label} mixes several; name another"
        )
    begun = begin_variants(Request(backends, name, "", seconds, 0, 0, fresh, False, "without"))
    key = f"{label}#{arch.canonical_hash()[:12]}"
    with timing(begun) as show:
        failed = _run(begun, key, arch, seconds, show)
    turns = [line.ms for line in read_turns(begun.journal) if line.design == key]
    found = paired_variants(label, turns, SOURCE)
    if not found:
        why = next(iter(failed.values()), "give it more --time")
        raise UnavailableError(
            f"{len(turns)} turns were timed, too few to tell; what was timed is kept in {begun.journal.path}: {why}"
        )
    variants = {begun.earlier_profiles[backend]: own for backend, own in found.items()}
    return NewVariants(variants, _fill(begun, found), begun.found.missing)


def read_turns(journal: Journal) -> tuple[TurnLine, ...]:
    """Read what was timed; a last line that was cut off is left out."""
    return tuple(from_plain(TurnLine, raw, where, REMEDY) for where, raw in after_head(journal.path))


def _run(begun: Begun, key: str, arch: Arch, seconds: float, show: Show) -> dict[str, str]:
    """Time turns until the time is up, and return why a backend could not run something."""
    end = time.monotonic() + seconds  # compiling is part of it: the progress shows one time
    planned = {choice: planned_design(one) for choice, one in variants_of(arch).items()}
    with kitchen_of(begun) as made:
        for one in planned.values():
            made.start(one)
        ready = [made.finish(one) for one in planned.values()]
        sessions, failed = open_sessions(ready, begun.found.backends)
    choices = list(planned)
    number = 0

    def each(taken: Mapping[tuple[int, str], float]) -> None:
        nonlocal number
        ms: dict[str, dict[str, float]] = {}
        for (n, backend), value in taken.items():
            ms.setdefault(backend, {})[choices[n]] = round(value, 4)
        append_line(begun.journal.path, to_plain(TurnLine(key, ms)))
        number += 1
        show(number, 0.0, f"turn {number}", 0)

    runs = {where: session.run for where, session in sessions.items()}
    time_turns(runs, end - time.monotonic(), each, least=LEAST_TURNS)
    return {name: why for one in failed for name, why in one.items()}


def _fill(begun: Begun, found: Mapping[str, tuple[Variant, ...]]) -> tuple[str, ...]:
    """Put what was timed into the profiles; return a line for each that does not exist or is of another stack."""
    left = []
    for backend, own in found.items():
        name, stack = begun.earlier_profiles[backend], begun.found.stacks[backend]
        folder = user_profiles_dir() / name
        why = stack_differs(folder, stack, begun.journal.head.machine.processor)
        if why:
            left.append(f"{name}: {why}")
            continue
        kept = [one for one in read_variants(folder) if one.design != own[0].design]
        write_variants(folder, [*kept, *own])
    return tuple(left)
