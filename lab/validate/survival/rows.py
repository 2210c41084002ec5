"""Rows: what each case asked and what was seen, kept as it comes, so that a run goes on where an earlier one stopped."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from dsim.records import from_plain, to_plain
from lab.places import ROOT


@lru_cache(maxsize=1)
def commit() -> str:
    """Return which dsim this is: the commit of the checkout."""
    words = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


@dataclass(frozen=True)
class Row:
    """One case, or a block of cases too many to list.

    Attributes
    ----------
    harm, to, number
        What was done, to what, and which of the cases of this kind: the number decides everything random.
    cases
        How many count: 0 where the harm came too late to do anything.
    faults
        What went otherwise than asked; empty where all is well.
    seen
        What was counted on the way.
    date, version
        When, and the commit of dsim.
    """

    harm: str
    to: str
    number: int
    cases: int = 1
    faults: tuple[str, ...] = ()
    seen: dict[str, int] = field(default_factory=dict)
    date: str = field(default_factory=lambda: datetime.now(UTC).date().isoformat())
    version: str = field(default_factory=commit)


class Rows:
    """A file of rows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        self.rows = [from_plain(Row, json.loads(line), str(path), "remove it") for line in text.splitlines()]

    def left(self, harm: str, to: str, numbers: Iterable[int]) -> list[int]:
        """Return the numbers that have no row yet."""
        done = {row.number for row in self.rows if (row.harm, row.to) == (harm, to)}
        return [number for number in numbers if number not in done]

    def next_number(self, harm: str, to: str) -> int:
        """Return the first number that has no row yet."""
        return max((row.number for row in self.rows if (row.harm, row.to) == (harm, to)), default=-1) + 1

    def cases(self, harm: str, to: str) -> int:
        """Count the cases there are."""
        return sum(row.cases for row in self.rows if (row.harm, row.to) == (harm, to))

    def keep(self, row: Row) -> None:
        """Add a row, and show it."""
        self.rows.append(row)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(to_plain(row), separators=(",", ":")) + "\n")
        print(row.harm, row.to, row.number, row.seen or "", *(row.faults or ["well"]), flush=True)
