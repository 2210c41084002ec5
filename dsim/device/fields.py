"""Read CSV and TOML fields, with errors that name file, row, column and rule; write rows of CSV."""

from __future__ import annotations

import csv
import io
import math
import stat
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dsim.errors import FileAccessError, FileFormatError
from dsim.files import write_atomic
from dsim.records import shown

MAX_BYTES = 20_000_000  # a profile may come from a stranger


def check_file(path: Path) -> None:
    """Refuse what a profile must not hold: a link (it may lead out of the folder), a pipe, a file without bound.

    Raises
    ------
    OSError
        There is no such file.
    FileFormatError
        It is not a plain file, or too large.
    """
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode):
        raise FileFormatError(
            f"{path}: must be a plain file, not a link, folder or pipe; put the file itself there"
        )
    if found.st_size > MAX_BYTES:
        raise FileFormatError(
            f"{path}: must not exceed {MAX_BYTES // 1_000_000} MB, has {found.st_size / 1e6:.0f} MB; "
            "split the profile"
        )


def read_text(path: Path) -> str:
    """Read a file of a profile.

    Raises
    ------
    FileAccessError
        It cannot be read.
    FileFormatError
        It is not a plain file, too large, or not text.
    """
    try:
        check_file(path)
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise FileFormatError(
            f"{path}: must be UTF-8 text, byte {error.start} is not; save it as UTF-8"
        ) from error
    except OSError as error:
        raise FileAccessError(
            f"{path} cannot be read: {error.strerror}; check the profile's folder"
        ) from error


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file."""
    return parse_toml(read_text(path), path)


def parse_toml(text: str, path: Path) -> dict[str, Any]:
    """Read the TOML that a file holds.

    Raises
    ------
    FileFormatError
        It is not TOML.
    """
    try:
        return tomllib.loads(text)
    except (
        ValueError,
        RecursionError,
    ) as error:  # no TOML, a number of thousands of digits, tables in tables
        raise FileFormatError(f"{path}: must be TOML: {error}; correct that line") from error


def read_rows(
    path: Path, columns: tuple[str, ...], defaults: Mapping[str, str] | None = None
) -> list[tuple[str, dict[str, str]]]:
    """Return (place, row) for every row of a CSV file that may have these columns only.

    Parameters
    ----------
    path
        The file.
    columns
        Those there are.
    defaults
        What stands in for a column that the file leaves out, or for an empty field; a column without one must be there.

    Raises
    ------
    FileFormatError
        A column is missing or unknown, or a row has another number of fields.
    """
    try:
        header, *lines = [*csv.reader(read_text(path).splitlines())] or [[]]
    except csv.Error as error:  # a field of more than 131,072 characters
        raise FileFormatError(f"{path}: must be CSV: {error}; check commas and quotes") from error
    stand_in = dict(defaults or {})
    missing = [c for c in columns if c not in header and c not in stand_in]
    if missing:
        raise FileFormatError(
            f"{path}, row 1: column {missing[0]!r} is missing; columns: {', '.join(columns)}"
        )
    extra = [c for c in header if c not in columns]
    if extra or len(set(header)) != len(header):
        name = extra[0] if extra else next(c for c in header if header.count(c) > 1)
        raise FileFormatError(
            f"{path}, row 1: column {name!r} is unknown or repeated; columns: {', '.join(columns)}"
        )
    out = []
    for number, fields in enumerate(lines, start=2):
        if not fields:
            continue
        if len(fields) != len(header):
            raise FileFormatError(
                f"{path}, row {number}: must have {len(header)} fields, got {len(fields)}; check commas and quotes"
            )
        given = dict(zip(header, fields, strict=True))
        row = stand_in | {key: value for key, value in given.items() if value.strip() or key not in stand_in}
        out.append((f"{path}, row {number}", row))
    return out


def whole(row: Mapping[str, str], column: str, where: str) -> int | None:
    """Return a field that may be empty and must otherwise be a whole number of at least 0."""
    value = number(row, column, where)
    if value is not None and value != int(value):
        raise FileFormatError(
            f"{where}, column {column!r}: must be a whole number, got {shown(row[column])}; correct it"
        )
    return None if value is None else int(value)


def images(row: Mapping[str, str], column: str, where: str) -> int | None:
    """Return a batch, which may be empty and must otherwise be a whole number of at least 1."""
    value = whole(row, column, where)
    if value == 0:
        raise FileFormatError(
            f"{where}, column {column!r}: must be at least 1, got {shown(row[column])}; give the images in one run"
        )
    return value


def text(row: Mapping[str, str], column: str, where: str) -> str:
    """Return a field that must not be empty."""
    value = row[column].strip()
    if not value:
        raise FileFormatError(f"{where}, column {column!r}: must not be empty; fill it in")
    return value


def one_of(row: Mapping[str, str], column: str, where: str, known: Mapping[str, str]) -> str:
    """Return a field that must be one of the names that profile.toml declares."""
    value = text(row, column, where)
    if value not in known:
        raise FileFormatError(
            f"{where}, column {column!r}: must be one of {', '.join(sorted(known))}, got {shown(value)}; "
            "declare it in profile.toml or correct it"
        )
    return value


def positive(row: Mapping[str, str], column: str, where: str) -> float:
    """Return a field that must be a positive, finite number."""
    value = number(row, column, where)
    if value is None or value <= 0:
        raise FileFormatError(
            f"{where}, column {column!r}: must be a positive number, got {shown(row[column])}; correct it"
        )
    return value


def signed(row: Mapping[str, str], column: str, where: str) -> float | None:
    """Return a field that may be empty and must otherwise be a finite number of either sign."""
    raw = row[column].strip()
    sign = -1.0 if raw.startswith("-") else 1.0
    value = number({column: raw.removeprefix("-")}, column, where)
    return None if value is None else sign * value


def number(row: Mapping[str, str], column: str, where: str) -> float | None:
    """Return a field that may be empty and must otherwise be a finite number of at least 0."""
    raw = row[column].strip()
    if not raw:
        return None
    try:
        value = float(raw)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or not 0 <= value < 1e15:
        raise FileFormatError(
            f"{where}, column {column!r}: must be a number of at least 0, got {shown(raw)}; correct it"
        )
    return value


def write_rows(path: Path, order: Sequence[str], rows: Sequence[Mapping[str, object]]) -> None:
    """Write the columns that a row names, in an order of the file's own; a row may leave any of them out.

    Raises
    ------
    FileAccessError
        The file cannot be written; what was there before stays.
    """
    columns = [name for name in order if any(name in row for row in rows)]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({column: row.get(column, "") for column in columns} for row in rows)
    write_atomic(path, text.getvalue())
