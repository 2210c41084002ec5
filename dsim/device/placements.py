"""Where a runtime put the operators of whole networks: on the accelerator, or elsewhere.

It says whether networks with such operators may leave the accelerator, and nothing of time: what a runtime calls an operator's
cost is its own estimate.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dsim.device.fields import read_rows, text, whole, write_rows
from dsim.errors import FileFormatError
from dsim.op import OpKind
from dsim.records import shown

FILE = "placements.csv"
COLUMNS = ("network", "op", "on_accelerator", "elsewhere")


@dataclass(frozen=True)
class Placement:
    """One kind of operator in one whole network: how many of it ran on the accelerator, and how many elsewhere."""

    network: str
    op: OpKind
    on_accelerator: int
    elsewhere: int


def read_placements(folder: Path) -> tuple[Placement, ...]:
    """Read what a profile knows of placements; none where it has no such file.

    Raises
    ------
    FileFormatError
        A row breaks a rule; the message names it.
    """
    path = folder / FILE
    return tuple(_placement(row, where) for where, row in read_rows(path, COLUMNS)) if path.exists() else ()


def write_placements(folder: Path, found: Iterable[Placement]) -> None:
    """Write them beside a profile's networks."""
    rows = [
        dict(zip(COLUMNS, (one.network, str(one.op), one.on_accelerator, one.elsewhere), strict=True))
        for one in found
    ]
    write_rows(folder / FILE, COLUMNS, rows)


def _placement(row: dict[str, str], where: str) -> Placement:
    op = text(row, "op", where)
    if op not in {str(kind) for kind in OpKind}:
        raise FileFormatError(
            f"{where}, column 'op': must be a kind of operator, got {shown(op)}; correct it"
        )
    counts = (whole(row, name, where) or 0 for name in ("on_accelerator", "elsewhere"))
    return Placement(text(row, "network", where), OpKind(op), *counts)
