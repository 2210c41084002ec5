"""Ledger: for each stage of the work, what was planned beside what was spent."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dsim.errors import FileFormatError
from dsim.files import read_json, write_atomic
from dsim.records import shown
from dsim.supernet.cost import Amounts, peak_memory_mb

STAGES = ("reading", "forecast", "training", "importance", "evaluation")


@dataclass
class Ledger:
    """Planned and spent, by stage; kept in ``ledger.json``.

    Attributes
    ----------
    planned, spent
        Stage to amounts. A stage without a plan was asked for later, by itself.
    peak_memory_mb
        The most memory that any of its processes has held.
    """

    planned: dict[str, Amounts] = field(default_factory=dict)
    spent: dict[str, Amounts] = field(default_factory=dict)
    peak_memory_mb: float = 0.0

    def spend(self, stage: str, amounts: Amounts) -> None:
        """Add to what a stage has cost."""
        self.spent[stage] = self.spent.get(stage, Amounts()) + amounts

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        self.peak_memory_mb = round(max(self.peak_memory_mb, peak_memory_mb()), 1)
        return {
            "peak_memory_mb": self.peak_memory_mb,
            "stages": {
                stage: {
                    name: asdict(book[stage])
                    for name, book in (("planned", self.planned), ("spent", self.spent))
                    if stage in book
                }
                for stage in STAGES
                if stage in self.planned or stage in self.spent
            },
        }

    def write(self, path: Path) -> None:
        """Keep it."""
        write_atomic(path, json.dumps(self.to_dict(), indent=1) + "\n")

    @classmethod
    def read(cls, path: Path) -> Ledger:
        """Read what `write` kept; a ledger that is not there yet is empty.

        Raises
        ------
        FileFormatError
            It is something else.
        """
        if not path.exists():
            return cls()
        raw = read_json(path, "remove it; the weights beside it stay usable")
        try:
            stages = raw["stages"]
            books = [
                {stage: Amounts(**row[name]) for stage, row in stages.items() if name in row}
                for name in ("planned", "spent")
            ]
            return cls(books[0], books[1], float(raw["peak_memory_mb"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FileFormatError(
                f"{path} must be a ledger with stages and their amounts, got {shown(raw, 60)}; remove it"
            ) from error
