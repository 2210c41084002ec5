"""The regret matrix as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from dsim.shift.records import Cell, Interval


def regret_frame(cells: Sequence[Cell]) -> pl.DataFrame:
    """Return a row for each cell; ends of intervals stand beside their values, as ``slower_ms_low`` and ``slower_ms_high``."""
    rows = [
        {
            "of": cell.of,
            "on": cell.on,
            "verdict": str(cell.verdict),
            "over_budget_ms": cell.over_budget_ms,
            **_ends("slower_ms", cell.slower_ms),
            **_ends("top1_lost", cell.top1_lost),
            "not_identified": ", ".join(cell.not_identified),
        }
        for cell in cells
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _ends(name: str, interval: Interval | None) -> dict[str, float | None]:
    parts = (None, None, None) if interval is None else (interval.value, interval.low, interval.high)
    return dict(zip((name, f"{name}_low", f"{name}_high"), parts, strict=True))
