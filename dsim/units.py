"""Durations as people write them: a number and a unit, never a bare number; and counts such as 15M, and sizes such as 12MiB."""

from __future__ import annotations

import math
import operator
import re
from collections import Counter
from collections.abc import Iterable, Mapping

from dsim.errors import InvalidValueError

_SECONDS: dict[str, float] = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_FORM = re.compile(r"\s*([0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?)\s*([a-zA-Z]*)\s*")


def parse_seconds(text: str) -> float:
    """Read a duration such as ``2ms``, ``0.002s``, ``500us``, ``60s`` or ``10m``.

    Returns
    -------
    float
        Seconds, positive.

    Raises
    ------
    InvalidValueError
        There is no number, no known unit, or the duration is not positive.
    """
    match = _FORM.fullmatch(text)
    known = ", ".join(_SECONDS)
    if not match:
        raise InvalidValueError(
            f"a duration is a positive number and a unit ({known}), got {text!r}; write 2ms"
        )
    number, unit = match.groups()
    if not unit and float(number) == 0:
        raise InvalidValueError(f"a duration must be positive, got {text!r}; write 2ms")
    if not unit:
        raise InvalidValueError(
            f"a duration needs a unit, got {text!r}, which could be seconds or milliseconds; write {text.strip()}ms "
            f"or {text.strip()}s"
        )
    if unit not in _SECONDS:
        raise InvalidValueError(f"a duration's unit must be one of {known}, got {unit!r}; write 2ms")
    seconds = float(number) * _SECONDS[unit]
    if not (math.isfinite(seconds) and seconds > 0):
        raise InvalidValueError(f"a duration must be positive and finite, got {text!r}; write 2ms")
    return seconds


def milliseconds(value: float | str) -> float:
    """Return a budget in milliseconds: a number is one already, a text such as ``"2ms"`` has its unit.

    Raises
    ------
    InvalidValueError
        A text is no duration, or it is neither a text nor a number.
    """
    if not isinstance(value, str | float | int):
        try:
            return float(value)  # a number of numpy's
        except (TypeError, ValueError) as error:
            raise InvalidValueError(
                f"a duration must be one number of milliseconds or one text such as '2ms', got {value!r}; write '2ms'"
            ) from error
    # 2ms is 2.0 milliseconds and not 2.0000000000000004
    return float(f"{parse_seconds(value) * 1e3:.12g}") if isinstance(value, str) else float(value)


def each_once(what: str, values: Iterable[object], unit: str = "") -> None:
    """Refuse a list that holds something twice: it says another count than it means.

    Raises
    ------
    InvalidValueError
        It does; ``what`` names an item of the list.
    """
    twice = [value for value, count in Counter(values).items() if count > 1]
    if twice:
        told = ", ".join(f"{one:g}{unit}" if isinstance(one, float) else f"{one}{unit}" for one in twice)
        raise InvalidValueError(f"each {what} must be given once, got {told} twice; leave one out")


def whole(what: str, value: object) -> int:
    """Return a whole number of things, also where it is one of numpy's.

    Raises
    ------
    InvalidValueError
        It is none, such as ``2.5`` or ``"12"``.
    """
    try:
        return operator.index(value)  # type: ignore[arg-type]  # what has no index is refused
    except TypeError as error:
        raise InvalidValueError(
            f"{what} must be a whole number, got {value!r}; give one such as 12"
        ) from error


def check_level(confidence: float) -> None:
    """Refuse what is no chance between 0 and 1: a text, 90 for 90%, or certainty.

    Raises
    ------
    InvalidValueError
        It is one of these.
    """
    try:
        if 0.0 < confidence < 1.0:
            return
    except (TypeError, ValueError):  # an array has no one answer
        pass
    raise InvalidValueError(
        f"confidence must lie between 0 and 1, got {confidence!r}; 0.9 is the usual choice"
    )


def seconds(value: float | str | None) -> float | None:
    """Return a cap on time in seconds: a number is one already, a text such as ``"60s"`` has its unit; None stays None.

    Raises
    ------
    InvalidValueError
        A text is no duration.
    """
    return parse_seconds(value) if isinstance(value, str) else value


_TIMES = {"": 1.0, "K": 1e3, "M": 1e6, "G": 1e9, "B": 1e9}


def count(value: float | str) -> float:
    """Return a number of things: a number is one already, a text such as ``"15M"`` may end in K, M or G.

    Raises
    ------
    InvalidValueError
        A text is no such number, or it is not positive and finite.
    """
    match = _FORM.fullmatch(str(value))
    if not match or match[2].upper() not in _TIMES:
        raise InvalidValueError(
            f"a count is a positive number with K, M, G or nothing behind it, got {value!r}; write 15M"
        )
    return _times(match[1], _TIMES[match[2].upper()], value, "a count", "15M")


_BYTES = {"B": 1.0, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KIB": 2.0**10, "MIB": 2.0**20, "GIB": 2.0**30}


def bytes_of(value: float | str) -> float:
    """Return a number of bytes: a number is one already, a text such as ``"24MB"`` has its unit.

    Raises
    ------
    InvalidValueError
        A text is no such size, or it is not positive and finite.
    """
    match = _FORM.fullmatch(str(value))
    unit = match[2].upper() if match else ""
    if not match or (unit or "B") not in _BYTES or (isinstance(value, str) and not unit):
        raise InvalidValueError(
            f"a size is a positive number with KB, MB, GB, KiB, MiB or GiB behind it, got {value!r}; write 24MB"
        )
    return _times(match[1], _BYTES[unit or "B"], value, "a size", "24MB")


def _times(number: str, scale: float, value: object, what: str, example: str) -> float:
    # 1.1M is 1100000 and not 1100000.0000000001
    found = float(f"{float(number) * scale:.12g}")
    if not (math.isfinite(found) and found > 0):
        raise InvalidValueError(f"{what} must be positive and finite, got {value!r}; write {example}")
    return found


COUNTS = {"K": 1e3, "M": 1e6, "G": 1e9, "": 1.0}
SIZES = {"KB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30, "B": 1.0}


def written(value: float, units: Mapping[str, float], usual: str) -> tuple[str, str]:
    """Return the number and the unit that a person writes for an amount: the shortest that is exact.

    Parameters
    ----------
    value
        The amount, positive.
    units
        `COUNTS` or `SIZES`.
    usual
        The unit that is taken where others are no shorter.

    Examples
    --------
    >>> written(1000, COUNTS, "M"), written(2.5e6, COUNTS, "M"), written(12 * 2**20, SIZES, "MB")
    (('1', 'K'), ('2.5', 'M'), ('12', 'MiB'))
    """
    texts = [(f"{value / scale:.12g}", unit) for unit, scale in units.items()]
    exact = [text for text in texts if "e" not in text[0] and float(text[0]) * units[text[1]] == value]
    return min(exact or texts, key=lambda text: (len(text[0] + text[1]), text[1] != usual))
