"""What certainty costs: the best design at several chances of fitting the budget, in a sentence and as a table."""

from __future__ import annotations

import math

from dsim.latency.cliffs import LEAVES
from dsim.report.table import TableData, table
from dsim.search import StudyResult


def chance_said(chance: float) -> str:
    """Write a chance in percent, with the digits that it has."""
    return f"{chance * 100:.6g}%"


def certainty_sentence(result: StudyResult) -> str:
    """Say what the best design reaches at other chances than the one asked for; empty where that is not known."""
    said = [
        f"{chance_said(one.chance)}: {f'{one.best.top1:.1f}%' if one.best else 'none fits'}"
        for one in result.certainty
        if one.chance != result.spec.confidence
    ]
    return f"Best {result.spec.words.name} at {', '.join(said)}." if said else ""


def certainty_table(result: StudyResult) -> TableData:
    """Return the table of the best design at each chance."""
    spec, accuracy = result.spec, result.spec.words.column
    rows = [
        (
            chance_said(one.chance),
            *(
                ("none fits", "")
                if one.best is None
                else (
                    f"{one.best.top1:.1f}",
                    f"{one.best.latency_ms:.2f}",
                )
            ),
            "asked for" if one.chance == spec.confidence else "",
        )
        for one in result.certainty
    ]
    columns = ("chance", accuracy, "takes ms", "")
    return table(
        f"The price of certainty: the best design by its chance to fit {spec.budget_ms:g} ms",
        columns,
        rows,
        columns[:-1],
        "All from this one search; one for another chance may find a little more.",
    )


def why_no_budget(result: StudyResult) -> str:
    """Say in a sentence why no budget is enough, where that is so; empty elsewhere."""
    if not math.isnan(result.fastest.needs_ms):
        return ""
    risk = "" if result.p_cliff is None else f" ({chance_said(round(result.p_cliff, 3))})"
    return (
        f"No budget is enough for a chance of {chance_said(result.spec.confidence)}: the {LEAVES}{risk} is higher than that allows. "
        "Ask for less with --confidence, or measure it on the device."
    )
