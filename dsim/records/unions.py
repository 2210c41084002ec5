"""One of several types in a file: a record says its name, anything else is recognised by its own type."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from typing import Any

from cattrs import Converter

from dsim.records.base import Misfit, is_record, shown

TAG = "record"
_WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a text", tuple: "a list"}
Read = Callable[[Any, Any], Any]
Write = Callable[[Any], Any]


def is_choice(hint: Any) -> bool:
    """Tell whether a type is a union of two or more that are not None."""
    if typing.get_origin(hint) not in (types.UnionType, typing.Union):
        return False
    return len([part for part in typing.get_args(hint) if part is not types.NoneType]) > 1


def choice_reader(hint: Any, c: Converter) -> Read:
    """Make what reads one of several records by its name, and one of several other types by the value's own type."""
    parts = typing.get_args(hint)
    if not all(is_record(part) or part is types.NoneType for part in parts):
        return _by_type_reader(parts, c)
    records = {part.__name__: part for part in parts if part is not types.NoneType}
    reads = {name: c.get_structure_hook(part) for name, part in records.items()}

    def read(raw: Any, _: Any) -> Any:
        if raw is None and types.NoneType in parts:
            return None
        name = raw.get(TAG) if isinstance(raw, dict) else None
        if not isinstance(name, str) or name not in records:
            raise Misfit(f"must be an object whose {TAG!r} is one of {', '.join(records)}", shown(raw))
        rest = {key: value for key, value in raw.items() if key != TAG}
        return reads[name](rest, records[name])

    return read


def _by_type_reader(parts: tuple[Any, ...], c: Converter) -> Read:
    """Choose by the type of the value; of the members, at most one may be a list."""
    reads = {typing.get_origin(part) or part: (part, c.get_structure_hook(part)) for part in parts}

    def read(raw: Any, _: Any) -> Any:
        kind: Any = tuple if isinstance(raw, list) else type(raw)
        if kind is int and int not in reads:
            kind = float
        if kind not in reads:
            raise Misfit(f"must be {' or '.join(_WORDS.get(one, one.__name__) for one in reads)}", shown(raw))
        part, inner = reads[kind]
        return inner(raw, part)

    return read


def choice_writer(hint: Any, c: Converter) -> Write:
    """Make what writes one of several: a record with its name, anything else as it is."""

    def write(value: Any) -> Any:
        plain = c.unstructure(value)
        return {TAG: type(value).__name__, **plain} if is_record(type(value)) else plain

    return write
