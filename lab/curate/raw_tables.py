"""Read tables of raw figures, each with the rows of it that were kept back for blind checks at first.

Those rows have judged, and lie as a file of the same name and columns in the folder ``released``.
"""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl

RELEASED = "released"


def raw_rows(raw: Path, name: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file below the folder of raw figures, all as text, those released later last."""
    return [row for path in _files(raw, name) for row in _rows(path)]


def raw_frame(raw: Path, name: str) -> pl.DataFrame:
    """Return the same as a table, with columns of numbers read as numbers."""
    texts = pl.DataFrame(raw_rows(raw, name)).with_columns(pl.all().replace("", None))
    return pl.read_csv(texts.write_csv().encode(), infer_schema_length=None)


def _files(raw: Path, name: str) -> list[Path]:
    later = raw / RELEASED / name
    return [raw / name, *([later] if later.is_file() else [])]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
