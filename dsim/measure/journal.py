"""The journal of a measurement: JSON lines, one a network, so that an interrupted run continues where it stopped.

The first line says what was measured on; a run on another machine or runtime must not go on with it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dsim.arch import Arch
from dsim.errors import FileAccessError, FileFormatError, InvalidValueError
from dsim.files import make_folder, write_atomic
from dsim.measure.machine import Machine
from dsim.measure.observe import Observation, Observed
from dsim.measure.planned import ANCHOR, ROLES, Chosen, Planned
from dsim.measure.records import Stack
from dsim.records import HasForm, from_plain, from_versioned, parse_json, shown, to_plain, to_versioned

MARK, VERSION = "journal", 1
REMEDY = "remove the line or give --fresh"
# for a journal of another machine: a new profile may have another name, what belongs to one that exists may not
RENAME, ANEW = "choose another --name, or give --fresh", "give --fresh"


@dataclass(frozen=True)
class Head:
    """What a journal was begun on.

    Attributes
    ----------
    machine
        The machine.
    stacks
        By backend.
    threads, pinned
        How many threads a network ran on, and the core that they were kept on (-1 where the system pins none).
    """

    machine: Machine
    stacks: Mapping[str, Stack]
    threads: int
    pinned: int


@dataclass(frozen=True, kw_only=True)
class EntryForm:
    """A timed network as a line of the journal holds it; see `Planned` and `Observed`."""

    network: str
    batch: int = 1  # older journals were all of one image
    role: str
    chosen: tuple[Chosen, ...] = ()
    arch: Arch | None
    load: float
    seen: Mapping[str, Observation]
    failed: Mapping[str, str]
    at_s: float | None = None  # older journals do not say when

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise InvalidValueError(
                f"role must be one of {', '.join(map(repr, ROLES))}, got {self.role!r}; correct it"
            )
        if self.batch < 1:
            raise InvalidValueError(f"batch must be at least 1, got {self.batch}; correct it")


@dataclass(frozen=True)
class Entry(HasForm):
    """One network of a journal.

    Attributes
    ----------
    planned, observed
        What it is, and what was seen of it.
    load
        Of the machine (running tasks over a minute) when it was timed.
    at_s
        The middle of that time in seconds since 1970; None in older journals.
    """

    planned: Planned
    observed: Observed
    load: float
    at_s: float | None = None

    @classmethod
    def form(cls) -> type[EntryForm]:
        """Return the record that stands for an entry in a line."""
        return EntryForm

    def to_form(self) -> EntryForm:
        """Return the entry as a line holds it, with the digits that a measurement has."""
        planned = self.planned
        return EntryForm(
            network=planned.key,
            batch=planned.batch,
            role=planned.role,
            chosen=planned.chosen,
            arch=planned.arch,
            load=round(self.load, 2),
            seen={name: _rounded(one) for name, one in self.observed.seen.items()},
            failed=self.observed.failed,
            at_s=None if self.at_s is None else round(self.at_s, 1),
        )

    @classmethod
    def from_form(cls, form: EntryForm) -> Entry:
        """Make an entry of what a line holds."""
        planned = Planned(form.network, form.role, form.arch, chosen=form.chosen, batch=form.batch)
        return cls(planned, Observed(form.seen, form.failed), form.load, form.at_s)


def _digits(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _rounded(one: Observation) -> Observation:
    return replace(
        one,
        latency_ms=round(one.latency_ms, 5),
        error_ms=round(one.error_ms, 5),
        median_ms=round(one.median_ms, 5),
        ops=tuple(op._replace(latency_ms=round(op.latency_ms, 6)) for op in one.ops),
        p95_ms=_digits(one.p95_ms, 5),
        sustained_ms=_digits(one.sustained_ms, 5),
        load_ms=_digits(one.load_ms, 3),
    )


@dataclass(frozen=True)
class Journal:
    """A file of entries under one head."""

    path: Path
    head: Head

    def entries(self) -> tuple[Entry, ...]:
        """Read the networks that were measured, anchors apart; a last line that was cut off is left out.

        Raises
        ------
        FileAccessError
            The file cannot be read.
        FileFormatError
            A line breaks a rule.
        """
        return tuple(entry for entry in self._all() if entry.planned.role != ANCHOR)

    def anchors(self) -> tuple[Entry, ...]:
        """Read what was measured of anchors, each time that they were; raises as `entries` does."""
        return tuple(entry for entry in self._all() if entry.planned.role == ANCHOR)

    def _all(self) -> Iterator[Entry]:
        return (from_plain(Entry, raw, where, REMEDY) for where, raw in after_head(self.path))

    def append(self, entry: Entry) -> None:
        """Add a network, so that it is on the disk when this returns.

        Raises
        ------
        FileAccessError
            The file cannot be written.
        """
        append_line(self.path, to_plain(entry))


def open_journal(path: Path, head: Head, fresh: bool = False, remedy: str = RENAME) -> Journal:
    """Open a journal, or begin one.

    Parameters
    ----------
    fresh
        Whether to begin anew; what was there is kept beside it, with ``.old`` behind its name.
    remedy
        What the user is told to do where it was begun on another machine or runtime: RENAME or ANEW.

    Raises
    ------
    InvalidValueError
        It was begun on another machine or runtime, or with other backends.
    FileAccessError
        It cannot be read or written.
    FileFormatError
        It is no journal.
    """
    make_folder(path.parent)
    if fresh and path.exists():
        path.replace(path.with_suffix(".jsonl.old"))
    if path.exists():
        found = _head(path)
        for what in ("processor", "system"):
            _same(path, what, getattr(found.machine, what), getattr(head.machine, what), remedy)
        begun = " ".join(f"--backend {name}" for name in sorted(found.stacks))
        _same(
            path,
            "backends",
            ", ".join(sorted(found.stacks)),
            ", ".join(sorted(head.stacks)),
            f"go on with {begun}, or {remedy}",
        )
        for name, stack in head.stacks.items():
            _same(path, name, found.stacks[name].runtime, stack.runtime, remedy)
            _same(path, f"{name}'s memory", found.stacks[name].memory, stack.memory, remedy)
        _mend(path)
        return Journal(path, found)
    # whole or not at all: a journal that a kill or a full disk left without its first line would be refused from then on
    write_atomic(path, _line(to_versioned(head, VERSION, MARK)))
    return Journal(path, head)


def read_journal(path: Path) -> Journal:
    """Read a journal, whatever machine it was begun on: nothing can be added to it in earnest.

    Raises
    ------
    FileAccessError
        It cannot be read.
    FileFormatError
        It is no journal.
    """
    return Journal(path, _head(path))


def _same(path: Path, what: str, found: str, now: str, remedy: str) -> None:
    if found != now:
        raise InvalidValueError(f"{path} was begun with {what} {found!r}, and this run has {now!r}; {remedy}")


def _mend(path: Path) -> None:
    """Cut off a last line that was not finished, so that the next one begins a line of its own."""
    with path.open("rb+") as file:
        content = file.read()
        if content and not content.endswith(b"\n"):
            file.truncate(content.rfind(b"\n") + 1)


def append_line(path: Path, value: Mapping[str, Any]) -> None:
    """Add a line to a journal, so that it is on the disk when this returns.

    Raises
    ------
    FileAccessError
        The file cannot be written.
    """
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(_line(value))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise FileAccessError(
            f"{path} cannot be written: {error.strerror}; choose a writable place with DSIM_PROFILES"
        ) from error


def _line(value: Mapping[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":")) + "\n"


def read_lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (place, content) of every line of a journal, its head first; a last line that was cut off is left out.

    Raises
    ------
    FileAccessError
        The file cannot be read.
    FileFormatError
        It is no text, or a line is no JSON object.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    except OSError as error:
        raise FileAccessError(f"{path} cannot be read: {error.strerror}; check the path") from error
    except UnicodeDecodeError as error:
        raise FileFormatError(f"{path}: must be text in UTF-8, {error.reason}; give --fresh") from error
    for number, line in enumerate(lines, 1):
        if number == len(lines) and number > 1 and not line.endswith("\n"):
            return
        where = f"{path}, line {number}"
        raw = parse_json(line, where, REMEDY)
        if not isinstance(raw, dict):
            raise FileFormatError(f"{where} must be an object, got {shown(raw)}; {REMEDY}")
        yield where, raw


def after_head(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (place, content) of every line after the head; see `read_lines`."""
    lines = read_lines(path)
    next(lines, None)
    return lines


def _head(path: Path) -> Head:
    where, raw = next(read_lines(path), (f"{path}, line 1", {}))
    return from_versioned(Head, raw, VERSION, where, "give --fresh", MARK)
