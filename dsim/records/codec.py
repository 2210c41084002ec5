"""Read and write frozen records as plain values, JSON, TOML, rows of a table, or numpy's npz.

A record is a frozen dataclass, and the types of its fields say what a file may hold: `dsim.records.hooks` lists how each
type is written. What is read is data: it runs nothing, its depth is bounded by the declared types, and whatever does not
fit ends in one `FileFormatError` that names the place, the rule, the value and the remedy.
"""

from __future__ import annotations

import io
import json
import math
import tomllib
import types
import typing
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from dsim.errors import FileFormatError
from dsim.records.base import Misfit, shown

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

R = TypeVar("R")

REMEDY = "correct it"
_ARRAY = "$array"  # stands in the head of an npz file for an array, which lies beside it under that name
_HEAD = "head"
VERSION = "schema_version"


# ---- plain values ---------------------------------------------------------------------------------------------


def to_plain(record: Any, hint: Any = None) -> Any:
    """Return the plain values of a record for JSON: objects, lists, numbers, texts; nan, which JSON lacks, as None.

    Parameters
    ----------
    record
        The record, or a value of the type ``hint``.
    hint
        Its declared type, where that is not its class: ``tuple[Candidate, ...]``.
    """
    return without_nan(_unstructured(record, hint))


def without_nan(value: Any) -> Any:
    """Return plain values with None in the place of nan, which JSON does not have."""
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _unstructured(record: Any, hint: Any = None) -> Any:
    from dsim.records.hooks import converter  # cattrs takes 50 ms to import, and --help reads no record

    return converter().unstructure(record, type(record) if hint is None else hint)


def from_plain(cls: type[R], raw: object, where: str = "", remedy: str = REMEDY) -> R:
    """Make a record of plain values.

    Parameters
    ----------
    cls
        The record's class, or another type such as ``tuple[Candidate, ...]``.
    raw
        What a file holds for it: anything at all.
    where
        What to call it in an error message, for example the file; the class's name by default.
    remedy
        What to do where it does not fit: the last part of the error message.

    Raises
    ------
    FileFormatError
        A field is unknown, missing, of the wrong type, or refused by the record itself; the message is one line.
    """
    from dsim.records.hooks import converter  # as above
    from dsim.records.misfit import first_misfit

    try:
        return converter().structure(raw, cls)
    except Exception as error:
        path, why = first_misfit(error)
        if why is None:
            raise
        name = where or getattr(cls, "__name__", "value")
        place = f"{name}{'.' if path[:1] not in ('', '[') and not where else ': ' if path and where else ''}{path}"
        if isinstance(why, Misfit):
            raise FileFormatError(f"{place} {why.rule}, got {why.got}; {remedy}") from error
        raise FileFormatError(f"{place}: {why}") from error


def to_versioned(record: Any, version: int, key: str = VERSION) -> dict[str, Any]:
    """Return the plain values of a record behind the version of the form that its file has, under ``key``."""
    return {key: version, **to_plain(record)}


def from_versioned(
    cls: type[R], raw: object, version: int, where: str = "", remedy: str = REMEDY, key: str = VERSION
) -> R:
    """Make a record of what `to_versioned` returned; see `from_plain`. Another version is refused."""
    if not isinstance(raw, dict) or type(raw.get(key)) is not int or raw[key] != version:
        got = shown(raw.get(key) if isinstance(raw, dict) else raw)
        raise FileFormatError(
            f"{where or cls.__name__} must be an object with {key} {version}, got {got}; {remedy}"
        )
    return from_plain(cls, {name: value for name, value in raw.items() if name != key}, where, remedy)


# ---- JSON and TOML --------------------------------------------------------------------------------------------


def to_json(record: Any, indent: int | None = None, hint: Any = None) -> str:
    """Return a record as JSON: on one line without spaces, or indented for people; ``hint`` as in `to_plain`."""
    return json.dumps(to_plain(record, hint), indent=indent, separators=None if indent else (",", ":"))


def from_json(cls: type[R], text: str | bytes, where: str = "", remedy: str = REMEDY) -> R:
    """Make a record of the text of a JSON file; see `from_plain`."""
    return from_plain(cls, parse_json(text, where or cls.__name__, remedy), where, remedy)


def parse_json(text: str | bytes, where: str, remedy: str = REMEDY) -> Any:
    """Return the plain values of a JSON text, in which no object may name a key twice.

    Raises
    ------
    FileFormatError
        It is not JSON, names a key twice, or is nested too deeply.
    """
    try:
        return json.loads(text, object_pairs_hook=_each_key_once)
    except (ValueError, RecursionError) as error:  # also integers of thousands of digits, lists in lists
        why = str(error).strip().splitlines()[0][:200] if text.strip() else "it is empty"
        raise FileFormatError(f"{where} must be JSON, and is not ({why}); {remedy}") from error


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"an object names the key {shown(twice)} twice")
    return out


def to_toml(record: Any) -> str:
    """Return a record as TOML; fields that are None are left out, for TOML has no such value."""
    import tomli_w  # only a command that writes TOML needs it

    return tomli_w.dumps(_without_none(_unstructured(record)))


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    return [_without_none(item) for item in value] if isinstance(value, list | tuple) else value


def from_toml(cls: type[R], text: str, where: str = "", remedy: str = REMEDY) -> R:
    """Make a record of the text of a TOML file; see `from_plain`."""
    name = where or cls.__name__
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        why = str(error).strip().splitlines()[0][:200]
        raise FileFormatError(f"{name} must be TOML, and is not ({why}); {remedy}") from error
    return from_plain(cls, raw, where, remedy)


# ---- rows of a table ------------------------------------------------------------------------------------------


def to_rows(records: Sequence[R], cls: type[R]) -> pl.DataFrame:
    """Return a table with a row for each record and a column for each field.

    Numbers, texts and flags have columns of their own type; whatever else a field holds stands there as JSON.
    """
    import polars as pl  # slow to import

    kinds = _columns(cls)
    plain = [_unstructured(record) for record in records]
    columns = {
        name: [_cell(row[name]) if is_json else row[name] for row in plain]
        for name, (_, is_json) in kinds.items()
    }
    return pl.DataFrame(columns, schema=row_schema(cls))


def row_schema(cls: Any) -> dict[str, type[pl.DataType]]:
    """Return the type of each column of a table of records."""
    return {name: kind for name, (kind, _) in _columns(cls).items()}


def _cell(value: Any) -> str:
    return json.dumps(without_nan(value), separators=(",", ":"))


def from_rows(cls: type[R], frame: pl.DataFrame, where: str = "", remedy: str = REMEDY) -> tuple[R, ...]:
    """Make records of the rows of a table; see `from_plain`. An error names the row, from 1."""
    kinds = _columns(cls)
    name = where or cls.__name__
    out = []
    for number, row in enumerate(frame.iter_rows(named=True), 1):
        place = f"{name}, row {number}"
        raw = {
            key: parse_json(value, f"{place}, column {key!r}", remedy)
            if key in kinds and kinds[key][1] and isinstance(value, str)
            else value
            for key, value in row.items()
        }
        out.append(from_plain(cls, raw, place, remedy))
    return tuple(out)


def _columns(cls: Any) -> dict[str, tuple[Any, bool]]:
    """Return for each field the type of its column, and whether the column holds JSON."""
    import polars as pl  # slow to import

    known = {int: pl.Int64, float: pl.Float64, str: pl.String, bool: pl.Boolean, Path: pl.String}
    out: dict[str, tuple[Any, bool]] = {}
    for name, declared in typing.get_type_hints(cls).items():
        parts = [part for part in typing.get_args(declared) if part is not types.NoneType]
        is_union = typing.get_origin(declared) in (types.UnionType, typing.Union)
        hint = parts[0] if is_union and len(parts) == 1 else declared
        if isinstance(hint, type) and issubclass(hint, Enum):
            hint = str
        out[name] = (known.get(hint, pl.String), hint not in known)
    return out


# ---- numpy's npz ----------------------------------------------------------------------------------------------


def to_npz(record: Any) -> bytes:
    """Return a record as an npz file: its arrays, and a head in JSON that holds all else. No pickle."""
    import numpy as np  # an answer from the cache needs no arrays

    arrays: dict[str, np.ndarray[Any, Any]] = {}

    def head(value: Any, path: str) -> Any:
        if isinstance(value, np.ndarray):
            arrays[path] = value
            return {_ARRAY: path}
        if isinstance(value, dict):
            return {key: head(item, f"{path}.{key}" if path else str(key)) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [head(item, f"{path}.{number}") for number, item in enumerate(value)]
        return value

    text = json.dumps(without_nan(head(_unstructured(record), "")), separators=(",", ":"))
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer, allow_pickle=False, **{_HEAD: np.frombuffer(text.encode(), dtype=np.uint8)}, **arrays
    )
    return buffer.getvalue()


def from_npz(cls: type[R], content: bytes, where: str = "", remedy: str = "make it again") -> R:
    """Make a record of the bytes of an npz file; see `from_plain`."""
    import numpy as np  # as above

    name = where or cls.__name__
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as data:
            arrays = {key: data[key] for key in data.files}
        raw = _with_arrays(json.loads(arrays.pop(_HEAD).tobytes()), arrays)
    except (
        Exception
    ) as error:  # whatever a damaged file ends in: zip, zlib, numpy and json raise unrelated types
        raise FileFormatError(
            f"{name} must be an npz file of records, and is not ({str(error)[:200]}); {remedy}"
        ) from error
    return from_plain(cls, raw, where, remedy)


def _with_arrays(value: Any, arrays: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        if value.keys() == {_ARRAY}:
            return arrays[value[_ARRAY]]
        return {key: _with_arrays(item, arrays) for key, item in value.items()}
    return [_with_arrays(item, arrays) for item in value] if isinstance(value, list) else value
