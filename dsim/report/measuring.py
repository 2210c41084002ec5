"""Print what a measurement found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dsim.device.find import find_profile
from dsim.device.profile import CHECK, SEARCHED
from dsim.latency.checked import checked_networks
from dsim.latency.methods.pooled.evidence import DESIGN
from dsim.latency.scoring import Held, spearman
from dsim.measure.make_profile import Measured
from dsim.report.console import result_console, show_line, show_table
from dsim.report.table import TableData, table

LEAST = 5  # networks to score


def split_scores(name: str, held: Sequence[Held]) -> dict[str, tuple[Held, ...]]:
    """Return what a measured profile is judged by: designs never learned from, designs a search chose, families held out."""
    return {
        "designs never learned from": checked_networks(name, CHECK),
        "designs that a search chose": checked_networks(name, SEARCHED),
        "reference networks, family held out": tuple(h for h in held if not h.graph.startswith(DESIGN)),
    }


def score_row(networks: Sequence[Held]) -> tuple[str, ...]:
    """Return networks, median error, shares within 5 and 10%, rank correlation, coverage, share that holds its budget.

    Dashes where networks are few, or had no budget to hold.
    """
    if len(networks) < LEAST:
        return (str(len(networks)), *["-"] * 6)
    holds = _hold_budget(networks)
    error = np.abs([one.error for one in networks]) * 100.0
    measured = np.array([one.measured_ms for one in networks])
    predicted = np.array([one.predicted_ms for one in networks])
    return (
        str(len(networks)),
        f"{np.median(error):.1f}",
        f"{np.mean(error <= 5.0) * 100.0:.1f}",
        f"{np.mean(error <= 10.0) * 100.0:.1f}",
        f"{spearman(measured, predicted):.4f}",
        f"{np.mean([one.covered for one in networks]) * 100.0:.0f}",
        f"{np.mean(holds) * 100.0:.0f}" if holds else "-",
    )


def _hold_budget(networks: Sequence[Held]) -> list[bool]:
    """Tell of each network that had a budget whether what was measured is within it."""
    budgets = {
        (device, row.graph): row.budget_ms
        for device in {one.device for one in networks}
        for row in find_profile(device).networks
        if row.budget_ms is not None
    }
    return [
        one.measured_ms <= budgets[one.device, one.graph]
        for one in networks
        if (one.device, one.graph) in budgets
    ]


def measured_table(found: Mapping[str, Sequence[Held]]) -> TableData:
    """Return the table of scores; ``found`` maps a profile to its networks, each predicted without its family."""
    rows = [
        (name, what, str(find_profile(name).batch), *score_row(networks))
        for name, held in found.items()
        for what, networks in split_scores(name, held).items()
        if networks
    ]
    columns = (
        "profile",
        "networks",
        "batch",
        "how many",
        "median %",
        "within 5%",
        "within 10%",
        "Spearman",
        "in interval %",
        "in budget %",
    )
    return table(
        "Predicted against measured",
        columns,
        rows,
        columns[2:],
        "Every network was timed from end to end. The shares inside the 90% interval, and inside the budget that a search had at "
        "confidence 0.9, come last.",
    )


def _batches(one: Measured) -> str:
    if one.batches == (1,):
        return ""
    return f", at batch {' and '.join(map(str, one.batches))} together"


def show_measured(made: Mapping[str, Measured], found: Mapping[str, Sequence[Held]]) -> None:
    """Print the profiles that were made and how good they are."""
    console = result_console()
    for name, one in made.items():
        left = f", {one.busy} left out because the machine was busy" if one.busy else ""
        failed = f", {one.failed} that it could not run" if one.failed else ""
        show_line(
            console,
            f"{name}:",
            f"{one.networks} networks to learn from, {one.checks} held out for good{left}{failed}{_batches(one)}",
        )
        for batch, number in one.short.items():
            show_line(
                console,
                "  left out:",
                f"batch {batch}, with {number} networks to learn from; give it more --time",
            )
        if one.sum_over_whole:
            low, middle, high = one.sum_over_whole
            own = ", ".join(f"{label} {share:.1%}" for label, share in list(one.inserted.items())[:3])
            show_line(
                console,
                "  operators:",
                f"their sum is {middle:.3f} of the network's time ({low:.3f} to {high:.3f}); inserted by the runtime: "
                f"{own or 'nothing'}",
            )
    show_table(console, measured_table(found))
