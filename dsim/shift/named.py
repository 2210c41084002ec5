"""One cell or pair of a comparison by the names of its devices; upper and lower case, blanks and hyphens do not matter."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from dsim.errors import InvalidValueError, unknown_name
from dsim.shift.stack import Pair

if TYPE_CHECKING:
    from dsim.shift.records import Cell


def cell_named(cells: Iterable[Cell], of: str, on: str) -> Cell:
    """Return what the best design of one device does on another.

    Raises
    ------
    UnknownNameError
        A device is not among those compared.
    """
    by_name = {(cell.of, cell.on): cell for cell in cells}
    known = [device for device, _ in by_name]
    return by_name[_named(of, known), _named(on, known)]


def pair_named(pairs: Iterable[Pair], a: str, b: str) -> Pair:
    """Return the pair of two devices, in whichever order it is kept.

    Raises
    ------
    UnknownNameError
        A device is not among those compared.
    InvalidValueError
        Both are the same.
    """
    by_names = {frozenset((pair.a, pair.b)): pair for pair in pairs}
    known = [device for both in by_names for device in both]
    wanted = frozenset((_named(a, known), _named(b, known)))
    if len(wanted) == 1:
        raise InvalidValueError(f"a pair is of two devices, got {a!r} and {b!r}; name another one")
    return by_names[wanted]


def _named(name: str, known: Iterable[str]) -> str:
    by_name = {_plain(device): device for device in known}
    if _plain(name) not in by_name:
        raise unknown_name("device of this comparison", name, by_name.values())
    return by_name[_plain(name)]


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name).casefold()
