"""What floating point cannot tell: processors sum in different orders, and a tie comes out as 2e-16 on some of them.

Whatever is compared with zero, with a budget or with another figure of its kind is compared through here, beside the size
of the thing itself. Rounding errors of sums and fits lie near 1e-13 of that size, differences that mean something above
1e-6.
"""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, Context
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

RELATIVE = 1e-9  # of a thing's own size: less than this is rounding

_UP = Context(prec=3, rounding=ROUND_CEILING)

_Number = TypeVar("_Number", float, NDArray[np.float64])


def without_rounding(value: float, scale: float) -> float:
    """Return a value, or 0 where it is nothing beside ``scale``, the size of the thing that it is about."""
    return 0.0 if abs(value) <= RELATIVE * abs(scale) else value


def sign_of(low: float, high: float, scale: float) -> int:
    """Return 1 or -1 where a whole interval lies above or below zero by more than rounding, and 0 elsewhere."""
    nothing = RELATIVE * abs(scale)
    return int(low > nothing) - int(high < -nothing)


def limit(most: _Number) -> _Number:
    """Return the largest value that still counts as within ``most``, which is positive."""
    return most * (1.0 + RELATIVE)


def rounded_up(value: float) -> str:
    """Write a positive number with three digits that is not below it, but for rounding."""
    return f"{_UP.create_decimal_from_float(value / limit(1.0)):f}"


def finite(value: float) -> float:
    """Return a value, or nan where it is infinite: records write nan as null, and JSON has no infinity."""
    return value if math.isfinite(value) else math.nan


def steps(values: NDArray[np.float64], scale: float) -> NDArray[np.float64]:
    """Return values in whole steps of rounding beside ``scale``, so that those which mean the same compare equal."""
    return np.round(values / (RELATIVE * abs(scale)))


def three_digits(value: float) -> str:
    """Write three digits, zeros at the end included: ``0.500``, ``2.00``, ``11.1``, ``105``."""
    return f"{value:.0f}" if value >= 99.95 else f"{value:#.3g}"
