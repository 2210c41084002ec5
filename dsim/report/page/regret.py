"""The regret matrix as a heat map: only a significant loss has a colour, and what cannot be judged is hatched and says why."""

from __future__ import annotations

import math
from collections.abc import Sequence

import altair as alt

from dsim.report.colours import GREY
from dsim.report.page.marks import Row, inline, layered, tips
from dsim.report.page.parts import ChartPanel, Figure
from dsim.report.shift import OVER, lost_title, matrix_table, slower_table, span
from dsim.report.verdicts import WORDS
from dsim.shift import Cell, Comparison, Verdict

HATCHED = (Verdict.SHARED, Verdict.NOT_IDENTIFIED, Verdict.NOTHING_FITS)
NARROW, ROOMY = (84, 46), (112, 46)  # pixels of a cell
MANY = 6  # devices from which cells are narrow
STEPS = 4  # lines of a hatching


def regret_figure(found: Comparison) -> Figure:
    """Draw the accuracy lost with the best design of a row on the device of a column."""
    rows = [_lost_row(cell) for cell in found.cells]
    told = [row for row in rows if row["told"]]
    layers = _ground(found, rows)
    if told:
        limit = math.ceil(max(abs(float(row["value"])) for row in told))
        color = alt.Color(
            "value:Q",
            title=f"{found.words.points} lost, where significant",
            scale=alt.Scale(domain=[-limit, 0, limit], range=["#3b82c4", "#f3f3f3", "#e0662c"]),
            legend=alt.Legend(orient="top", gradientLength=180, titleLimit=400),
        )
        layers.append(_cells(found, told).mark_rect(stroke="#555", strokeWidth=1.5).encode(color=color))
    layers += _words(found, rows)
    return Figure(
        "regret",
        lost_title(found),
        "Against that device's own best design, with the interval beneath. Coloured: significant, the interval does not include "
        "zero. Grey: not significant, which does not mean that there is no difference. Hatched: cannot be judged, whatever the "
        "figure. Shared model: one model prices both devices. Price unknown: the measurements of a device do not say what the "
        "difference costs there.",
        (ChartPanel(layered(*layers), cell=_cell(found)),),
        matrix_table(found),
        columns=1,
    )


def over_budget_figure(found: Comparison) -> Figure:
    """Draw by how many milliseconds each best design, unchanged, is over the other devices' budgets."""
    budgets = {d.device: d.budget_ms for d in found.devices}
    rows = [_over_row(cell, budgets[cell.on], found.refits) for cell in found.cells]
    known = [row for row in rows if row["percent"] is not None]
    layers = _ground(found, rows)
    if known:
        color = alt.Color(
            "percent:Q",
            title="% of the budget (blue: it fits)",
            scale=alt.Scale(domain=[-100, 0, 100], range=["#3b82c4", "#f3f3f3", "#e0662c"], clamp=True),
            legend=alt.Legend(orient="top", gradientLength=180, titleLimit=400),
        )
        layers.append(_cells(found, known).mark_rect(stroke="#999").encode(color=color))
    layers += _words(found, rows)
    return Figure(
        "over-budget",
        OVER,
        "A positive figure: the design does not fit unchanged. Beneath: how many of the models that were learned anew say so. "
        "Colour is relative to the budget, and ends at twice the budget.",
        (ChartPanel(layered(*layers), cell=_cell(found)),),
        slower_table(found),
        columns=1,
    )


def _lost_row(cell: Cell) -> Row:
    lost, own = cell.top1_lost, cell.verdict is Verdict.ITSELF
    word = WORDS[cell.verdict]
    figure = "" if lost is None or own else f"{lost.value:+.1f}"
    beneath = f"{lost.low:+.1f} to {lost.high:+.1f}" if lost is not None and not own else ""
    told = cell.verdict is Verdict.DIFFERENCE and lost is not None
    return {
        "of": cell.of,
        "on": cell.on,
        "value": lost.value if lost else None,
        "first": figure if told else word,
        "second": beneath
        if told or not figure
        else f"{figure} ({lost.low:+.1f}, {lost.high:+.1f})"
        if lost
        else "",
        "told": told,
        "hatched": cell.verdict in HATCHED,
        "verdict": word,
        "said": "" if own else span(lost, 2),
        "why": "; ".join(cell.not_identified),
    }


def _over_row(cell: Cell, budget_ms: float, refits: int) -> Row:
    own = cell.verdict is Verdict.ITSELF
    known = not own and not math.isnan(cell.over_budget_ms)
    return {
        "of": cell.of,
        "on": cell.on,
        "percent": cell.over_budget_ms / budget_ms * 100.0 if known else None,
        "first": "own best"
        if own
        else f"{cell.over_budget_ms:+.3g} ms"
        if known
        else "no budget"
        if cell.refits_over
        else "unknown",
        "second": f"{cell.refits_over} of {refits}" if known else "",
        "told": known,
        "hatched": False,
        "verdict": "own best" if own else "over in" if known else "unknown",
        "said": f"{cell.over_budget_ms:+.3g} ms; over by {cell.refits_over} of {refits} models"
        if known
        else "",
        "why": "",
    }


def _cell(found: Comparison) -> tuple[int, int]:
    return NARROW if len(found.devices) > MANY else ROOMY


def _cells(found: Comparison, rows: Sequence[Row]) -> alt.Chart:
    names = [d.device for d in found.devices]
    return alt.Chart(inline(rows)).encode(
        x=alt.X("on:N", title="on", sort=names, axis=alt.Axis(orient="top", labelAngle=-35, labelLimit=160)),
        y=alt.Y("of:N", title="best design of", sort=names, axis=alt.Axis(labelLimit=150)),
        tooltip=tips(of="best design of", on="on", verdict="verdict", said="value (interval)", why="because"),
    )


def _ground(found: Comparison, rows: Sequence[Row]) -> list[alt.Chart]:
    layers = [_cells(found, rows).mark_rect(fill=GREY, fillOpacity=0.13, stroke=GREY, strokeOpacity=0.5)]
    hatched = [row for row in rows if row["hatched"]]
    if hatched:
        layers += [_stroke(found, hatched, step / STEPS) for step in range(1 - STEPS, STEPS)]
    return layers


def _stroke(found: Comparison, rows: Sequence[Row], shift: float) -> alt.Chart:
    """Draw one line of a hatching from the lower left to the upper right of each cell; Vega-Lite has no patterns."""
    low, high = max(0.0, shift), min(1.0, 1.0 + shift)
    names = [d.device for d in found.devices]
    lines = alt.Chart(inline(rows)).mark_rule(color=GREY, opacity=0.35, strokeWidth=1)
    drawn: alt.Chart = lines.encode(
        x=alt.X("on:N", sort=names, bandPosition=low),
        x2=alt.X2("on:N", bandPosition=high),
        y=alt.Y("of:N", sort=names, bandPosition=1.0 - (low - shift)),
        y2=alt.Y2("of:N", bandPosition=1.0 - (high - shift)),
    )
    return drawn


def _words(found: Comparison, rows: Sequence[Row]) -> list[alt.Chart]:
    """Write into the cells: dark on a colour, in the page's own ink elsewhere."""
    layers = []
    for told in (True, False):
        some = [row for row in rows if row["told"] is told]
        if some:
            base, ink = _cells(found, some), "#111" if told else alt.Undefined
            first = base.mark_text(
                dy=-7, fontSize=13 if told else 11, fontWeight="bold" if told else "normal", color=ink
            )
            layers.append(first.encode(text="first:N"))
            layers.append(base.mark_text(dy=9, fontSize=9, color=ink).encode(text="second:N"))
    return layers
