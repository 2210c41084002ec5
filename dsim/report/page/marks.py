"""Marks that several charts share: inline data, intervals with verdicts, a line at zero."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from dsim.report.colours import GREY
from dsim.report.page.theme import VERDICTS
from dsim.report.verdicts import WORDS
from dsim.shift import Interval, Verdict

Row = Mapping[str, Any]
LABEL = 540  # pixels of a row's label
DIGITS = 4  # significant ones of every number in a chart: more only makes the page heavy


def inline(rows: Sequence[Row]) -> alt.InlineData:
    """Return rows as a chart's data; nan, which JSON has not, becomes null."""
    return alt.InlineData(values=[{key: _short(value) for key, value in row.items()} for row in rows])


def _short(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    return value


def ends(interval: Interval | None, scale: float = 1.0) -> dict[str, float | None]:
    """Return value, low and high under those names."""
    if interval is None:
        return {"value": None, "low": None, "high": None}
    return {"value": interval.value * scale, "low": interval.low * scale, "high": interval.high * scale}


def layered(*layers: alt.Chart) -> alt.LayerChart:
    """Draw charts over each other, the first at the bottom."""
    return alt.LayerChart(layer=list(layers))


def rule_at(value: float, title: str, dash: tuple[int, int] = (1, 0)) -> alt.Chart:
    """Draw a grey line from top to bottom; ``title`` is that of the axis."""
    line = alt.Chart(inline([{"at": value}])).mark_rule(color=GREY, strokeDash=list(dash))
    drawn: alt.Chart = line.encode(x=alt.X("at:Q", title=title))
    return drawn


def tips(**fields: str) -> list[alt.Tooltip]:
    """Return tooltips by field: ``name="title"``; an underscore before the name makes it a number."""
    return [
        alt.Tooltip(f"{name.removeprefix('n_')}:{'Q' if name.startswith('n_') else 'N'}", title=title)
        for name, title in fields.items()
    ]


def intervals(rows: Sequence[Row], axis: str, seen: Sequence[str] | None = None) -> alt.LayerChart:
    """Draw a point and a bar for each row, with the colour and shape of its verdict.

    Parameters
    ----------
    rows
        Each with ``label``, ``value``, ``low``, ``high``, ``verdict`` in words and ``said``, the interval in words. A row
        without a value shows its verdict.
    axis
        Title of the axis.
    seen
        Verdicts of all charts of a figure of several, for one legend; by default those of ``rows``.
    """
    told = set(priced_verdicts(rows) if seen is None else seen)
    legend = alt.Legend(
        columns=2 if seen is None else 1,
        values=[WORDS[verdict] for verdict in VERDICTS if WORDS[verdict] in told],
    )
    names = [WORDS[verdict] for verdict in VERDICTS]
    color = alt.Color(
        "verdict:N",
        title=None,
        scale=alt.Scale(domain=names, range=[color for color, _ in VERDICTS.values()]),
        legend=legend,
    )
    shape = alt.Shape(
        "verdict:N",
        title=None,
        scale=alt.Scale(domain=names, range=[shape for _, shape in VERDICTS.values()]),
        legend=legend,
    )
    order = list(dict.fromkeys(str(row["label"]) for row in rows))
    y = alt.Y("label:N", title=None, sort=order, axis=alt.Axis(labelLimit=LABEL))
    tooltip = tips(label="", verdict="verdict", said="value (interval)")
    priced = [row for row in rows if row["value"] is not None]
    blind = [row for row in rows if row["value"] is None]
    layers = [rule_at(0.0, axis)]
    if priced:
        base = alt.Chart(inline(priced)).encode(y=y, tooltip=tooltip)
        layers += [
            base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", title=axis), x2="high:Q", color=color),
            base.mark_point(filled=True, size=75, opacity=1).encode(
                x=alt.X("value:Q", title=axis), color=color, shape=shape
            ),
        ]
    if blind:
        words = alt.Chart(inline(blind)).encode(y=y, tooltip=tooltip)
        layers.append(
            words.mark_text(align="left", fontSize=10, fontStyle="italic").encode(
                x=alt.value(5), text="verdict:N"
            )
        )
    return layered(*layers)


def priced_verdicts(rows: Sequence[Row]) -> list[str]:
    """Return the verdicts of all rows that have a value."""
    return [str(row["verdict"]) for row in rows if row["value"] is not None]


def is_finding(verdict: Verdict) -> bool:
    """Tell whether a difference is significant."""
    return verdict is Verdict.DIFFERENCE
