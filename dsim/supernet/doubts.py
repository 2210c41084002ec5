"""Doubts: changes whose price the device's evidence does not tell, by the rule that a study searches by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dsim.arch import Block
from dsim.latency.records import Identified
from dsim.search.identified import doubt_of
from dsim.supernet.moves import Move
from dsim.supernet.subnet import Subnet


def untold(before: Subnet, move: Move, contrasts: Mapping[str, Identified]) -> dict[str, str]:
    """Return what a move may not be chosen for: exchanges of mixers that have a verdict against them, with the reason.

    Keys read ``attention to pooling``.
    """
    return {
        f"{old.mixer} to {new.mixer}": why
        for old, new in _replaced(before, move.subnet)
        if old.mixer is not new.mixer
        if (why := doubt_of("mixer", old.mixer, new.mixer, contrasts))
    }


def norm_doubt(before: Subnet, after: Subnet, contrasts: Mapping[str, Identified]) -> str:
    """Return why the price of a step is uncertain that also exchanges the norm, as attention to pooling does; else empty."""
    for old, new in _replaced(before, after):
        if old.norm is not new.norm and (why := doubt_of("norm", old.norm, new.norm, contrasts)):
            return f"{old.norm} norm against {new.norm} norm: {why}"
    return ""


def _replaced(before: Subnet, after: Subnet) -> Iterator[tuple[Block, Block]]:
    """Yield the blocks that stand in for others, with those."""
    for old_row, new_row in zip(before.slots, after.slots, strict=True):
        for old, new in zip(old_row, new_row, strict=True):
            if old is not None and new is not None and old != new:
                yield old, new
