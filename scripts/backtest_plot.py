"""Draw what models of an earlier time claimed against what later networks reached.

Needs ``pip install altair vl-convert-python``; called by scripts/backtest.py.
"""

from __future__ import annotations

import math
from pathlib import Path

import altair as alt
import polars as pl

from dsim.report.reality import HOLDS
from dsim.shift.reality import Backtest, Held

SIDE = 250
SCALE = 2.0
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")


def draw(found: Backtest, path: Path) -> None:
    """Write a PNG: proposals at equal budget, one panel for each way of holding it, and the later networks themselves."""
    family = {own.graph: own.family for own in found.networks}
    rows = [
        (
            f"proposal, {HOLDS[way]} holds the budget",
            family[r.graph],
            r.published_top1,
            r.alike,
            r.alike_low,
            r.alike_high,
        )
        for way in (Held.ESTIMATE, Held.UPPER)
        for r in found.claims
        if r.held == way and r.like
    ]
    rows += [
        ("the later network itself", r.family, r.published_top1, r.own_top1, r.own_top1_low, r.own_top1_high)
        for r in {(o.graph, o.published_top1): o for o in found.networks}.values()
        if not math.isnan(r.own_top1)
    ]
    schema = ["panel", "family", "published", "claimed", "low", "high"]
    data = pl.DataFrame(rows, schema=schema, orient="row")
    least = math.floor(min(data["low"].min(), data["published"].min()))  # type: ignore[type-var, arg-type]
    most = math.ceil(max(data["high"].max(), data["published"].max()))  # type: ignore[type-var, arg-type]
    scale = alt.Scale(domain=[least, most], nice=False)
    x = alt.X("published:Q", title="published top-1 of the later network, %", scale=scale)
    color = alt.Color(
        "family:N", title=None, scale=alt.Scale(range=list(PALETTE)), legend=alt.Legend(orient="bottom")
    )
    base = alt.Chart(data).encode(x=x)
    diagonal = (
        base.transform_calculate(same="datum.published")
        .mark_line(color="#888", size=1)
        .encode(y=alt.Y("same:Q", title="claimed top-1 at its recipe, %", scale=scale))
    )
    spans = base.mark_rule(opacity=0.45, size=1.5).encode(y="low:Q", y2="high:Q", color=color)
    points = base.mark_point(filled=True, size=45, opacity=0.9).encode(
        y=alt.Y("claimed:Q", title="claimed top-1 at its recipe, %", scale=scale),
        color=color,
        shape="family:N",
    )
    panels = (
        (diagonal + spans + points)
        .properties(width=SIDE, height=SIDE)
        .facet(facet=alt.Facet("panel:N", title=None, sort=list(dict.fromkeys(data["panel"]))), columns=3)
    )
    panels.save(path, scale_factor=SCALE)
