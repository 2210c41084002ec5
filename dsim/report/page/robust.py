"""One design for all devices: what it loses against each device's own best."""

from __future__ import annotations

import math

from dsim.report.page.marks import ends, intervals
from dsim.report.page.parts import ChartPanel, Figure
from dsim.report.shift import robust_table, span
from dsim.report.verdicts import WORDS
from dsim.search.accuracy_words import AccuracyWords
from dsim.shift import Robust
from dsim.shift.verdict import verdict_of


def robust_figure(robust: Robust, words: AccuracyWords) -> Figure:
    """Draw the accuracy lost on every device."""
    rows = [
        {
            "label": on.device,
            "verdict": WORDS[verdict_of(on.top1_lost, robust.candidate.top1)],
            "said": f"{span(on.top1_lost, 2)} points; {'no budget is enough' if math.isnan(on.over_budget_ms) else f'{on.over_budget_ms:+.3g} ms over the budget'}",
            **ends(on.top1_lost),
        }
        for on in robust.on
        if on.top1_lost
    ]
    return Figure(
        "robust",
        f"One design for all devices: {words.points} that it loses against each device's own best",
        "Left of zero: it is better than the design that a search of bounded cost found for that device, or the interval is wide.",
        (ChartPanel(intervals(rows, f"{words.points} lost"), height=22 * len(rows) + 20),),
        robust_table(robust, words),
        wide=420,
        columns=1,
    )
