"""One design for all devices: what it loses against each device's own best."""

from __future__ import annotations

from dsim.report.page.marks import ends, intervals
from dsim.report.page.parts import ChartPanel, Figure
from dsim.report.shift import robust_table, span
from dsim.report.verdicts import WORDS
from dsim.shift import Robust
from dsim.shift.verdict import verdict_of


def robust_figure(robust: Robust) -> Figure:
    """Draw top-1 lost on every device."""
    rows = [
        {
            "label": on.device,
            "verdict": WORDS[verdict_of(on.top1_lost, robust.candidate.top1)],
            "said": f"{span(on.top1_lost, 2)} points; {on.over_budget_ms:+.3g} ms over the budget",
            **ends(on.top1_lost),
        }
        for on in robust.on
        if on.top1_lost
    ]
    return Figure(
        "robust",
        "One design for all devices: top-1 points that it loses against each device's own best",
        "Left of zero: it is better than the design that a search of bounded cost found for that device, or the interval is wide.",
        (ChartPanel(intervals(rows, "top-1 points lost"), height=22 * len(rows) + 20),),
        robust_table(robust),
        wide=420,
        columns=1,
    )
