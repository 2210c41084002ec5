"""What a study that runs alone remembers of its finished mixes: lines of a file in its folder.

A search that goes on asks for the same mixes again, in the same order, and takes from the record what was swept already. So
one append for each finished mix is enough. What several workers share is in `dsim.search.shared`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import optuna
from optuna.distributions import CategoricalDistribution

from dsim.errors import FileAccessError, FileFormatError, InvalidValueError
from dsim.files import read_bytes
from dsim.search.differs import differences, remedies

FILE = "trials.jsonl"
FINGERPRINT, INPUTS = "dsim_fingerprint", "dsim_inputs"
OVER = "milliseconds over the budget"  # what Optuna calls it
_AGAIN = "remove the study's folder, or choose another --name"


@dataclass(frozen=True)
class Swept:
    """What is remembered of one mix: plain values, so that any storage can hold them.

    Attributes
    ----------
    points
        Points of its grid that may matter for the result; the best comes first.
    fastest
        The point that needs the smallest budget.
    designs
        Designs that were scored.
    repeats
        Mixes that were proposed again before this one, and replaced.
    """

    points: list[list[int]]
    fastest: list[int]
    designs: int
    repeats: int = 0


@dataclass(frozen=True)
class Finished:
    """A finished mix.

    Attributes
    ----------
    choices
        Its choices by parameter name.
    top1_low
        Pessimistic top-1 in percent of its best design.
    over_ms
        By how much that design needs more than the budget, in milliseconds; at most 0 if it fits.
    """

    choices: dict[str, Any]
    swept: Swept
    top1_low: float
    over_ms: float


class Record(Protocol):
    """Where finished mixes are kept."""

    @property
    def where(self) -> str:
        """What errors call it."""

    def read(self) -> list[Finished]:
        """Return the finished mixes."""

    def append(self, finished: Finished) -> None:
        """Keep one more."""


class NoRecord:
    """A study that is kept nowhere."""

    where = ""

    def read(self) -> list[Finished]:
        """Return nothing."""
        return []

    def append(self, finished: Finished) -> None:
        """Keep nothing."""


class FileRecord:
    """A file of lines, the first of which says what was asked; a line that a killed run left unfinished is dropped.

    Raises
    ------
    InvalidValueError
        It is of a study with other inputs.
    FileFormatError
        It is damaged.
    FileAccessError
        It cannot be read or written.
    """

    def __init__(self, path: Path, name: str, fingerprint: str, inputs: Mapping[str, Any]) -> None:
        self._path, self.where = path, str(path)
        self._head = {FINGERPRINT: fingerprint, INPUTS: json.loads(json.dumps(dict(inputs)))}
        lines = self._lines()
        if not lines:
            self._write(self._head)
        elif FINGERPRINT not in lines[0]:
            raise damaged(f"{self._path}, line 1")
        else:
            check_inputs(lines[0], self._head, name)

    def read(self) -> list[Finished]:
        """Return the finished mixes."""
        return [
            read_finished(line, f"{self._path}, line {number}")
            for number, line in enumerate(self._lines()[1:], 2)
        ]

    def append(self, finished: Finished) -> None:
        """Keep one more."""
        self._write({**vars(finished), "swept": vars(finished.swept)})

    def _lines(self) -> list[dict[str, Any]]:
        if not self._path.exists():
            return []
        content = read_bytes(self._path, _AGAIN)
        whole = content[: content.rfind(b"\n") + 1]
        if not whole and not json.dumps(self._head).encode().startswith(content):
            raise damaged(f"{self._path}, line 1")
        if len(whole) < len(content):
            self._cut(len(whole))
        lines = []
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                lines.append(dict(json.loads(line)))
            except (ValueError, TypeError, RecursionError) as error:
                raise damaged(f"{self._path}, line {number}") from error
        return lines

    def _cut(self, length: int) -> None:
        try:
            os.truncate(self._path, length)
        except OSError as error:
            raise FileAccessError(
                f"{self._path} cannot be written: {error.strerror}; check its permissions"
            ) from error

    def _write(self, line: Mapping[str, Any]) -> None:
        try:
            with self._path.open(
                "ab"
            ) as file:  # one write: a killed run leaves a line whole, or its beginning
                file.write(json.dumps(line).encode() + b"\n")
        except OSError as error:
            raise FileAccessError(
                f"{self._path} cannot be written: {error.strerror}; check its folder and the space on the disk"
            ) from error


def distributions(rows: Mapping[str, tuple[object, ...]]) -> dict[str, CategoricalDistribution]:
    """Return what Optuna calls the options of choices."""
    return {
        name: CategoricalDistribution([v if isinstance(v, int) else str(v) for v in row])
        for name, row in rows.items()
    }


def complete(finished: Finished, options: Mapping[str, CategoricalDistribution]) -> optuna.trial.FrozenTrial:
    """Return a finished mix as a trial, as little as a sampler asks for: it reads every trial anew for each guess."""
    return optuna.trial.create_trial(
        value=finished.top1_low,
        params={name: finished.choices[name] for name in options},
        distributions=dict(options),
        constraints={OVER: finished.over_ms}
        if finished.over_ms > 0
        else None,  # where none is missed, none counts
    )


def check_inputs(there: Mapping[str, Any], here: Mapping[str, Any], name: str) -> None:
    """Refuse a record of other inputs."""
    if there.get(FINGERPRINT) != here[FINGERPRINT]:
        kept = there.get(INPUTS)
        stored = kept if isinstance(kept, Mapping) else here[INPUTS]
        differ = differences(stored, here[INPUTS], ({}, {}))
        raise InvalidValueError(
            f"study {name!r} in the storage must have the inputs that are asked for, and differs in {differ}; "
            f"{remedies(stored, here[INPUTS])}"
        )


def read_finished(line: Mapping[str, Any], where: str) -> Finished:
    """Read a finished mix from plain values; ``where`` they stand is for errors."""
    try:
        swept = line["swept"]
        found = Finished(
            dict(line["choices"]),
            Swept(
                [[int(index) for index in point] for point in swept["points"]],
                [int(index) for index in swept["fastest"]],
                int(swept["designs"]),
                int(swept["repeats"]),
            ),
            float(line["top1_low"]),
            float(line["over_ms"]),
        )
        if not found.swept.points:
            raise ValueError("no points")
    except (KeyError, ValueError, TypeError, OverflowError) as error:
        raise damaged(where) from error
    return found


def damaged(where: str) -> FileFormatError:
    """Make the error for what cannot be read."""
    return FileFormatError(f"{where}, does not hold what dsim writes: it is damaged; {_AGAIN}")
