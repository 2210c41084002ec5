"""Designs of a comparison that were timed on their devices, as tables."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dsim.report.table import TableData, table
from dsim.shift import Comparison
from dsim.shift.equal_top1 import POINTS, AtEqualTop1
from dsim.shift.measured import Timed, TimedCell, agreements, timed_cells

COLUMNS = (
    "best design of",
    "ms",
    "timed ms",
    "more than own best",
    "timed, more",
    "smaller ms",
    "timed, smaller",
    "fits",
)


def agreement_table(found: Comparison, timed: Sequence[Timed]) -> TableData:
    """Return the table of how predictions agree with the clock, device by device."""
    columns = (
        "device",
        "designs",
        "mean error",
        "worst",
        "within 5%",
        "within 10%",
        "within its need",
        "in budget",
    )
    rows = [
        (
            a.device,
            str(a.designs),
            f"{math.expm1(a.bias):+.1%}",
            f"{a.worst:.1%}",
            f"{a.within_5} of {a.designs}",
            f"{a.within_10} of {a.designs}",
            f"{a.within_need} of {a.designs}",
            f"{a.fit} of {a.to_fit}",
        )
        for a in agreements(found, timed)
    ]
    return table(
        "Best designs, timed on the devices",
        columns,
        rows,
        numbers=("designs", "mean error", "worst"),
        note="Mean error: timed over predicted, geometric mean. Within its need: no longer than the smallest budget that it was predicted to fit. In budget: of those that were predicted to fit it. No model has "
        "learned from these figures.",
    )


def equal_table(found: Sequence[AtEqualTop1]) -> TableData:
    """Return the table of other devices' best designs beside a device's own of the same predicted top-1, both timed there."""
    columns = (
        "best design of",
        "timed on",
        "top-1, predicted",
        "ms",
        "own best, ms",
        "longer by",
        "what differs",
    )
    rows = [
        (
            one.of,
            one.on,
            f"{one.points:+.2f}",
            f"{one.ms:.3g}",
            f"{one.own_ms:.3g}",
            f"{one.slower.value:+.1f}% ({one.slower.low:+.1f} to {one.slower.high:+.1f})",
            ", ".join(one.pair.differs_in),
        )
        for one in found
    ]
    return table(
        "Timed at the same predicted top-1",
        columns,
        rows,
        columns[2:5],
        f"Designs whose predicted top-1 lies within {POINTS:g} points of the own best design's; both timed on that device. In brackets "
        "the 95% interval of the timing.",
    )


def timed_table(found: Comparison, timed: Sequence[Timed], on: str) -> TableData:
    """Return the table of every device's best design on one device, predicted and timed."""
    cells = [cell for cell in timed_cells(found, timed) if cell.on == on]
    rows = [(cell.of, *_as_it_is(cell), *_shrunk(cell)) for cell in cells]
    budget = f", budget {cells[0].budget_ms:.3g} ms" if cells else ""
    return table(
        f"On {on}{budget}: predicted, and timed",
        COLUMNS,
        rows,
        note="More: milliseconds above the device's own best design. Smaller: made smaller until it is predicted to "
        "fit the budget. Fits: whether it does by the clock.",
    )


def _as_it_is(cell: TimedCell) -> tuple[str, ...]:
    own = cell.of == cell.on
    return (
        f"{cell.predicted_ms:.3g}",
        f"{cell.timed_ms:.3g}",
        "" if own else f"{cell.slower_ms:+.3g}",
        "" if own else f"{cell.timed_slower_ms:+.3g}",
    )


def _shrunk(cell: TimedCell) -> tuple[str, ...]:
    if cell.shrunk_ms is None:
        return "nothing fits", "", ""
    if cell.shrunk_timed_ms is None:
        return f"{cell.shrunk_ms:.3g}", "not timed", ""
    holds = (
        "yes"
        if cell.shrunk_timed_ms <= cell.budget_ms
        else f"+{cell.shrunk_timed_ms - cell.budget_ms:.2g} ms"
    )
    return f"{cell.shrunk_ms:.3g}", f"{cell.shrunk_timed_ms:.3g}", holds
