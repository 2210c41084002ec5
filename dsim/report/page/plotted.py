"""Charts that stand alone, with their size and look: for a notebook."""

from __future__ import annotations

import altair as alt

from dsim.device import DeviceProfile, find_profile
from dsim.errors import DsimError
from dsim.latency import LatencyEstimate
from dsim.report.colours import COLOURS, GREY
from dsim.report.names import common_unit, device_words
from dsim.report.page.fronts import Front, measured_on, panels_figure, relative_figure
from dsim.report.page.marks import inline, tips
from dsim.report.page.parts import Chart, Figure
from dsim.report.page.theme import PAPER
from dsim.report.time_rows import time_rows
from dsim.search import StudyResult
from dsim.shift import Comparison

ROW = 15  # pixels of one block


def study_chart(found: StudyResult, width: int) -> Chart:
    """Draw the front of a study."""
    device, task = found.spec.device, found.spec.task
    profile = _profile(device)
    published = () if task else measured_on(profile, found.published, found.spec.budget_ms)
    words = device_words(device, profile)
    front = Front(
        device,
        words.title,
        found.spec.budget_ms,
        words.unit,
        found.front,
        found.chosen,
        published,
        found.spec.words,
    )
    return _alone(panels_figure([front]), width)


def comparison_chart(found: Comparison, width: int) -> Chart:
    """Draw the fronts of all devices on one scale."""
    unit = common_unit(found)
    fronts = [
        Front(
            one.device,
            device_words(one.device).title,
            one.budget_ms,
            unit,
            one.front,
            one.best,
            (),
            found.words,
        )
        for one in found.devices
    ]
    return _alone(relative_figure(fronts), width)


def estimate_chart(answer: LatencyEstimate, width: int) -> Chart:
    """Draw where the time goes: a row for each block in order of running, a bar for each kernel where it runs."""
    rows = time_rows(answer)
    kinds = list(answer.by_op)[: len(COLOURS)]
    bars = [
        {
            "block": row.name,
            "from": bar.start_ms,
            "to": bar.end_ms,
            "kind": bar.kind if bar.kind in kinds else "others",
            "said": f"{bar.ms:.3g} ms, {bar.ms / answer.latency_ms:.1%}; up to here {bar.end_ms / answer.latency_ms:.0%}",
        }
        for row in rows
        for bar in row.bars
    ]
    shown = list(dict.fromkeys(str(bar["kind"]) for bar in bars))
    tones = [COLOURS[kinds.index(kind)] if kind in kinds else GREY for kind in shown]
    color = alt.Color(
        "kind:N",
        title=None,
        scale=alt.Scale(domain=shown, range=tones),
        legend=alt.Legend(columns=4),
    )
    chart = (
        alt.Chart(inline(bars))
        .mark_bar()
        .encode(
            x=alt.X("from:Q", title="ms from the start, as the model shares them out"),
            x2="to:Q",
            y=alt.Y("block:N", title=None, sort=[row.name for row in rows]),
            color=color,
            tooltip=tips(block="block", kind="operator", said="takes"),
        )
    )
    title = f"Where {answer.latency_ms:.3g} ms go"
    drawn: Chart = chart.properties(
        width=width, height=max(ROW * len(rows), 60), title=title, config=alt.Config(**PAPER)
    )
    return drawn


def _alone(figure: Figure, width: int) -> Chart:
    (panel,) = figure.panels
    drawn: Chart = panel.chart.properties(
        width=width, height=panel.height, title=figure.title, config=alt.Config(**PAPER)
    )
    return drawn


def _profile(device: str) -> DeviceProfile | None:
    try:
        return find_profile(device)
    except DsimError:  # a profile that is gone
        return None
