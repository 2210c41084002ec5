"""How much measured top-1 the first of a shortlist gives up, into lab/notes/shortlist.md.

Usage: python -m lab.validate.shelf [DEVICE ...]

On each device, the measured networks with a published top-1 are put to the shortlist as if none had been timed there: each is priced by a
model that never saw its family. At each of nine budgets (tenths of their measured times) the first of the list, the most accurate
that keeps to the budget with a chance of 90%, stands beside the most accurate by measurement. Points are of published top-1.
A first that turns out to be over the budget is counted apart, with how far it is over.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from dsim.device import find_profile
from dsim.report.table import TableData, table
from dsim.shelf.checkpoints import checkpoints
from dsim.shift.measured_regret import budgets_of
from lab.marked import replace_block
from lab.places import NOTES
from lab.validate.selected import Candidate, candidates

NETWORKS = 20  # that a device needs
DEVICES = (
    "iphone12",
    "iphone13",
    "iphone14",
    "galaxy-s24-qnn-float",
    "rz-v2h-npu",
    "rz-v2l-npu",
    "i7-12700h",
    "i9-10940x",
    "rtx4090-eager",
    "rtx5090-compiled",
    "epyc-zen4-onnxruntime",
    "epyc-zen4-openvino",
    "xeon-amx-openvino",
)


@dataclass(frozen=True)
class Pick:
    """What one budget gives.

    Attributes
    ----------
    best
        Top-1 of the most accurate network that was measured within the budget.
    first
        Of the first on the list, where one is on it.
    over
        The first's measured time over the budget.
    """

    best: float
    first: float | None
    over: float = 0.0

    @property
    def lost(self) -> float | None:
        """Points of top-1 given up; None where the list is empty, or its first is over the budget."""
        return self.best - self.first if self.first is not None and self.over <= 1.0 else None


def top1_by_key() -> dict[str, float]:
    """Return the best published top-1 of each network at each side."""
    out: dict[str, float] = {}
    for one in checkpoints():
        out[one.key] = max(out.get(one.key, 0.0), one.top1)
    return out


def picks(every: Sequence[Candidate], top1: dict[str, float]) -> list[Pick]:
    """Return what each budget gives; networks that no checkpoint is of are left out."""
    known = [one for one in every if one.held.graph in top1]
    out = []
    for budget in budgets_of(np.array([one.held.measured_ms for one in known])):
        within = [one for one in known if one.held.measured_ms <= budget]
        if not within:
            continue
        best = max(top1[one.held.graph] for one in within)
        able = [one for one in known if one.needs_ms <= budget]
        if not able:
            out.append(Pick(best, None))
            continue
        first = max(able, key=lambda one: (top1[one.held.graph], -one.needs_ms))
        out.append(Pick(best, top1[first.held.graph], first.held.measured_ms / float(budget)))
    return out


def row(name: str, networks: int, found: Sequence[Pick]) -> tuple[str, ...]:
    """Return one row of the table."""
    lost = [one.lost for one in found if one.lost is not None]
    over = [one.over for one in found if one.first is not None and one.over > 1.0]
    return (
        name,
        str(networks),
        str(len(found)),
        str(sum(one.first is None for one in found)),
        f"{len(over)}" + (f" (by at most {max(over) - 1.0:.0%})" if over else ""),
        f"{np.median(lost):.1f}" if lost else "-",
        f"{max(lost):.1f}" if lost else "-",
    )


def shelf_table(rows: Iterable[tuple[str, ...]]) -> TableData:
    """Return the table of rows made by `row`."""
    columns = (
        "device",
        "networks",
        "budgets",
        "empty list",
        "first is over the budget",
        "points given up, median",
        "most",
    )
    return table(
        "The first of a shortlist beside the best by measurement, families held out",
        columns,
        rows,
        columns[1:],
        "Points of published top-1, over budgets at which the list has a first that keeps to the budget.",
    )


def main() -> None:
    """Compute, print, and rewrite the block ``shortlist`` of lab/notes/shortlist.md where no device was named."""
    asked, top1 = sys.argv[1:], top1_by_key()
    rows, every = [], []
    for name in asked or DEVICES:
        known = [
            one for one in candidates(find_profile(name)) if one.held.graph in top1 and not one.held.cliff
        ]
        if len(known) < NETWORKS:
            print(f"{name}: {len(known)} networks, too few", flush=True)
            continue
        found = picks(known, top1)
        every += found
        rows.append(row(name, len(known), found))
        print(*rows[-1], flush=True)
    rows.append(row("all", sum(int(one[1]) for one in rows), every))
    text = shelf_table(rows).markdown()
    print(text)
    if not asked:
        replace_block(NOTES / "shortlist.md", "shortlist", text)


if __name__ == "__main__":
    main()
