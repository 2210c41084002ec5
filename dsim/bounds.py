"""Bounds that every number in an op keeps, and the checks that refuse what lies outside."""

from __future__ import annotations

from dsim.errors import InvalidValueError
from dsim.records import shown

# Bounds that no network comes near; they keep arithmetic on a broken or hostile file small.
MAX_ELEMENTS = 2**40  # of one tensor, or learned numbers behind one op
MAX_MACS = 2**62  # of one op
MAX_WINDOW = 2**16  # one side of a kernel, stride, padding or dilation
MAX_RANK = 32


def check_within(owner: object, name: str, value: int, least: int, most: int = MAX_ELEMENTS) -> None:
    """Refuse an integer outside ``least`` to ``most``."""
    if not least <= value <= most:
        raise InvalidValueError(
            f"{type(owner).__name__}.{name} must be {least} to {most}, got {shown(value)}; correct it"
        )


def check_learned(owner: object, params: int | None) -> None:
    """Refuse an impossible count of learned numbers; None means that the shapes imply it."""
    if params is not None:
        check_within(owner, "params", params, 0)


def check_pair(owner: object, name: str, value: tuple[int, int], least: int) -> None:
    """Refuse what is not (height, width) within bounds."""
    if len(value) != 2 or min(value) < least or max(value) > MAX_WINDOW:
        raise InvalidValueError(
            f"{type(owner).__name__}.{name} must be two integers of {least} to {MAX_WINDOW}, got {shown(value)}; "
            "give (height, width)"
        )


def check_sizes(owner: object, name: str, value: tuple[int, ...], most_items: int = MAX_RANK) -> None:
    """Refuse sizes of a tensor, or of pieces, that nothing could have."""
    if len(value) > most_items or (value and (min(value) < 1 or max(value) > MAX_ELEMENTS)):
        raise InvalidValueError(
            f"{type(owner).__name__}.{name} must be at most {most_items} sizes of 1 to {MAX_ELEMENTS}, "
            f"got {shown(value)}; correct them"
        )
