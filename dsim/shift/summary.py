"""A comparison in few figures: how much of the shift comes with the chip, and what choosing a winner adds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dsim.rounding import limit
from dsim.shift.records import Comparison, Interval, Verdict
from dsim.shift.stack import Pair, Shift


def kind_of(pair: Pair) -> str:
    """Name what differs between two profiles: the chip alone, the stack at a fixed chip, or both."""
    if pair.shift is Shift.HARDWARE:
        return "Hardware shift (chip alone)"
    return "Stack shift, chip and stack" if "chip" in pair.differs_in else "Stack shift at a fixed chip"


def shift_by_kind(found: Comparison) -> tuple[tuple[str, int, int, Interval | None], ...]:
    """Count, for each kind of shift: cells that may be judged, those with a statistically significant loss, and the largest of these.

    Cells of profiles that share their prices, or that rest on what is not identified, are left out.
    """
    cells: dict[str, list[tuple[Verdict, Interval]]] = {}
    for cell in found.cells:
        if cell.of != cell.on and cell.top1_lost is not None:
            kind = kind_of(found.pair(cell.of, cell.on))
            cells.setdefault(kind, []).append((cell.verdict, cell.top1_lost))
    out = []
    for kind, items in sorted(cells.items()):
        judged = [item for item in items if item[0] in (Verdict.NO_EVIDENCE, Verdict.DIFFERENCE)]
        losses = [lost for verdict, lost in judged if verdict is Verdict.DIFFERENCE and lost.value > 0]
        out.append((kind, len(judged), len(losses), max(losses, key=lambda i: i.value, default=None)))
    return tuple(out)


@dataclass(frozen=True)
class Curse:
    """One device's searches on halves of the evidence.

    Attributes
    ----------
    asked, searches
        Halvings, and those that found a design.
    slower, less
        Medians of milliseconds scored over claimed, less one, and of top-1 scored minus claimed, in points.
    held
        In how many the other half says that the budget holds.
    why
        Why there are none.
    """

    device: str
    asked: int
    searches: int
    slower: float
    less: float
    held: int
    why: str


def claimed_and_scored(found: Comparison) -> tuple[Curse, ...]:
    """Summarise each device's searches on halves."""
    out = []
    for device in found.devices:
        mine = [h for h in found.halved if h.device == device.device]
        done = [h for h in mine if h.arch is not None]
        why = next((h.why_not for h in mine if h.why_not), "")
        slower = float(np.median([h.slower_than_claimed for h in done])) if done else float("nan")
        less = float(np.median([h.scored_top1 - h.claimed_top1 for h in done])) if done else float("nan")
        held = sum(h.scored_needs_ms <= limit(device.budget_ms) for h in done)
        out.append(Curse(device.device, len(mine), len(done), slower, less, held, why))
    return tuple(out)
