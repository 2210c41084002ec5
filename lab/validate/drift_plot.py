"""Draw the course of machines' speed while they were measured.

Needs ``pip install altair vl-convert-python``; called by lab/validate/drift_tables.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import altair as alt
import polars as pl

from dsim.device.drift import KeptDrift

WIDTH, HEIGHT, SCALE = 620, 160, 1.6


def draw_drift(courses: Mapping[str, KeptDrift], path: Path) -> None:
    """Write a PNG: a panel for each machine, how much longer than usual everything took, with one standard deviation."""
    rows = [
        (machine, minute, percent, percent - error, percent + error)
        for machine, kept in courses.items()
        for minute, percent, error in zip(kept.minutes, kept.percent, kept.error_percent, strict=True)
    ]
    data = pl.DataFrame(rows, schema=["machine", "minute", "percent", "low", "high"], orient="row")
    base = alt.Chart(data).encode(x=alt.X("minute:Q", title="minutes of timed runs"))
    title = "longer than usual, %"
    band = base.mark_area(opacity=0.25).encode(y=alt.Y("low:Q", title=title), y2="high:Q")
    line = base.mark_line().encode(y=alt.Y("percent:Q", title=title))
    chart = (band + line).properties(width=WIDTH, height=HEIGHT)
    chart.facet(facet=alt.Facet("machine:N", title=None), columns=1).save(path, scale_factor=SCALE)
