"""The winner's curse: what one half of the measurements claims of the design it chose, and what the other half says."""

from __future__ import annotations

import math

import altair as alt

from dsim.report.page.marks import Row, inline, layered, rule_at, tips
from dsim.report.page.parts import ChartPanel, Figure
from dsim.report.page.theme import GAIN, LOSS
from dsim.report.shift import halved_table
from dsim.report.table import TableData, table
from dsim.shift import Comparison

SIDES = ("claimed", "scored")


def curse_figure(found: Comparison) -> Figure | None:
    """Draw both figures of every search on a half; None where there is none."""
    budgets, words = {d.device: d.budget_ms for d in found.devices}, found.words
    rows: list[Row] = []
    for half in sorted(found.halved, key=lambda h: list(budgets).index(h.device)):
        if half.arch is None:
            continue
        name = f"{half.device}, halving {half.fold_seed + 1}"
        for side, ms, top1 in (
            ("claimed", half.claimed_needs_ms, half.claimed_top1),
            ("scored", half.scored_needs_ms, half.scored_top1),
        ):
            rows.append(
                {
                    "label": name,
                    "side": side,
                    "share": None if math.isnan(ms) else ms / budgets[half.device],
                    "top1": top1,
                    "said": f"{'no budget is enough' if math.isnan(ms) else f'needs {ms:.3g} ms'}, {words.name} {top1:.1f} %",
                }
            )
    if not rows:
        return None
    return Figure(
        "claimed-and-scored",
        "Claimed by the half of the measurements that chose, and scored by the other half",
        "A line joins the two figures of one design; right of the dashed line it does not fit its budget. Half of the measurements "
        "make a worse model than all: the gap holds both what choosing a winner adds and what that costs, and corrects nothing "
        "elsewhere on this page.",
        (
            ChartPanel(
                _pairs(rows, "share", "budget that it needs / budget", 1.0),
                "latency",
                20 * len(rows) // 2 + 30,
            ),
            ChartPanel(_pairs(rows, "top1", words.column, None), words.name, 20 * len(rows) // 2 + 30),
        ),
        _data(found),
        wide=340,
        columns=2,
    )


def _needed(ms: float) -> str:
    return "no budget" if math.isnan(ms) else f"{ms:.3g}"


def summary_table(found: Comparison) -> TableData:
    """Return the medians by device."""
    return halved_table(found)


def _pairs(rows: list[Row], field: str, title: str, line: float | None) -> alt.LayerChart:
    y = alt.Y("label:N", title=None, sort=list(dict.fromkeys(str(row["label"]) for row in rows)))
    base = alt.Chart(inline(rows))
    x = alt.X(f"{field}:Q", title=title, scale=alt.Scale(zero=False))
    joined = base.mark_line(color="#808891", strokeWidth=1.5).encode(x=x, y=y, detail="label:N")
    points = base.mark_point(filled=True, size=60, opacity=1).encode(
        x=x,
        y=y,
        color=alt.Color("side:N", title=None, scale=alt.Scale(domain=list(SIDES), range=[GAIN, LOSS])),
        shape=alt.Shape(
            "side:N", title=None, scale=alt.Scale(domain=list(SIDES), range=["circle", "square"])
        ),
        tooltip=tips(label="", side="which", said=""),
    )
    marks = [joined, points]
    return layered(*([rule_at(line, title, (4, 3)), *marks] if line is not None else marks))


def _data(found: Comparison) -> TableData:
    column = found.words.column
    numbers = (
        *("ms claimed", "needs ms, claimed", "ms scored", "needs ms, scored"),
        *(f"{column} claimed", f"{column} scored"),
    )
    rows = [
        (
            half.device,
            str(half.fold_seed + 1),
            f"{half.claimed_ms:.3g}",
            _needed(half.claimed_needs_ms),
            f"{half.scored_ms:.3g}",
            _needed(half.scored_needs_ms),
            f"{half.claimed_top1:.1f}",
            f"{half.scored_top1:.1f}",
        )
        for half in found.halved
        if half.arch is not None
    ]
    return table("Every search on a half", ("device", "halving", *numbers), rows, numbers)
