"""Measured regret as a table and in sentences: what it costs to choose a published network by another device's clock."""

from __future__ import annotations

from collections.abc import Sequence

from dsim.report.table import TableData, table
from dsim.shift.in_common import LEAST_FAMILIES, LEAST_NETWORKS
from dsim.shift.measured_regret import SEED_POINTS, TENTHS, MeasuredRegret
from dsim.shift.stack import Pair

TITLE = "Measured among published networks: what another device's choice loses"
NONE = (
    f"too few networks that were trained alike were timed on two of these devices (at least {LEAST_NETWORKS} of "
    f"{LEAST_FAMILIES} families)."
)


def regret_table(found: Sequence[MeasuredRegret], title: str = TITLE) -> TableData:
    """Return the table, in the order given."""
    columns = (
        "chosen on",
        "run on",
        "networks (families)",
        "top-1 points lost",
        "against itself",
        "does not fit",
        "what differs",
        "significant",
    )
    rows = [
        (
            one.of,
            one.on,
            f"{one.networks} ({one.families})",
            points(one),
            f"{one.null.value:.1f} (up to {one.null.high:.1f})",
            f"{one.late} of {len(one.budgets)}",
            differs(one.pair),
            "yes" if one.exceeds else "no",
        )
        for one in found
    ]
    return table(
        title,
        columns,
        rows,
        note="No model and no search: timed networks, top-1 of checkpoints that were trained alike. "
        f"{len(TENTHS)} budgets that the same share of the common networks fits on each device, for each class of recipes. The best "
        "network within the budget on the first device runs on the second; where it does not fit there (how often is counted), a smaller "
        "one of the first device's front does. Against itself: the same loss on the first device timed a second time, which noise "
        f"alone makes. Significant: more than that, and more than {SEED_POINTS:g} points, which two trainings differ by; of pairs where nothing differs "
        "at most one in twenty would be so. In brackets the interval over families drawn again.",
    )


def points(one: MeasuredRegret) -> str:
    """Write the points lost with their interval."""
    return f"{one.lost.value:.2f} ({one.lost.low:.2f} to {one.lost.high:.2f})"


def differs(pair: Pair) -> str:
    """Return what two profiles differ in; what is nowhere stated is said to be unstated."""
    unstated = f" ({', '.join(pair.unstated)} unstated)" if pair.unstated else ""
    return f"{', '.join(pair.differs_in) or 'nothing stated'}{unstated}"


def sentence(one: MeasuredRegret) -> str:
    """Say one regret with the network that was chosen and the one that would have been best, where most is lost."""
    worst = one.worst
    fit = (
        "which fits there"
        if worst.over <= 0
        else f"which takes {_times(worst.over)} there and is exchanged for a smaller one"
    )
    return (
        f"chosen on {one.of}, run on {one.on}: {points(one)} points of top-1 lost over {one.networks} published networks; most, "
        f"{worst.lost:.1f}, where the choice is {worst.chosen}, {fit}, and the best on {one.on} is {worst.best}"
    )


def _times(over: float) -> str:
    return f"{over:.0%} more than the budget" if over < 1.0 else f"{over + 1.0:.0f} times the budget"
