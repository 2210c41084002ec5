"""What comparing a device with itself found: all of it is false."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NullCount:
    """What comparing a device with itself asked of one sort, and what it found.

    Attributes
    ----------
    sort
        ``flip``, ``regret`` or ``swap``.
    asked, told
        Questions, and those whose interval does not include zero: every one of them is false.
    largest
        The largest size of a difference among those asked, in the unit of the sort.
    """

    sort: str
    asked: int
    told: int
    largest: float


@dataclass(frozen=True)
class Null:
    """One device compared with itself, as it is known from either half of its families; ``why_not`` says why it could not be."""

    device: str
    counts: tuple[NullCount, ...] = ()
    why_not: str = ""
