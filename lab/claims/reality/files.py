"""Keep records as parquet, a row each, and read the inputs of a study from TOML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import polars as pl

from dsim.errors import FileAccessError
from dsim.files import make_folder, read_text
from dsim.records import from_rows, from_toml, to_rows
from dsim.search.space import Space
from lab.claims.reality.propose import Bounds, FitsBy

INPUTS = "study.toml"
R = TypeVar("R")


@dataclass(frozen=True)
class Inputs:
    """What a study folder's study.toml asks for.

    Attributes
    ----------
    devices
        Names of profiles.
    held
        What must fit the budget; one search each.
    confidence, trials, seed, space
        Of every search.
    most
        Networks of a front that are compared at most (reality check).
    cutoff, families
        The month before which models learn, and the later families by pattern (backtest).
    """

    devices: tuple[str, ...]
    held: tuple[FitsBy, ...]
    confidence: float
    trials: int
    seed: int
    space: Space = field(default_factory=Space)
    most: int = 8
    cutoff: str = ""
    families: Mapping[str, str] = field(default_factory=dict)

    @property
    def bounds(self) -> Bounds:
        """What bounds every search."""
        return Bounds(self.confidence, self.trials, self.seed, self.space)


def read_inputs(folder: Path) -> Inputs:
    """Read study.toml.

    Raises
    ------
    FileAccessError
        It cannot be read.
    FileFormatError
        It is not TOML, or a key is missing, unknown or wrong; the message names it.
    """
    path = folder / INPUTS
    return from_toml(Inputs, read_text(path, "name a study's folder"), str(path))


def write_records(path: Path, records: Sequence[R], kind: type[R]) -> None:
    """Write records of one dataclass as parquet; nan stays nan.

    Raises
    ------
    FileAccessError
        The file cannot be written.
    """
    make_folder(path.parent)
    try:
        to_rows(records, kind).write_parquet(path, compression="zstd")
    except OSError as error:
        raise FileAccessError(f"{path} cannot be written: {error}; choose a writable place") from error


def read_records(path: Path, kind: type[R]) -> tuple[R, ...]:
    """Read what `write_records` wrote.

    Raises
    ------
    FileAccessError
        The file cannot be read.
    FileFormatError
        It has other columns.
    """
    try:
        frame = pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise FileAccessError(f"{path} cannot be read: {error}; run the study anew") from error
    return from_rows(kind, frame, str(path), "run the study anew")
