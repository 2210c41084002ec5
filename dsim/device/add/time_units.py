"""Units of time as people write them, and latencies with one beside the number."""

from __future__ import annotations

import math
import re
import unicodedata

from dsim.device.add.numerals import Marks, number_of

MS_PER = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3}
LONGEST_MS = 3.6e6
_NAMES = {
    "ns": ("nsec", "nsecs", "nanos", "nanosecond", "nanoseconds"),
    "us": ("\u03bcs", "usec", "usecs", "\u03bcsec", "micros", "microsecond", "microseconds"),
    "ms": ("msec", "msecs", "millis", "millisecond", "milliseconds"),
    "s": ("sec", "secs", "second", "seconds"),
}
_UNIT_OF = {name: unit for unit, names in _NAMES.items() for name in (unit, *names)}
_CELL = re.compile(r"(.*?[0-9.,])\s*\[?\(?([^\W\d_]+)\.?\)?\]?", re.DOTALL)


def plain(text: str) -> str:
    """Return small letters, with both micro signs as one, and one that was decoded wrongly mended."""
    return unicodedata.normalize("NFKC", text.replace("\u00c2\u00b5", "\u00b5")).casefold().strip()


def unit_of(text: str) -> str:
    """Return ``ns``, ``us``, ``ms`` or ``s``, empty where it is not the name of one."""
    return _UNIT_OF.get(plain(text).strip("[]()."), "")


def split_unit(cell: str) -> tuple[str, str]:
    """Split ``0.903 ms`` into the number and its unit; the unit is empty where no known one follows."""
    match = _CELL.fullmatch(cell.strip())
    unit = unit_of(match[2]) if match else ""
    return (match[1].strip(), unit) if match and unit else (cell.strip(), "")


def milliseconds_of(cell: str, unit: str, marks: Marks) -> float:
    """Turn a cell into milliseconds.

    Parameters
    ----------
    cell
        A number, perhaps with a unit.
    unit
        What the header or another cell of the row says; empty where they do not.
    marks
        What the column proves about decimal points and commas.

    Raises
    ------
    ValueError
        It is not a latency; the message is a rule with the value received and the remedy.
    """
    digits, own = split_unit(cell)
    if own and unit and own != unit:
        raise ValueError(
            f"is in {unit} by its header or unit and in {own} by itself, got {_short(cell)}; keep one"
        )
    if not own and not unit:
        raise ValueError(
            f"needs a unit, got {_short(cell)}; name the column latency_ms, or latency_us, latency_s"
        )
    try:
        number = number_of(digits, marks)
    except ValueError as error:
        raise ValueError(
            f"may be {error}, got {_short(cell)}; write it without a mark between thousands"
        ) from error
    found = math.nan if number is None else number * MS_PER[own or unit]
    if not math.isfinite(found) or not 0 < found <= LONGEST_MS:
        limit = " of at most an hour" if found > LONGEST_MS and math.isfinite(found) else ""
        raise ValueError(
            f"a latency must be a positive number{limit}, got {_short(cell) if cell.strip() else 'nothing'}; correct it or leave the row out"
        )
    return found


def _short(cell: str) -> str:
    return repr(cell.strip()[:40])
