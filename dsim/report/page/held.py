"""Predicted against measured: networks of a profile, each predicted without its family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt

from dsim.latency.hold_out import clean
from dsim.latency.scoring import Held, score
from dsim.report.colours import COLOURS, GREY
from dsim.report.page.marks import Row, inline, layered, tips
from dsim.report.page.parts import ChartPanel, Figure
from dsim.report.page.theme import LOSS
from dsim.report.table import TableData, table

INSIDE, OUTSIDE = "inside", "outside"  # its 90% interval; short, for a page holds thousands
TENTH = 1.1
MOST = (
    60  # networks of one profile that are drawn; desktop profiles hold a thousand, and a page must stay small
)


def held_figure(found: Mapping[str, Sequence[Held]]) -> Figure | None:
    """Draw a chart for each profile that has held-out networks; None where none has."""
    judged = {name: clean(tuple(networks)) for name, networks in found.items()}
    judged = {name: networks for name, networks in judged.items() if networks}
    if not judged:
        return None
    drawn = {name: _thinned(networks) for name, networks in judged.items()}
    return Figure(
        "held-out",
        "Predicted against measured, each network without its family",
        "On the diagonal a prediction is right; the band is 10% to either side. Left out: networks that left the accelerator, those "
        "with an operator that was never measured, and image sizes outside the device's. The error counts all others; of more than "
        f"{MOST} networks, that many are drawn and listed, evenly from the fastest to the slowest.",
        tuple(
            ChartPanel(_scatter(drawn[name]), _head(name, networks), 260) for name, networks in judged.items()
        ),
        _table(drawn),
        wide=270,
    )


def _thinned(networks: Sequence[Held]) -> list[Held]:
    """Take at most `MOST` of them, evenly by measured time and whatever their error."""
    ordered = sorted(networks, key=lambda held: (held.measured_ms, held.graph))
    count = min(MOST, len(ordered))
    return [ordered[i * len(ordered) // count] for i in range(count)]


def _head(name: str, networks: Sequence[Held]) -> str:
    found = score(list(networks))
    return f"{name}: median error {found.median:.1f}% of {found.networks}"


def _scatter(networks: Sequence[Held]) -> alt.LayerChart:
    rows: list[Row] = [
        {
            "network": held.graph,
            "family": held.family,
            "measured": held.measured_ms,
            "predicted": held.predicted_ms,
            "inside": INSIDE if held.covered else OUTSIDE,
            "said": f"{held.predicted_ms:.3g} ({held.low_ms:.3g} to {held.high_ms:.3g}) ms",
            "error": f"{held.error:+.0%}",
        }
        for held in networks
    ]
    all_ms = [ms for held in networks for ms in (held.measured_ms, held.predicted_ms)]
    low, high = min(all_ms) / TENTH, max(all_ms) * TENTH
    domain = alt.Scale(type="log", nice=False, domain=[low, high])
    x = alt.X("measured:Q", title="measured ms", scale=domain)
    y = alt.Y("predicted:Q", title="predicted ms", scale=domain)
    line = inline(
        [{"measured": at, "predicted": at, "under": at / TENTH, "over": at * TENTH} for at in (low, high)]
    )
    ground = alt.Chart(line).encode(x=x)
    names = [INSIDE, OUTSIDE]
    return layered(
        ground.mark_area(color=GREY, opacity=0.2, clip=True).encode(
            y=alt.Y("under:Q", scale=domain), y2="over:Q"
        ),
        ground.mark_line(color=GREY, strokeWidth=1).encode(y=y),
        alt.Chart(inline(rows))
        .mark_point(filled=True, size=36, opacity=0.85)
        .encode(
            x=x,
            y=y,
            color=alt.Color(
                "inside:N", title="90% interval", scale=alt.Scale(domain=names, range=[COLOURS[0], LOSS])
            ),
            shape=alt.Shape(
                "inside:N", title="90% interval", scale=alt.Scale(domain=names, range=["circle", "square"])
            ),
            tooltip=tips(
                network="", family="family", n_measured="measured ms", said="predicted", error="error"
            ),
        ),
    )


def _table(found: Mapping[str, Sequence[Held]]) -> TableData:
    numbers = ("measured ms", "predicted ms", "90% interval", "error")
    rows = [
        (
            name,
            held.graph,
            held.family,
            f"{held.measured_ms:.3g}",
            f"{held.predicted_ms:.3g}",
            f"{held.low_ms:.3g} to {held.high_ms:.3g}",
            f"{held.error:+.0%}",
        )
        for name, networks in found.items()
        for held in networks
    ]
    return table("Held-out networks", ("profile", "network", "family", *numbers), rows, numbers)
