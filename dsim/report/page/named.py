"""The names of the points of a front, as layers of its chart."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import altair as alt

from dsim.report.page.labels import Spot, place
from dsim.report.page.marks import Row, inline

# pixels of a chart without its axis: on a phone or in a grid, and on a screen; wider charts have room for the same names
NARROW, WIDE = 255, 640
STEP = 6.0  # pixels between points of a line that names keep off
CHOSEN = "chosen design"


def named(
    designs: Sequence[Row],
    measured: Sequence[Row],
    span: tuple[float, float],
    accuracy: tuple[float, float],
    size: tuple[int, int],
    budget_ms: float,
    shown: str,
) -> list[alt.Chart]:
    """Return names for the chosen design, for presets on the front, and for measured networks, the most accurate first.

    Parameters
    ----------
    designs, measured
        Rows with ``ms`` and ``top1``.
    span, accuracy
        From where to where the axes go; that of milliseconds is logarithmic.
    size
        Width and height of the chart in pixels.
    budget_ms
        Where the line of the budget stands.
    shown
        Condition on the chart's width under which the names are drawn; empty for always.
    """

    def pixels(ms: float, top1: float) -> tuple[float, float]:
        right = math.log(ms / span[0]) / math.log(span[1] / span[0])
        return right * size[0], (accuracy[1] - top1) / (accuracy[1] - accuracy[0]) * size[1]

    def at(row: Row) -> tuple[float, float]:
        return pixels(row["ms"], row["top1"])

    rows: dict[str, Row] = {}
    for row in designs:
        if row["best"] or row["name"]:
            rows.setdefault(CHOSEN if row["best"] else row["name"], row)
    for row in sorted(measured, key=lambda row: (-row["top1"], row["ms"])):
        rows.setdefault(row["network"], row)
    spots = [Spot(name, *at(row)) for name, row in rows.items()]
    taken = [at(row) for row in (*designs, *measured)]
    taken += _line([at(row) for row in designs])
    taken += _line([pixels(budget_ms, top1) for top1 in accuracy])
    for row in designs:
        if row["best"]:
            taken += _line([pixels(row[end], row["top1"]) for end in ("low_ms", "high_ms")])
            taken += _line([pixels(row["ms"], row[end]) for end in ("top1_low", "top1_high")])
    labels = place(sorted(spots, key=lambda spot: spot.name != CHOSEN), taken, *size)
    opacity = alt.ExprRef(f"{shown} ? 1 : 0") if shown else 1
    layers = []
    for align, below in sorted({(label.align, label.below) for label in labels}):
        some = [
            {"ms": rows[label.name]["ms"], "top1": rows[label.name]["top1"], "name": label.name}
            for label in labels
            if (label.align, label.below) == (align, below)
        ]
        layers.append(
            alt.Chart(inline(some))
            .mark_text(
                align=align,
                dx=7 if align == "left" else -7,
                dy=below,
                fontSize=10,
                baseline="middle",
                opacity=opacity,
            )
            .encode(x="ms:Q", y="top1:Q", text="name:N")
        )
    return layers


def _line(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return points on the line through others, so close that no name fits between two."""
    out = []
    for (x, y), (to_x, to_y) in itertools.pairwise(points):
        steps = math.ceil(math.hypot(to_x - x, to_y - y) / STEP)
        out += [(x + (to_x - x) * n / steps, y + (to_y - y) * n / steps) for n in range(1, steps)]
    return out
