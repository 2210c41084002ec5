"""The rows: which design was chosen by whom, and what a model said of a design."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dsim.arch import Arch
from lab.claims.reality.files import read_records, write_records

PICKS, SAID = "picks.parquet", "said.parquet"
WHOLE = -1  # in place of a split and a half: the model of all evidence


@dataclass(frozen=True)
class Pick:
    """The design that one half's search chose.

    Attributes
    ----------
    stack
        Name of the profile.
    split, half
        Which half of its families the model learned from: 0 or 1 of a numbered split.
    design
        `dsim.shift.measured.design_id`.
    p_fits, p_fits_whole
        The chance to keep to the budget: by that half's model, and by the model of all evidence.
    """

    stack: str
    split: int
    half: int
    budget_ms: float
    design: str
    arch: Arch
    p_fits: float
    p_fits_whole: float

    @property
    def by(self) -> tuple[int, int]:
        """The half that chose it."""
        return self.split, self.half

    @property
    def other(self) -> tuple[int, int]:
        """The other half of the same split."""
        return self.split, 1 - self.half


@dataclass(frozen=True)
class Said:
    """What a model of a stack said of a design: estimate, 90% interval, and the budget that it keeps to with a chance of 90%.

    ``split`` and ``half`` name the model; both are `WHOLE` for that of all evidence.
    """

    stack: str
    split: int
    half: int
    design: str
    latency_ms: float
    low_ms: float
    high_ms: float
    needs_ms: float

    @property
    def by(self) -> tuple[int, int]:
        """The half whose model it is."""
        return self.split, self.half


def write_rows(folder: Path, picks: Sequence[Pick], said: Sequence[Said]) -> None:
    """Write both tables into a folder."""
    write_records(folder / PICKS, picks, Pick)
    write_records(folder / SAID, said, Said)


def read_picks(folder: Path) -> tuple[Pick, ...]:
    """Read what was chosen."""
    return read_records(folder / PICKS, Pick)


def read_said(folder: Path) -> tuple[Said, ...]:
    """Read what models said."""
    return read_records(folder / SAID, Said)
