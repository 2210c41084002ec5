"""Keep records as parquet, a row each, and the inputs of a study as TOML."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from dsim.errors import FileAccessError, FileFormatError
from dsim.files import make_folder
from dsim.search.space_file import space_from_dict
from lab.claims.reality.propose import Bounds, Held

INPUTS = "study.toml"
R = TypeVar("R")
_TYPES: dict[str, type[pl.DataType]] = {
    "str": pl.String,
    "float": pl.Float64,
    "int": pl.Int64,
    "bool": pl.Boolean,
}


@dataclass(frozen=True)
class Inputs:
    """What a study folder's study.toml asks for.

    Attributes
    ----------
    devices
        Names of profiles.
    held
        What must hold the budget; one search each.
    bounds
        Of every search.
    most
        Networks of a front that are compared at most (reality check).
    cutoff, families
        The month before which models learn, and the later families by pattern (backtest).
    """

    devices: tuple[str, ...]
    held: tuple[Held, ...]
    bounds: Bounds
    most: int = 8
    cutoff: str = ""
    families: Mapping[str, str] = dataclasses.field(default_factory=dict)


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
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise FileAccessError(f"{path} cannot be read: {error}; name a study's folder") from error
    except tomllib.TOMLDecodeError as error:
        raise FileFormatError(f"{path} must be TOML: {error}; correct that line") from error
    names = {"devices", "held", "confidence", "trials", "seed", "space", "most", "cutoff", "families"}
    odd = sorted(set(raw) - names)
    if odd:
        raise FileFormatError(f"{path} has no key {odd[0]!r}; it has {', '.join(sorted(names))}; remove it")
    try:
        return Inputs(
            tuple(map(str, raw["devices"])),
            tuple(map(Held, raw["held"])),
            Bounds(
                float(raw["confidence"]),
                int(raw["trials"]),
                int(raw["seed"]),
                space_from_dict(raw.get("space", {}), str(path)),
            ),
            int(raw.get("most", Inputs.most)),
            str(raw.get("cutoff", "")),
            {str(k): str(v) for k, v in raw.get("families", {}).items()},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise FileFormatError(f"{path} must hold {error} in its right form; correct it") from error


def write_records(path: Path, records: Sequence[Any], kind: type[Any]) -> None:
    """Write records of one dataclass as parquet; nan stays nan.

    Raises
    ------
    FileAccessError
        The file cannot be written.
    """
    make_folder(path.parent)
    fields = dataclasses.fields(kind)
    schema = {f.name: _TYPES[str(f.type)] for f in fields}
    columns = {f.name: [getattr(record, f.name) for record in records] for f in fields}
    try:
        pl.DataFrame(columns, schema=schema).write_parquet(path, compression="zstd")
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
    names = [f.name for f in dataclasses.fields(kind)]  # type: ignore[arg-type]
    if frame.columns != names:
        raise FileFormatError(f"{path} must have the columns {', '.join(names)}; run the study anew")
    return tuple(kind(*row) for row in frame.iter_rows())
