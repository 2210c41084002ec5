"""Draw what the measured profiles predict against what was measured.

Needs ``pip install altair vl-convert-python``; called by lab/validate/measured_tables.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import altair as alt
import polars as pl

SIDE = 210
SCALE = 1.6


def draw(rows: Iterable[tuple[str, str, float, float]], path: Path) -> None:
    """Write a PNG: a panel for each profile, logarithmic axes, the diagonal and 10% to either side of it.

    Parameters
    ----------
    rows
        Profile, what the network is, measured and predicted milliseconds.
    path
        Of the picture.
    """
    data = pl.DataFrame(
        list(rows), schema=["profile", "networks", "measured", "predicted"], orient="row"
    ).with_columns(low=pl.col("measured") / 1.1, high=pl.col("measured") * 1.1)
    axis = alt.Scale(type="log", nice=False)
    x = alt.X("measured:Q", title="measured ms", scale=axis)
    base = alt.Chart(data).encode(x=x)
    band = base.mark_area(opacity=0.18, color="#888").encode(
        y=alt.Y("low:Q", title="predicted ms"), y2="high:Q"
    )
    diagonal = base.mark_line(color="#888", size=1).encode(y=alt.Y("measured:Q", title="predicted ms"))
    points = base.mark_point(filled=True, size=16, opacity=0.75).encode(
        y=alt.Y("predicted:Q", title="predicted ms", scale=axis),
        color=alt.Color("networks:N", title=None, legend=alt.Legend(orient="bottom", labelLimit=400)),
        shape=alt.Shape("networks:N", title=None),
    )
    panels = (
        (band + diagonal + points)
        .properties(width=SIDE, height=SIDE)
        .facet(facet=alt.Facet("profile:N", title=None), columns=3)
        .resolve_scale(x="independent", y="independent")
    )
    panels.save(path, scale_factor=SCALE)
