"""How each type of field is written and read: the one converter behind `dsim.records.codec`.

========================  ====================================================================================
type                      in a file
========================  ====================================================================================
bool, int, float, str     as it is; a whole number will do for a float, and null stands for nan
an enum, a path           its text
tuple, frozenset          a list (a set's is sorted)
a named tuple             a list of its fields in order
a mapping                 an object
X | None                  X or null
a record                  an object of its fields: those with a default may be left out, unknown ones are refused
a record that is Sparse   the same, written without the fields that have their defaults
a record that HasForm     as the record that its ``form`` names
one of several records    an object of its fields and the record's name under ``record``
a numpy array             itself (npz only)
Any                       as it is
========================  ====================================================================================
"""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, cast

from cattrs import Converter, IterableValidationError, IterableValidationNote
from cattrs.cols import (
    homogenous_tuple_structure_factory,
    is_frozenset,
    is_mapping,
    is_namedtuple,
    mapping_structure_factory,
)
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn

from dsim.records.base import MAX_INTEGER, HasForm, Misfit, Sparse, is_record, shown
from dsim.records.unions import choice_reader, choice_writer, is_choice

_MOST_NAMES = 12  # fields that a message lists

Read = Callable[[Any, Any], Any]
Write = Callable[[Any], Any]


@cache
def converter() -> Converter:
    """Return the converter; hooks that are registered later are asked first."""
    c = Converter(detailed_validation=True)
    for kind, read in _PLAIN.items():
        c.register_structure_hook(kind, read)
    c.register_unstructure_hook(StrEnum, lambda member: member.value)
    c.register_unstructure_hook(Path, str)
    for test, reader, writer in _HOOKS:
        c.register_structure_hook_factory(test, reader)
        if writer is not None:
            c.register_unstructure_hook_factory(test, writer)
    return c


# ---- numbers and texts ----------------------------------------------------------------------------------------


def _int(raw: Any, _: Any) -> int:
    if type(raw) is not int:
        raise Misfit("must be a whole number", shown(raw))
    if not -MAX_INTEGER <= raw <= MAX_INTEGER:
        raise Misfit("must be a whole number below 2^63", shown(raw))
    return raw


def _float(raw: Any, _: Any) -> float:
    if raw is None:
        return float("nan")
    if type(raw) is int and abs(raw) <= MAX_INTEGER:
        return float(raw)
    if type(raw) is not float:
        raise Misfit("must be a number", shown(raw))
    return raw


def _bool(raw: Any, _: Any) -> bool:
    if type(raw) is not bool:
        raise Misfit("must be true or false", shown(raw))
    return raw


def _str(raw: Any, _: Any) -> str:
    if type(raw) is not str:
        raise Misfit("must be a text", shown(raw))
    return raw


def _path(raw: Any, _: Any) -> Path:
    return Path(_str(raw, str))


def _member(raw: Any, hint: Any) -> StrEnum:
    try:
        if type(raw) is str:
            return cast("StrEnum", hint(raw))
    except ValueError:
        pass
    known = list(hint)
    if len(known) <= _MOST_NAMES:
        raise Misfit(f"must be one of {', '.join(known)}", shown(raw))
    near = difflib.get_close_matches(raw if type(raw) is str else "", known, n=5, cutoff=0.3) or known[:5]
    raise Misfit(f"must be one of {len(known)} choices such as {', '.join(near)}", shown(raw))


_PLAIN: dict[Any, Read] = {
    int: _int,
    float: _float,
    bool: _bool,
    str: _str,
    StrEnum: _member,
    Path: _path,
}


# ---- lists ----------------------------------------------------------------------------------------------------


def _is_tuple(hint: Any) -> bool:
    return typing.get_origin(hint) is tuple


def _list_of(inner: Read, length: int | None = None) -> Read:
    """Refuse what is not a list (of so many items) before its items are read."""
    rule = "must be a list" if length is None else f"must be a list of {length} items"

    def read(raw: Any, hint: Any) -> Any:
        if not isinstance(raw, list | tuple) or (length is not None and len(raw) != length):
            raise Misfit(rule, shown(raw))
        return inner(raw, hint)

    return read


def _tuple_reader(hint: Any, c: Converter) -> Read:
    items = typing.get_args(hint)
    if len(items) == 2 and items[1] is Ellipsis:
        return _list_of(homogenous_tuple_structure_factory(hint, c))
    return _list_of(_items_reader(items, c), len(items))


def _items_reader(items: Sequence[Any], c: Converter) -> Read:
    """Return what reads a list whose items have a type each (cattrs offers the same from 26.2 on, which litert-torch cannot stand beside)."""
    reads = [c.get_structure_hook(item) for item in items]

    def read(raw: Any, hint: Any) -> tuple[Any, ...]:
        found = list[Any]()
        for n, (one, part, item) in enumerate(zip(reads, raw, items, strict=True)):
            try:
                found.append(one(part, item))
            except (
                Exception
            ) as err:  # whatever a hook raises is told with its place, as cattrs does for its own lists
                err.add_note(IterableValidationNote(f"item {n}", n, item))
                raise IterableValidationError("an item does not fit", [err], hint) from None
        return tuple(found)

    return read


def _tuple_writer(hint: Any, c: Converter) -> Write:
    items = typing.get_args(hint)
    if len(items) == 2 and items[1] is Ellipsis:
        write = c.get_unstructure_hook(items[0])
        return lambda value: [write(item) for item in value]
    writes = [c.get_unstructure_hook(item) for item in items]
    return lambda value: [one(item) for one, item in zip(writes, value, strict=True)]


def _items_of(hint: Any) -> Any:
    """Return the plain tuple type of a named tuple."""
    return tuple.__class_getitem__(tuple(typing.get_type_hints(hint).values()))


def _named_reader(hint: Any, c: Converter) -> Read:
    items = _items_of(hint)
    read = _tuple_reader(items, c)
    return lambda raw, _: hint(*read(raw, items))


def _named_writer(hint: Any, c: Converter) -> Write:
    return _tuple_writer(_items_of(hint), c)


def _set_reader(hint: Any, c: Converter) -> Read:
    (item,) = typing.get_args(hint)
    many = tuple[item, ...]  # type: ignore[valid-type]
    read = c.get_structure_hook(many)
    return lambda raw, _: frozenset(read(raw, many))


def _set_writer(hint: Any, c: Converter) -> Write:
    write = c.get_unstructure_hook(typing.get_args(hint)[0])
    return lambda value: sorted(write(item) for item in value)


# ---- objects --------------------------------------------------------------------------------------------------


def _mapping_reader(hint: Any, c: Converter) -> Read:
    inner = mapping_structure_factory(hint, c, structure_to=dict)

    def read(raw: Any, _: Any) -> Any:
        if not isinstance(raw, Mapping):
            raise Misfit("must be an object", shown(raw))
        return inner(raw, hint)

    return read


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more


def _record_reader(hint: Any, c: Converter) -> Read:
    inner = make_dict_structure_fn(hint, c, _cattrs_forbid_extra_keys=False)
    known = [f.name for f in dataclasses.fields(hint) if f.init]
    nothing = dataclasses.MISSING
    needed = [
        f.name
        for f in dataclasses.fields(hint)
        if f.init and f.default is nothing and f.default_factory is nothing
    ]
    allowed, required = frozenset(known), frozenset(needed)
    rule = f"must be an object with {_some(known)}"

    def read(raw: Any, _: Any) -> Any:
        if not isinstance(raw, dict):
            raise Misfit(rule, shown(raw))
        if not raw.keys() <= allowed:
            extra = [shown(name, 60) for name in raw if name not in allowed]
            raise Misfit(f"must have no fields but {_some(known)}", f"also {_some(extra)}")
        if not raw.keys() >= required:
            missing = [name for name in needed if name not in raw]
            raise Misfit(f"must have the field {_some(missing)}", "none")
        return inner(raw, hint)

    return read


def _record_writer(hint: Any, c: Converter) -> Write:
    return make_dict_unstructure_fn(hint, c, _cattrs_omit_if_default=issubclass(hint, Sparse))


def _has_form(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, HasForm)


def _form_reader(hint: Any, c: Converter) -> Read:
    form = hint.form()
    read = c.get_structure_hook(form)
    return lambda raw, _: hint.from_form(read(raw, form))


def _form_writer(hint: Any, c: Converter) -> Write:
    write = c.get_unstructure_hook(hint.form())
    return lambda value: write(value.to_form())


# ---- arrays ---------------------------------------------------------------------------------------------------


def _is_array(hint: Any) -> bool:
    # by name, so that numpy is imported only where it is used
    kind = typing.get_origin(hint) or hint
    return getattr(kind, "__name__", "") == "ndarray" and kind.__module__ == "numpy"


def _array_reader(hint: Any, c: Converter) -> Read:
    import numpy as np

    of = [typing.get_args(part) for part in typing.get_args(hint)[1:2]]
    wanted = of[0][0] if of and of[0] and isinstance(of[0][0], type) else np.generic

    def read(raw: Any, _: Any) -> Any:
        if not isinstance(raw, np.ndarray) or not np.issubdtype(raw.dtype, wanted):
            got = f"an array of {raw.dtype}" if isinstance(raw, np.ndarray) else shown(raw)
            raise Misfit(f"must be an array of {wanted.__name__}", got)
        return raw

    return read


def _as_it_is(hint: Any, c: Converter) -> Write:
    return lambda value: value


def _is_none(hint: Any) -> bool:
    return hint is types.NoneType


def _none_reader(hint: Any, c: Converter) -> Read:
    def read(raw: Any, _: Any) -> None:
        if raw is not None:
            raise Misfit("must be left out or null", shown(raw))

    return read


Factory = Callable[[Any, Converter], Any]

_HOOKS: tuple[tuple[Callable[[Any], bool], Factory, Factory | None], ...] = (
    (_is_none, _none_reader, None),
    (_is_tuple, _tuple_reader, _tuple_writer),
    (is_namedtuple, _named_reader, _named_writer),
    (is_frozenset, _set_reader, _set_writer),
    (is_mapping, _mapping_reader, None),
    (is_record, _record_reader, _record_writer),
    (_has_form, _form_reader, _form_writer),
    (is_choice, choice_reader, choice_writer),
    (_is_array, _array_reader, _as_it_is),
)
