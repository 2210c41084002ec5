"""Records of studies and comparisons to plain values for JSON and back, checked against the types that they declare."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from dsim.arch import Arch
from dsim.errors import DsimError, FileFormatError
from dsim.records import shown

R = TypeVar("R")


def plain(value: Any) -> Any:
    """Return plain values: records become objects, tuples lists; nan, which JSON has not, becomes None."""
    if isinstance(value, Arch):
        return value.to_dict()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, StrEnum | Path):
        return str(value)
    return None if isinstance(value, float) and math.isnan(value) else value


@cache
def _hints(cls: Any) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def read(cls: type[R], raw: object, where: str = "") -> R:
    """Make a record of plain values.

    Raises
    ------
    FileFormatError
        A key is missing or unknown, or a value has the wrong type; the message names the place.
    """
    where = where or cls.__name__
    if not isinstance(raw, dict):
        raise FileFormatError(f"{where} must be an object, got {shown(raw)}; make the file anew")
    hints = _hints(cast("Any", cls))
    names = [f.name for f in dataclasses.fields(cls)]  # type: ignore[arg-type]
    if set(raw) != set(names):
        missing, unknown = [n for n in names if n not in raw], [str(n) for n in raw if n not in names]
        what = f"lacks {_some(missing)}" if missing else f"has also {_some(unknown)}"
        raise FileFormatError(
            f"{where} must have the fields of a {cls.__name__}, and {what}; make the file anew"
        )
    return cls(**{name: read_value(hints[name], raw[name], f"{where}.{name}") for name in names})


def _some(names: list[str], most: int = 3) -> str:
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return shown(", ".join(names[:most]))[1:-1] + rest


def read_value(hint: Any, raw: Any, where: str) -> Any:
    """Read a plain value as a type: a record, an `Arch`, a number, a text, or tuples and unions of them.

    Raises
    ------
    FileFormatError
        It is not of that type; the message names the place.
    """
    origin, items = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        if raw is None and types.NoneType in items:
            return None
        return read_value(next(item for item in items if item is not types.NoneType), raw, where)
    if origin is tuple:
        if not isinstance(raw, list):
            raise FileFormatError(f"{where} must be a list, got {shown(raw)}; make the file anew")
        kinds = [items[0]] * len(raw) if items[-1] is Ellipsis else items
        if len(kinds) != len(raw):
            raise FileFormatError(f"{where} must have {len(kinds)} items, got {len(raw)}; make the file anew")
        return tuple(read_value(kind, item, where) for kind, item in zip(kinds, raw, strict=True))
    if hint is Arch:
        return _checked(lambda: Arch.from_dict(raw), raw, where)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return read(hint, raw, where)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return _checked(lambda: hint(raw), raw, where)
    if hint is float:
        if raw is None:
            return float("nan")
        if type(raw) in (int, float):
            return float(raw)
    elif type(raw) is hint:
        return raw
    raise FileFormatError(
        f"{where} must be {getattr(hint, '__name__', hint)}, got {shown(raw)}; make the file anew"
    )


def _checked(make: Any, raw: Any, where: str) -> Any:
    try:
        return make()
    except (DsimError, ValueError, TypeError, AttributeError) as error:
        raise FileFormatError(f"{where} cannot be {shown(raw)}: {error}; make the file anew") from error
