"""Draw what models of an earlier time claimed against what later networks reached.

Needs ``pip install altair vl-convert-python``; called by lab/claims/backtest.py.
"""

from __future__ import annotations

import math
from pathlib import Path

import altair as alt
import polars as pl

from lab.claims.reality import Backtest, FitsBy
from lab.claims.reality.summary import told_once

WIDE, HIGH, SCALE = 240, 280, 1.5
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
ITSELF = "the later network itself"
# where, whether the later papers timed their networks there, and what must fit the budget
PROPOSALS = (
    ("phones", True, FitsBy.ESTIMATE, "estimate"),
    ("phones", True, FitsBy.CHANCE, "new measurement"),  # the rule of a study
    ("other devices", False, FitsBy.CHANCE, "new measurement"),
)


def draw(found: Backtest, path: Path) -> None:
    """Write a PNG: a panel for each row of PROPOSALS, and one for the later networks themselves."""
    data = pl.DataFrame(
        _rows(found), schema=["panel", "family", "published", "claimed", "low", "high"], orient="row"
    )
    across = _domain([*data["published"]])
    up = _domain([*data["low"], *data["high"]])
    ends = max(across[0], up[0]), min(across[1], up[1])
    families = sorted(set(data["family"]))
    panels = [
        _panel(data.filter(pl.col("panel") == name), name, across, up, ends, families)
        for name in dict.fromkeys(data["panel"])
    ]
    alt.hconcat(*panels).configure_legend(orient="bottom", title=None, symbolOpacity=1).save(
        path, scale_factor=SCALE
    )


def _rows(found: Backtest) -> list[tuple[str, str, float, float, float, float]]:
    family = {own.graph: own.family for own in found.networks}
    rows = [
        (
            f"{where}: {short} fits the budget",
            family[r.graph],
            r.published_top1,
            r.alike,
            r.alike_low,
            r.alike_high,
        )
        for where, quoted, way, short in PROPOSALS
        for r in found.claims
        if r.held == way and r.quoted == quoted and r.like
    ]
    rows += [
        (ITSELF, o.family, o.published_top1, o.own_top1, o.own_top1_low, o.own_top1_high)
        for o in told_once(found.networks)
    ]
    return rows


def _domain(values: list[float]) -> tuple[int, int]:
    return math.floor(min(values)), math.ceil(max(values))


def _panel(
    data: pl.DataFrame,
    name: str,
    across: tuple[int, int],
    up: tuple[int, int],
    ends: tuple[int, int],
    families: list[str],
) -> alt.LayerChart | alt.FacetChart:
    x = alt.X(
        "published:Q",
        title="published top-1 of the later network, %",
        scale=alt.Scale(domain=across, nice=False),
    )
    title = "predicted top-1, %" if name == ITSELF else "claimed top-1 of the proposal, %"
    scale = alt.Scale(domain=up, nice=False)
    kinds = alt.Scale(domain=families, range=list(PALETTE[: len(families)]))
    shapes = alt.Scale(domain=families, range=["circle", "square", "triangle-up", "diamond"][: len(families)])
    color, shape = alt.Color("family:N", scale=kinds), alt.Shape("family:N", scale=shapes)
    same = pl.DataFrame({"published": list(ends), "claimed": list(ends)})
    diagonal = alt.Chart(same).mark_line(color="#888", size=1).encode(x=x, y=alt.Y("claimed:Q", scale=scale))
    base = alt.Chart(data).encode(x=x, color=color)
    spans = base.mark_rule(opacity=0.4, size=1.5).encode(
        y=alt.Y("low:Q", title=title, scale=scale), y2="high:Q"
    )
    points = base.mark_point(filled=True, size=45, opacity=1).encode(
        y=alt.Y("claimed:Q", title=title, scale=scale), shape=shape
    )
    return alt.layer(diagonal, spans, points).properties(width=WIDE, height=HIGH, title=name)
