"""Pareto fronts: of all devices on one scale, and each in its own milliseconds with the networks measured there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np

from dsim.device import DeviceProfile
from dsim.report.colours import COLOURS, GREY
from dsim.report.page.marks import Row, inline, layered, rule_at, tips
from dsim.report.page.named import NARROW, WIDE, named
from dsim.report.page.parts import ChartPanel, Figure
from dsim.report.page.theme import LOSS, SHAPES
from dsim.report.table import TableData, table
from dsim.search import Candidate, Published, measured_networks
from dsim.search.accuracy_words import IMAGENET, AccuracyWords
from dsim.unbeaten import unbeaten

RELATIVE = "latency / budget of that device"
ROOM = 1.06  # left and right of the outermost marks
FACTOR = 4.0  # measured networks further than this from the budget say nothing about it


@dataclass(frozen=True)
class Front:
    """One device's front, as charts need it.

    Attributes
    ----------
    device, title, budget_ms, unit
        Whose it is, as commands and as people call it, what was asked, and the unit of its times in words.
    designs, best
        The front, fastest first, and what was chosen of it.
    published
        Networks measured there by others.
    words
        What the accuracy figure of designs is called.
    """

    device: str
    title: str
    budget_ms: float
    unit: str
    designs: tuple[Candidate, ...]
    best: Candidate | None
    published: tuple[Published, ...]
    words: AccuracyWords = IMAGENET


def measured_on(
    profile: DeviceProfile | None, told: Sequence[Published], budget_ms: float
) -> tuple[Published, ...]:
    """Return the networks measured within a factor 4 of the budget; what the record tells where there is no profile."""
    known = measured_networks(profile) if profile else tuple(told)
    near = [item for item in known if budget_ms / FACTOR <= item.latency_ms <= budget_ms * FACTOR]
    return tuple(sorted(near, key=lambda item: item.latency_ms))


def relative_figure(fronts: Sequence[Front]) -> Figure:
    """Draw all fronts on one scale: latency over each device's budget."""
    names = [front.device for front in fronts]
    color = alt.Color(
        "device:N",
        title=None,
        scale=alt.Scale(domain=names, range=[COLOURS[n % len(COLOURS)] for n in range(len(names))]),
        legend=alt.Legend(columns=3, symbolType="circle"),
    )
    shape = alt.Shape(
        "device:N",
        title=None,
        scale=alt.Scale(domain=names, range=[SHAPES[n % len(SHAPES)] for n in range(len(names))]),
    )
    pick = alt.selection_point(fields=["device"], bind="legend", name="pick")
    seen = alt.condition(pick, alt.value(1), alt.value(0.08))
    x = alt.X("share:Q", title=RELATIVE, scale=alt.Scale(type="log", nice=False))
    words = fronts[0].words
    y = alt.Y("top1:Q", title=words.column, scale=alt.Scale(zero=False))
    keys = ("device", "share", "top1", "said", "accuracy", "best")
    designs = [_only(row, keys) for front in fronts for row in _design_rows(front)]
    edge = [_only(row, keys) for front in fronts for row in _rising(_design_rows(front))]
    line = alt.Chart(inline(edge)).mark_line(strokeWidth=1.5).encode(x=x, y=y, color=color, opacity=seen)
    dots = (
        alt.Chart(inline(designs))
        .mark_circle(size=22)
        .encode(x=x, y=y, color=color, opacity=seen, tooltip=_design_tips(words))
    )
    best = alt.Chart(inline([row for row in designs if row["best"]])).encode(y=y, color=color, opacity=seen)
    stars = best.mark_point(filled=True, size=130, stroke="white", strokeWidth=1).encode(
        x=x, shape=shape, tooltip=_design_tips(words)
    )
    layers = [rule_at(1.0, RELATIVE, (4, 3)), line, dots]
    measured = [row for front in fronts for row in _published_rows(front)]
    if measured:
        layers.append(
            alt.Chart(inline(measured))
            .mark_point(shape="diamond", size=34, strokeWidth=1.2)
            .encode(
                x=x,
                y=y,
                color=color,
                opacity=alt.condition(pick, alt.value(0.8), alt.value(0.05)),
                tooltip=_measured_tips(),
            )
        )
    chart = layered(*layers, stars).add_params(pick)
    return Figure(
        "fronts",
        "Pareto fronts of all devices, latency relative to each device's budget",
        "Lines: predicted designs. Large marks: the best design for each device. "
        + (
            ""
            if words.task
            else "Hollow diamonds: published networks, measured by "
            "others, with the top-1 that their papers report (their training differs). "
        )
        + "Dashed: the budget. The figures are middle values, and a design must fit with "
        "more certainty than that, so that a best design lies left of it. Choose a device in the legend to see it alone."
        + below_line(fronts),
        (ChartPanel(chart, height=420),),
        _fronts_table(fronts),
        wide=320,
        columns=1,
    )


def panels_figure(fronts: Sequence[Front], key: str = "fronts-ms") -> Figure:
    """Draw each front in milliseconds, with the interval of the best design and the networks measured there by name."""
    top1 = [row["top1"] for front in fronts for row in (*_design_rows(front), *_published_rows(front))]
    ends = [c for front in fronts if (c := front.best)]
    low = min([*top1, *(c.top1_low for c in ends)], default=0.0)
    high = max([*top1, *(c.top1_high for c in ends)], default=100.0)
    accuracy = (float(math.floor(low)), float(math.ceil(high)))
    alone, words = len(fronts) == 1, fronts[0].words
    height = 360 if alone else 240
    return Figure(
        key,
        _panels_title(fronts),
        "Filled: designs, predicted; the large mark is the chosen one with its intervals. "
        + (
            "Hollow diamonds: published networks, "
            f"measured by others within a factor {FACTOR:g} of the budget (dashed), top-1 as published. Point at a mark to see more; "
            f"names are written where there is room."
            if words.task is None
            else "The budget is dashed. Point at a mark to see more."
        )
        + below_line(fronts),
        tuple(
            ChartPanel(_panel(front, accuracy, height, alone), "" if alone else _panel_title(front), height)
            for front in fronts
        ),
        _fronts_table(fronts) if words.task else _published_table(fronts),
        wide=340 if alone else 300,
        columns=min(3, len(fronts)),
    )


def _panels_title(fronts: Sequence[Front]) -> str:
    measured = "" if fronts[0].words.task else "networks measured there"
    if len(fronts) == 1:
        return f"{fronts[0].title}: the Pareto front{f', and {measured}' if measured else ''}"
    return f"Each front in its own milliseconds{f', with the {measured}' if measured else ''}"


def below_line(fronts: Sequence[Front]) -> str:
    """Say why a dot of a front lies below its line; empty where none does."""
    if all(len(_rising(rows)) == len(rows) for rows in map(_design_rows, fronts)):
        return ""
    return (
        " Dots below a line belong to the front all the same: designs are ranked by the budget that they need and the lower "
        f"end of their {fronts[0].words.name}, while dots show middle values, and intervals are not all equally wide."
    )


def _rising(rows: Sequence[Row]) -> list[Row]:
    """Keep, fastest first, the rows whose middle values no quicker row reaches: a line through them always rises."""
    top1, ms = (np.array([row[name] for row in rows], dtype=np.float64) for name in ("top1", "ms"))
    return [rows[n] for n in unbeaten(ms, top1)]


def _panel_title(front: Front) -> str:
    if front.words.task:
        return front.title
    count = len(front.published)
    return f"{front.title} ({count or 'no'} measured network{'' if count == 1 else 's'} with a known top-1)"


def _panel(front: Front, accuracy: tuple[float, float], height: int, alone: bool) -> alt.LayerChart:
    every, measured = _design_rows(front), _published_rows(front)
    all_ms = [front.budget_ms, *(row["ms"] for row in (*every, *measured))]
    all_ms += [ms for row in every if row["best"] for ms in (row["low_ms"], row["high_ms"])]
    span = (min(all_ms) / ROOM, max(all_ms) * ROOM)
    scale = alt.Scale(type="log", nice=False, domain=list(span))
    x = alt.X("ms:Q", title=front.unit, scale=scale)
    rising = alt.Scale(domain=list(accuracy), nice=False)
    y = alt.Y("top1:Q", title=front.words.column, scale=rising)
    rows = [_only(row, ("device", "ms", "top1", "said", "accuracy")) for row in every]
    layers: list[alt.Chart] = [rule_at(front.budget_ms, front.unit, (4, 3))]
    dots, line = (alt.Chart(inline(shown)).encode(x=x, y=y) for shown in (rows, _rising(rows)))
    layers += [
        line.mark_line(color=COLOURS[0], strokeWidth=1.5),
        dots.mark_circle(color=COLOURS[0], size=18, opacity=1).encode(tooltip=_design_tips(front.words)),
    ]
    if measured:
        layers.append(
            alt.Chart(inline(measured))
            .mark_point(shape="diamond", color=GREY, size=42, strokeWidth=1.4)
            .encode(x=x, y=y, tooltip=_measured_tips())
        )
    best = alt.Chart(inline([row for row in every if row["best"]]))
    if front.best:
        layers += [
            best.mark_rule(color=LOSS, strokeWidth=1.5).encode(x=alt.X("low_ms:Q"), x2="high_ms:Q", y=y),
            best.mark_rule(color=LOSS, strokeWidth=1.5).encode(
                x=x, y=alt.Y("top1_low:Q", scale=rising), y2="top1_high:Q"
            ),
            best.mark_point(filled=True, color=LOSS, size=110, opacity=1).encode(
                x=x, y=y, tooltip=_design_tips(front.words)
            ),
        ]
    widths = ((NARROW, f"width < {WIDE}"), (WIDE, f"width >= {WIDE}")) if alone else ((NARROW, ""),)
    names = [
        layer
        for width, shown in widths
        for layer in named(every, measured, span, accuracy, (width, height), front.budget_ms, shown)
    ]
    return layered(*layers, *names)


def _only(row: Row, keys: Sequence[str]) -> Row:
    """Keep what one chart needs: a page of many devices holds thousands of rows."""
    return {key: row[key] for key in keys}


def _design_rows(front: Front) -> list[Row]:
    designs = list(front.designs)
    if front.best and all(c.arch != front.best.arch for c in designs):
        designs = sorted([*designs, front.best], key=lambda c: c.latency_ms)
    return [
        {
            "device": front.device,
            "share": c.latency_ms / front.budget_ms,
            "ms": c.latency_ms,
            "low_ms": c.low_ms,
            "high_ms": c.high_ms,
            "top1": c.top1,
            "top1_low": c.top1_low,
            "top1_high": c.top1_high,
            "said": f"{c.latency_ms:.3g} ({c.low_ms:.3g} to {c.high_ms:.3g}) {front.unit}",
            "accuracy": f"{c.top1:.1f} ({c.top1_low:.1f} to {c.top1_high:.1f}) %",
            "best": front.best is not None and c.arch == front.best.arch,
            "name": c.name,
        }
        for c in designs
    ]


def _design_tips(words: AccuracyWords) -> list[alt.Tooltip]:
    return tips(device="predicted on", said="latency", accuracy=words.name)


def _published_rows(front: Front) -> list[Row]:
    return [
        {
            "device": front.device,
            "network": item.network,
            "share": item.latency_ms / front.budget_ms,
            "ms": item.latency_ms,
            "top1": item.top1,
            "said": f"{item.latency_ms:.4g} {front.unit}",
            "source": item.source,
        }
        for item in front.published
        if item.top1 is not None
    ]


def _measured_tips() -> list[alt.Tooltip]:
    return tips(network="measured network", device="on", said="latency", n_top1="top-1 %", source="source")


def _fronts_table(fronts: Sequence[Front]) -> TableData:
    accuracy = fronts[0].words.name
    numbers = ("ms", f"{accuracy} %", "M parameters", "GMACs")
    rows = [
        (
            front.device,
            f"{c.latency_ms:.3g}",
            f"{c.low_ms:.3g} to {c.high_ms:.3g}",
            f"{c.top1:.1f}",
            f"{c.top1_low:.1f} to {c.top1_high:.1f}",
            f"{c.params / 1e6:.1f}",
            f"{c.macs / 1e9:.2f}",
            "chosen" if front.best and c.arch == front.best.arch else c.name,
        )
        for front in fronts
        for c in front.designs
    ]
    ends = ("ms from - to", f"{accuracy} %", f"{accuracy} from - to")
    columns = ("device", "ms", *ends, "M parameters", "GMACs", "")
    return table("Every design of every front (predicted)", columns, rows, numbers)


def _published_table(fronts: Sequence[Front]) -> TableData:
    rows = [
        (
            front.device,
            item.network,
            f"{item.latency_ms:.4g}",
            f"{item.top1:.1f}" if item.top1 else "",
            item.source,
        )
        for front in fronts
        for item in front.published
    ]
    columns = ("device", "network", "ms", "top-1 %", "source")
    return table("Published networks, measured by others", columns, rows, ("ms", "top-1 %"))
