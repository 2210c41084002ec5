"""Frozen records to plain values and back, checked against the types that the record declares.

What is read this way is data: it runs nothing, a list becomes a tuple only where the record says so, and its depth
is bounded by the declared type, not by the file.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from functools import cache
from typing import Any, TypeVar, cast

from dsim.errors import InvalidValueError

R = TypeVar("R")

MAX_INTEGER = 2**63 - 1  # what a file may hold; larger ones cannot even be printed cheaply


def shown(value: object, most: int = 120) -> str:
    """Write a value that came from outside so that it fits into one line of an error message."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # integers of thousands of digits, lists in lists in lists
        text = f"<{type(value).__name__} too large to show>"
    return text if len(text) <= most else f"{text[: most - 3]}..."


def record_to_dict(record: Any) -> dict[str, Any]:
    """Return the fields of a frozen dataclass that differ from their defaults."""
    return {
        f.name: value for f in dataclasses.fields(record) if (value := getattr(record, f.name)) != f.default
    }


@cache
def _types(cls: Any) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _wrong(where: str, hint: Any, value: object) -> InvalidValueError:
    name = hint.__name__ if isinstance(hint, type) and not typing.get_args(hint) else str(hint)
    return InvalidValueError(f"{where} must be {name}, got {shown(value)}; correct the file")


def _read(where: str, hint: Any, value: Any) -> Any:
    """Return ``value`` as the type ``hint`` (int, float, bool, str, None, tuples and unions of them)."""
    if hint is float and type(value) in (int, float):
        return float(value)
    if hint in (int, bool, str, types.NoneType):
        if type(value) is not hint or (hint is int and not -MAX_INTEGER <= value <= MAX_INTEGER):
            raise _wrong(where, hint, value)
        return value
    items = typing.get_args(hint)
    if typing.get_origin(hint) is types.UnionType:
        # of the members, at most one is a tuple: the shape of the value tells which is meant
        wanted = [
            item for item in items if (typing.get_origin(item) is tuple) == isinstance(value, list | tuple)
        ]
        for item in wanted:
            if typing.get_origin(item) is tuple or type(value) is item:
                return _read(where, item, value)
        raise _wrong(where, hint, value)
    if not isinstance(value, list | tuple):
        raise _wrong(where, hint, value)
    if len(items) == 2 and items[1] is Ellipsis:
        return tuple(_read(where, items[0], part) for part in value)
    if len(items) != len(value):
        raise _wrong(where, hint, value)
    return tuple(_read(where, item, part) for item, part in zip(items, value, strict=True))


def record_from_dict(cls: type[R], raw: object) -> R:
    """Make a record from plain values.

    Parameters
    ----------
    cls
        A frozen dataclass whose fields are int, bool, str, None, or tuples and unions of them.
    raw
        What a JSON file holds for it.

    Raises
    ------
    InvalidValueError
        It is no object, or a field is unknown, missing, of the wrong type, or refused by the record itself.
    """
    if not isinstance(raw, dict):
        raise InvalidValueError(f"{cls.__name__} must be an object, got {shown(raw)}; correct the file")
    hints: dict[str, Any] = _types(cast("Any", cls))
    values = {}
    for name, value in raw.items():
        if name not in hints:
            raise InvalidValueError(
                f"{cls.__name__} has no field {shown(name)}; it has: {', '.join(hints) or 'none'}"
            )
        values[name] = _read(f"{cls.__name__}.{name}", hints[name], value)
    try:
        return cls(**values)
    except TypeError as error:
        raise InvalidValueError(f"{cls.__name__} is incomplete: {error}; add what is missing") from error
