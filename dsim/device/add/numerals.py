"""Read numbers as people type them: a decimal point or comma, thousands set apart, an exponent."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_NUMBER = re.compile(r"([+-]?)([0-9.,]+)((?:[eE][+-]?[0-9]{1,3})?)", re.ASCII)
_SPACED = re.compile(r"(?<=[0-9])[ '\u2019\u00a0\u2009\u202f](?=[0-9]{3}(?![0-9]))")
_WHOLE, _GROUPS = "[0-9]+", "[1-9][0-9]{0,2}(?:%s[0-9]{3})+"


@dataclass(frozen=True, slots=True)
class Marks:
    """What the cells of one column prove about their marks.

    Attributes
    ----------
    point, comma
        True where some cell can only be read with a decimal point, or only with a decimal comma.
    point_groups
        True where some cell has points between thousands and a decimal comma (``1.903,5``).
    """

    point: bool
    comma: bool
    point_groups: bool


def marks_of(cells: Iterable[str]) -> Marks:
    """Find out what a column's cells prove about their marks."""
    point = comma = groups = False
    for cell in cells:
        english, european = _readings(cell)
        point |= english is not None and european is None
        if european is not None and english is None:
            comma = True
            groups |= "." in cell
    return Marks(point, comma, groups)


def number_of(cell: str, marks: Marks) -> float | None:
    """Return a cell's number, or None where it does not hold one.

    Raises
    ------
    ValueError
        It can be read in two ways, and the column does not show which is meant.
    """
    english, european = _readings(cell)
    if english is None or european is None or english == european:
        return english if european is None else european
    if "," not in cell and not marks.comma:
        return english  # a decimal point, as everywhere in the column
    if marks.point and not marks.comma:
        return english
    if marks.comma and not marks.point and ("," in cell or marks.point_groups):
        return european
    raise ValueError(f"{european:.6g} or {english:.6g}")


def _readings(cell: str) -> tuple[float | None, float | None]:
    """Return the number with a decimal point and with a decimal comma, or None where it cannot be read so."""
    match = _NUMBER.fullmatch(_SPACED.sub("", cell.strip()))
    if not match:
        return None, None
    sign, digits, exponent = match.groups()
    return _read(sign, digits, exponent, ".", ","), _read(sign, digits, exponent, ",", ".")


def _read(sign: str, digits: str, exponent: str, decimal: str, group: str) -> float | None:
    whole, found, fraction = digits.partition(decimal)
    if found and not fraction.isdigit() and (fraction or not whole):
        return None
    if whole and not re.fullmatch(f"{_WHOLE}|{_GROUPS % re.escape(group)}", whole):
        return None
    return float(f"{sign}{whole.replace(group, '') or '0'}.{fraction or '0'}{exponent}")
