"""Durations as people write them: a number and a unit, never a bare number."""

from __future__ import annotations

import math
import re

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
        A text is no duration.
    """
    # 2ms is 2.0 milliseconds and not 2.0000000000000004
    return float(f"{parse_seconds(value) * 1e3:.12g}") if isinstance(value, str) else float(value)


def seconds(value: float | str | None) -> float | None:
    """Return a cap on time in seconds: a number is one already, a text such as ``"60s"`` has its unit; None stays None.

    Raises
    ------
    InvalidValueError
        A text is no duration.
    """
    return parse_seconds(value) if isinstance(value, str) else value
