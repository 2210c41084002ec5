"""How well each device is known: errors of its predictions, what the best design's time rests on, sources."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import altair as alt

from dsim.device import DeviceProfile
from dsim.device.batches import card_batch
from dsim.device.card import Card, evidence_hash, read_card, told_by
from dsim.report.choice_words import SEARCHED, choice_words
from dsim.report.evidence_words import EVIDENCE_WORDS
from dsim.report.page.marks import inline, layered, tips
from dsim.report.page.parts import ChartPanel, Figure
from dsim.report.table import TableData, table

FEW = 4  # sources that one cell names
# from what is best known to what is not known at all
KINDS = {
    "measured": "#2b9469",
    "interpolated": "#3b82c4",
    "attributed": "#8a6fd1",
    "extrapolated": "#d9822b",
    "unsupported": "#b0524a",
}


def cards_of(profiles: Mapping[str, DeviceProfile]) -> dict[str, Card | None]:
    """Read every profile's card."""
    return {name: read_card(profile.folder, card_batch(profile)) for name, profile in profiles.items()}


def error_table(profiles: Mapping[str, DeviceProfile]) -> TableData:
    """Return the table of held-out errors of each profile."""
    numbers = (
        "networks",
        "families",
        "ops",
        "median error %",
        "within 10%",
        "within 20%",
        "coverage %",
        "high/low",
    )
    rows = []
    for name, card in cards_of(profiles).items():
        if card is None:
            rows.append((name, profiles[name].method, *["-"] * len(numbers), "never held out"))
            continue
        stale = "" if card.content == evidence_hash(profiles[name].folder) else "from older measurements"
        figures = (card.median_error, card.within_10, card.within_20, card.coverage, card.width)
        donor = f", from {card.donor}" if card.donor else ""
        counts = (str(card.networks), str(card.families), str(card.ops))
        rows.append((name, card.method + donor, *counts, *(_figure(value) for value in figures), stale))
    return table(
        "Error of each device, for networks that were held out",
        ("name", "method", *numbers, ""),
        rows,
        numbers,
        "Each network is predicted without its family. Coverage: share of networks inside their 90% interval. High/low: upper over "
        "lower end of that interval, median. `dsim device show NAME` tells more.",
    )


def _figure(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3g}"


def profiles_table(profiles: Mapping[str, DeviceProfile], missing: Sequence[str]) -> TableData:
    """Return the table of what each profile is, with its sources and terms."""
    rows = [
        (
            p.name,
            p.title,
            p.chip,
            p.compute_unit,
            p.runtime,
            p.precision,
            p.layout,
            p.batch_stated,
            p.threads,
            f"{p.reference_model}; {p.reference_stated}",
            _counted(p.sources),
            p.licence,
        )
        for p in profiles.values()
    ]
    columns = (
        "name", "device", "chip", "unit", "runtime", "precision", "layout", "batch", "threads", "predictions are for",
        "sources", "terms",
    )  # fmt: skip
    gone = f" No longer installed, and so not shown: {', '.join(missing)}." if missing else ""
    note = f"`dsim device show NAME` lists all sources of a device.{gone}"
    return table("Chip, software, protocol and sources of each device", columns, rows, note=note)


def _counted(sources: Sequence[str]) -> str:
    """Name sources where they are few; `dsim device show` lists the others."""
    few = ", ".join(sources[:FEW])
    return few if len(sources) <= FEW else f"{few} and {len(sources) - FEW} more"


def choices_table(profiles: Mapping[str, DeviceProfile]) -> TableData:
    """Return the table of choices whose cost is known on each device, and from what it is known."""
    rows = [
        (name, *map(choice_words, (told.own, told.donor, told.nothing)))
        for name, card in cards_of(profiles).items()
        if card and (told := told_by(card))
    ]
    columns = ("name", "from its own measurements", "from its donor's alone", "not known")
    note = f"A donor is the device whose prices another one starts from. {SEARCHED}"
    return table("How the cost of one choice against another is known", columns, rows, note=note)


def coverage_figure(evidence: Mapping[str, Sequence[tuple[str, float]]]) -> Figure | None:
    """Draw how well the time of each best design is known; None where nothing is known."""
    rows = [
        {
            "device": name,
            "kind": kind,
            "share": share,
            "said": f"{share:.0%}",
            "order": list(KINDS).index(kind),
        }
        for name, items in evidence.items()
        for kind, share in items
        if kind in KINDS
    ]
    if not rows:
        return None
    kinds = [kind for kind in KINDS if any(row["kind"] == kind for row in rows)]
    bars = (
        alt.Chart(inline(rows))
        .mark_bar(stroke="#ffffff", strokeWidth=0.6)
        .encode(
            x=alt.X(
                "share:Q",
                title="share of its milliseconds",
                axis=alt.Axis(format="%"),
                scale=alt.Scale(domain=[0, 1]),
            ),
            y=alt.Y("device:N", title=None, sort=list(evidence)),
            color=alt.Color(
                "kind:N",
                title=None,
                scale=alt.Scale(domain=kinds, range=[KINDS[kind] for kind in kinds]),
                legend=alt.Legend(columns=3),
            ),
            order=alt.Order("order:Q"),
            tooltip=tips(device="", kind="its operators are", said="share of its ms"),
        )
    )
    data = [(str(row["device"]), str(row["kind"]), str(row["said"])) for row in rows]
    return Figure(
        "coverage",
        "How well the time of each best design is known",
        "By share of its milliseconds. "
        + " ".join(f"{kind.capitalize()}: {EVIDENCE_WORDS[kind]}." for kind in kinds),
        (ChartPanel(layered(bars), height=24 * len(evidence) + 20),),
        table(
            "How well the time of each best design is known",
            ("device", "its operators are", "share of ms"),
            data,
            ("share of ms",),
        ),
        wide=420,
        columns=1,
    )
