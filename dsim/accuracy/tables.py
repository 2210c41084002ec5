"""The tables that the accuracy model rests on, in dsim/data/accuracy."""

from __future__ import annotations

import csv
from pathlib import Path

from dsim.errors import FileAccessError

FOLDER = Path(__file__).parent.parent / "data" / "accuracy"


def read_rows(name: str) -> list[dict[str, str]]:
    """Read one CSV table as rows of text.

    Raises
    ------
    FileAccessError
        The file is not there or cannot be read.
    """
    path = FOLDER / name
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            return list(csv.DictReader(stream))
    except OSError as error:
        raise FileAccessError(f"{path} must be readable: {error}; reinstall dsim") from error
