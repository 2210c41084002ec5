"""Whole networks with one thing changed, timed in turns with the plain one: a profile's variants.csv.

They show what a choice costs in one network. No model learns from them: what a block costs is in contrasts.csv.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from dsim.device.fields import positive, read_rows, signed, text, whole, write_rows
from dsim.errors import InvalidValueError

FILE = "variants.csv"


@dataclass(frozen=True)
class Variant:
    """One change of one network on one device.

    Attributes
    ----------
    design
        What the plain network is called.
    choice
        What was changed everywhere outside attention, ``activation:gelu>relu``; several with ``+`` between them.
    plain_ms
        Milliseconds of the plain network: its quiet latency, the lower decile over turns.
    percent, low_percent, high_percent
        What the change adds, and the ends of its 90% interval.
    turns
        In how many turns both were timed.
    lab, source
        Who timed it, and with what.

    Raises
    ------
    InvalidValueError
        The ends of the interval are in the wrong order.
    """

    design: str
    choice: str
    plain_ms: float
    percent: float
    low_percent: float
    high_percent: float
    turns: int
    lab: str
    source: str

    def __post_init__(self) -> None:
        if self.low_percent > self.high_percent:
            raise InvalidValueError(
                f"low_percent must not exceed high_percent, got {self.low_percent} and {self.high_percent}; swap them"
            )


COLUMNS = tuple(field.name for field in fields(Variant))


def read_variants(folder: Path) -> tuple[Variant, ...]:
    """Read a profile's variants; none where it has no such file.

    Raises
    ------
    FileFormatError
        It breaks a rule.
    """
    if not (folder / FILE).exists():
        return ()
    return tuple(
        Variant(
            text(row, "design", where),
            text(row, "choice", where),
            positive(row, "plain_ms", where),
            signed(row, "percent", where) or 0.0,
            signed(row, "low_percent", where) or 0.0,
            signed(row, "high_percent", where) or 0.0,
            whole(row, "turns", where) or 0,
            text(row, "lab", where),
            text(row, "source", where),
        )
        for where, row in read_rows(folder / FILE, COLUMNS, {})
    )


def write_variants(folder: Path, variants: Iterable[Variant]) -> None:
    """Write a profile's variants."""
    write_rows(folder / FILE, COLUMNS, [asdict(one) for one in variants])
