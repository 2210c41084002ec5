"""What-ifs as intervals: every single change of one design, in percent of its time on each device."""

from __future__ import annotations

from dsim.report.page.marks import Row, ends, intervals, priced_verdicts
from dsim.report.page.parts import ChartPanel, Figure
from dsim.report.shift import counted, span, what_if_table
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
    """Draw what each change does to the accuracy in use, which is the same on every device; None where it is not known of any."""
    own, words = found.what_if.top1, found.words
    known = [(row, row.top1) for row in found.what_if.rows if row.top1]
    if not known or own is None:
        return None
    rows = [
        {
            "label": f"{row.kind}: {row.before} → {row.after}",
            "verdict": WORDS[verdict_of(change, own.value)],
            "said": f"{span(change, 2)} points",
            **ends(change),
        }
        for row, change in known
    ]
    unknown = len(found.what_if.rows) - len(known)
    left = (
        f" Left out, for the supernet holds no such design: {counted(unknown, 'change')}." if unknown else ""
    )
    return Figure(
        "what-if-top1",
        f"What if: {words.name} of {found.what_if.design} after each change{words.anew}",
        words.everywhere(found.what_if.arch.resolution) + left,
        (ChartPanel(intervals(rows, words.points), height=22 * len(rows) + 20),),
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
