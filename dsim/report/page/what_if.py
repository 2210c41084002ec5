"""What-ifs as intervals: every single change of one design, in percent of its time on each device."""

from __future__ import annotations

from dsim.accuracy.recipe import reference_words
from dsim.report.page.marks import Row, ends, intervals, priced_verdicts
from dsim.report.page.parts import ChartPanel, Figure
from dsim.report.shift import span, what_if_table
from dsim.report.verdicts import WORDS
from dsim.shift import Comparison, Interval
from dsim.shift.records import SwapRow
from dsim.shift.verdict import verdict_of


def what_if_figure(found: Comparison) -> Figure | None:
    """Draw each change in a chart of its own, a row for each device; None where nothing was asked."""
    if not found.what_if.rows:
        return None
    latency = dict(found.what_if.latency)
    height = 22 * len(found.devices) + 20
    charts = [(row, _rows(row, latency)) for row in found.what_if.rows]
    seen = priced_verdicts([item for _, rows in charts for item in rows])
    panels = tuple(
        ChartPanel(
            intervals(rows, "% of its time there", seen), f"{row.kind}: {row.before} → {row.after}", height
        )
        for row, rows in charts
    )
    return Figure(
        "what-if",
        f"What if: single changes of {found.what_if.design}, in percent of its milliseconds on each device",
        "Right of zero: the change makes it slower there. A row without a point has no price, and says why. The sum of several "
        "changes is not what they cost together.",
        panels,
        what_if_table(found),
        wide=330,
    )


def top1_figure(found: Comparison) -> Figure | None:
    """Draw what each change does to top-1, which is the same on every device."""
    if not found.what_if.rows:
        return None
    rows = [
        {
            "label": f"{row.kind}: {row.before} → {row.after}",
            "verdict": WORDS[verdict_of(row.top1, found.what_if.top1.value)],
            "said": f"{span(row.top1, 2)} points",
            **ends(row.top1),
        }
        for row in found.what_if.rows
    ]
    return Figure(
        "what-if-top1",
        f"What if: top-1 of {found.what_if.design} after each change, trained anew",
        f"Predicted, for {reference_words(found.what_if.arch.resolution)}; the same on every device.",
        (ChartPanel(intervals(rows, "top-1 points"), height=22 * len(rows) + 20),),
        what_if_table(found),
        wide=420,
        columns=1,
    )


def _rows(row: SwapRow, latency: dict[str, Interval]) -> list[Row]:
    return [
        {
            "label": on.device,
            "verdict": WORDS[on.verdict],
            "said": f"{span(on.ms, 3)} ms" if on.ms else on.why,
            **ends(on.ms, 100.0 / latency[on.device].value if on.device in latency else float("nan")),
        }
        for on in row.on
    ]
