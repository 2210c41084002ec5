"""The journal of a measurement: JSON lines, one a network, so that a run that was cut off goes on where it stopped.

The first line says what was measured on; a run on another machine or runtime must not go on with it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dsim.arch import Arch
from dsim.errors import FileAccessError, FileFormatError, InvalidValueError
from dsim.files import make_folder
from dsim.measure.machine import Machine
from dsim.measure.observe import Observation, Observed
from dsim.measure.planned import ROLES, Chosen, Planned
from dsim.measure.records import RuntimeOp, Stack
from dsim.records import from_plain

VERSION = 1


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


@dataclass(frozen=True)
class Entry:
    """One network of a journal, with the load of the machine (running tasks over a minute) when it was timed."""

    planned: Planned
    observed: Observed
    load: float


@dataclass(frozen=True)
class Journal:
    """A file of entries under one head."""

    path: Path
    head: Head

    def entries(self) -> tuple[Entry, ...]:
        """Read what was measured; a last line that was cut off is left out.

        Raises
        ------
        FileAccessError
            The file cannot be read.
        FileFormatError
            A line breaks a rule.
        """
        return tuple(_entries(self.path))

    def append(self, entry: Entry) -> None:
        """Add a network, so that it is on the disk when this returns.

        Raises
        ------
        FileAccessError
            The file cannot be written.
        """
        append_line(self.path, _entry_to_dict(entry))


def open_journal(path: Path, head: Head, fresh: bool = False) -> Journal:
    """Open a journal, or begin one.

    Parameters
    ----------
    fresh
        Whether to begin anew; what was there is kept beside it, with ``.old`` behind its name.

    Raises
    ------
    InvalidValueError
        It was begun on another machine or runtime.
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
            _same(path, what, getattr(found.machine, what), getattr(head.machine, what))
        _same(path, "backends", ", ".join(sorted(found.stacks)), ", ".join(sorted(head.stacks)))
        for name, stack in head.stacks.items():
            _same(path, name, found.stacks[name].runtime, stack.runtime)
        _mend(path)
        return Journal(path, found)
    append_line(path, {"journal": VERSION, **asdict(head)})
    return Journal(path, head)


def read_journal(path: Path) -> Journal:
    """Open a journal to read.

    Raises
    ------
    FileAccessError
        It cannot be read.
    FileFormatError
        It is no journal.
    """
    return Journal(path, _head(path))


def _same(path: Path, what: str, found: str, now: str) -> None:
    if found != now:
        raise InvalidValueError(
            f"{path} was begun with {what} {found!r}, and this run has {now!r}; choose another --name, or give --fresh"
        )


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
            file.write(json.dumps(value, separators=(",", ":")) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise FileAccessError(
            f"{path} cannot be written: {error.strerror}; choose a writable place with DSIM_PROFILES"
        ) from error


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
        try:
            raw = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise FileFormatError(
                f"{where}: must be JSON, and is not ({error}); remove the line or give --fresh"
            ) from error
        if not isinstance(raw, dict):
            raise FileFormatError(f"{where}: must be an object; remove the line or give --fresh")
        yield where, raw


def _head(path: Path) -> Head:
    where, raw = next(read_lines(path), (f"{path}, line 1", {}))
    if raw.get("journal") != VERSION:
        raise FileFormatError(
            f"{where}: must begin a journal of version {VERSION}, got {str(raw.get('journal'))[:40]!r}; give --fresh"
        )
    try:
        return Head(
            from_plain(Machine, raw["machine"]),
            {str(name): from_plain(Stack, stack) for name, stack in raw["stacks"].items()},
            int(raw["threads"]),
            int(raw["pinned"]),
        )
    except (InvalidValueError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise FileFormatError(f"{where}: does not say what was measured on: {error}; give --fresh") from error


def _entries(path: Path) -> Iterator[Entry]:
    for number, (where, raw) in enumerate(read_lines(path)):
        if not number:
            continue
        try:
            yield _entry_from_dict(raw)
        except (InvalidValueError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise FileFormatError(
                f"{where}: does not describe a timed network: {error}; remove the line or give --fresh"
            ) from error


def _entry_to_dict(entry: Entry) -> dict[str, Any]:
    return {
        "network": entry.planned.key,
        "batch": entry.planned.batch,
        "role": entry.planned.role,
        "chosen": [[one.backend, one.budget_ms] for one in entry.planned.chosen],
        "arch": json.loads(entry.planned.arch.to_json()) if entry.planned.arch else None,
        "load": round(entry.load, 2),
        "seen": {name: _seen_to_dict(one) for name, one in entry.observed.seen.items()},
        "failed": dict(entry.observed.failed),
    }


def _seen_to_dict(one: Observation) -> dict[str, Any]:
    ops = [[op.label, op.kind, op.macs, op.elements, round(op.latency_ms, 6)] for op in one.ops]
    head = {"latency_ms": round(one.latency_ms, 5), "error_ms": round(one.error_ms, 5)}
    counts = {"runs": one.runs, "outliers": one.outliers, "disturbed": one.disturbed, "busy": one.busy}
    return {**head, "median_ms": round(one.median_ms, 5), **counts, "ops": ops}


def _entry_from_dict(raw: dict[str, Any]) -> Entry:
    if raw["role"] not in ROLES:
        raise InvalidValueError(f"role must be one of {', '.join(map(repr, ROLES))}, got {raw['role']!r}")
    arch = Arch.from_json(json.dumps(raw["arch"])) if raw["arch"] else None
    seen = {
        str(name): Observation(
            **{
                **one,
                "ops": tuple(
                    RuntimeOp(str(op[0]), str(op[1]), int(op[2]), int(op[3]), float(op[4]))
                    for op in one["ops"]
                ),
            }
        )
        for name, one in raw["seen"].items()
    }
    chosen = tuple(Chosen(str(backend), float(budget)) for backend, budget in raw.get("chosen", ()))
    batch = int(raw.get("batch", 1))  # older journals were all of one image
    if batch < 1:
        raise InvalidValueError(f"batch must be at least 1, got {batch}")
    planned = Planned(str(raw["network"]), raw["role"], arch, chosen=chosen, batch=batch)
    return Entry(planned, Observed(seen, raw["failed"]), float(raw["load"]))
