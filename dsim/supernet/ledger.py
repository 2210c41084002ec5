"""Ledger: for each stage of the work, what was planned beside what was spent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dsim.files import read_text, write_atomic
from dsim.records import from_json, to_json
from dsim.supernet.cost import Amounts, peak_gpu_memory_mb, peak_memory_mb

_REMEDY = "remove it; the weights beside it stay usable"
STAGES = ("reading", "forecast", "training", "importance", "evaluation", "anchors", "predictor", "halving")


@dataclass
class Ledger:
    """Planned and spent, by stage; kept in ``ledger.json``.

    Attributes
    ----------
    planned, spent
        Stage to amounts. A stage without a plan was asked for later, by itself.
    peak_memory_mb
        The most memory that any of its processes has held.
    peak_gpu_memory_mb
        The same of a GPU's memory; 0 where none was used.
    """

    planned: dict[str, Amounts] = field(default_factory=dict)
    spent: dict[str, Amounts] = field(default_factory=dict)
    peak_memory_mb: float = 0.0
    peak_gpu_memory_mb: float = 0.0

    def spend(self, stage: str, amounts: Amounts) -> None:
        """Add to what a stage has cost."""
        self.spent[stage] = self.spent.get(stage, Amounts()) + amounts

    def write(self, path: Path) -> None:
        """Keep it."""
        self.peak_memory_mb = round(max(self.peak_memory_mb, peak_memory_mb()), 1)
        self.peak_gpu_memory_mb = round(max(self.peak_gpu_memory_mb, peak_gpu_memory_mb()), 1)
        write_atomic(path, to_json(self, indent=1) + "\n")

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
        return from_json(cls, read_text(path, _REMEDY), str(path), _REMEDY)

    def read_again(self, path: Path) -> None:
        """Take what another process has written since; what is not written yet is lost."""
        vars(self).update(vars(Ledger.read(path)))

    def lines(self) -> Iterator[tuple[str, str, Amounts]]:
        """Yield stage, ``planned`` or ``spent``, and amounts, in the order of the work."""
        for stage in STAGES:
            for word, book in (("planned", self.planned), ("spent", self.spent)):
                if stage in book:
                    yield stage, word, book[stage]
