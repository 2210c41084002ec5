"""Checks that the records of a design share: each coerces a plain value or says what is wrong with it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from enum import StrEnum
from typing import TypeVar

from dsim.errors import InvalidValueError

E = TypeVar("E", bound=StrEnum)
P = TypeVar("P")


def member(name: str, kind: type[E], value: object) -> E:
    """Coerce ``value`` to a member of ``kind``.

    Raises
    ------
    InvalidValueError
        It is not one of them; the message lists the choices.
    """
    if isinstance(value, str):
        try:
            return kind(value)
        except ValueError:
            pass
    raise InvalidValueError(f"{name} must be one of {', '.join(kind)}, got {value!r}; choose one of them")


def parts(name: str, kind: type[P], values: Iterable[object]) -> tuple[P, ...]:
    """Coerce ``values`` to a tuple of ``kind``.

    Raises
    ------
    InvalidValueError
        It is no sequence, or holds something else.
    """
    if isinstance(values, Iterable) and not isinstance(values, str):
        found = tuple(values)
        wrong = next((one for one in found if not isinstance(one, kind)), None)
        if wrong is None:
            return found  # type: ignore[return-value]  # each was looked at
        values = wrong  # type: ignore[assignment]
    raise InvalidValueError(
        f"{name} must be a tuple of dsim.{kind.__name__}, got {values!r}; write (dsim.{kind.__name__}(...), ...)"
    )


def number(name: str, value: object) -> float:
    """Coerce ``value`` to a finite float (a bool is not a number).

    Raises
    ------
    InvalidValueError
        It is not a finite number.
    """
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    raise InvalidValueError(f"{name} must be a finite number, got {value!r}; give one")


def whole(name: str, value: object, least: int, most: int) -> int:
    """Check that ``value`` is an integer from ``least`` to ``most``.

    Raises
    ------
    InvalidValueError
        It is not.
    """
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
        return value
    raise InvalidValueError(f"{name} must be an integer from {least} to {most}, got {value!r}; change it")


def flag(name: str, value: object) -> bool:
    """Check that ``value`` is True or False.

    Raises
    ------
    InvalidValueError
        It is not.
    """
    if isinstance(value, bool):
        return value
    raise InvalidValueError(f"{name} must be true or false, got {value!r}; change it")
