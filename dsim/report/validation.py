"""The held-out tables of a latency model: the same figures on the terminal and in docs/latency.md."""

from __future__ import annotations

import math

from dsim.latency.validate import Held, Score, Validation
from dsim.report.table import TableData, table

SCORES = (
    "networks",
    "families",
    "mean %",
    "median %",
    "within 10%",
    "within 20%",
    "Spearman",
    "coverage %",
    "high/low",
)


def validation_tables(found: Validation) -> tuple[TableData, ...]:
    """Return the tables of one device, most important first."""
    name = found.device
    columns = [("without cliffs", found.clean), ("with cliffs", found.with_cliffs)]
    if found.high_resolution:
        columns.append(("512 px, without cliffs", found.high_resolution))
    columns.append(("all protocols", found.all_protocols))
    cells = [_cells(score) for _, score in columns]
    headings = tuple(what for what, _ in columns)
    overall = table(
        f"{name}: each family held out on all phones and sources",
        ("", *headings),
        [(what, *(column[i] for column in cells)) for i, what in enumerate(SCORES)],
        headings,
        "Error is |predicted / measured - 1|; a network counts once, by the median of its sources, in the reference "
        "protocol (in the last column in all of them, with effects of a source learned from other families). "
        f"Over the whole pool {found.pooled_coverage.share:.0f}% of {found.pooled_coverage.networks} networks lie inside "
        f"their 90% interval (95% interval over families: {found.pooled_coverage.low:.0f} to "
        f"{found.pooled_coverage.high:.0f}%).",
    )
    families = table(
        f"{name}: by family",
        ("family", *(column for column in SCORES if column != "families")),
        [(family, *_cells(score, family=False)) for family, score in found.by_family.items()],
        SCORES,
    )
    own = [held for held in found.networks if held.device == name]
    networks = table(
        f"{name}: network by network",
        ("network", "family", "measured ms", "predicted ms", "90% interval", "error", "cliff"),
        [_network(held) for held in sorted(own, key=lambda h: (h.family, h.graph))],
        ("measured ms", "predicted ms", "90% interval", "error"),
    )
    contrasts = table(
        f"{name}: published pairs that differ in one thing, held out",
        ("choice", "between", "measured ratio", "predicted ratio"),
        [
            (c.choice, c.what, f"{c.measured_ratio:.2f}", f"{c.predicted_ratio:.2f}")
            for c in found.contrasts
            if c.device == name
        ],
        ("measured ratio", "predicted ratio"),
    )
    return tuple(data for data in (overall, families, networks, contrasts) if data.rows)


def _cells(score: Score, family: bool = True) -> tuple[str, ...]:
    values = (
        f"{score.networks}",
        f"{score.families}",
        f"{score.mean:.1f}",
        f"{score.median:.1f}",
        f"{score.within_10:.0f}",
        f"{score.within_20:.0f}",
        _or_dash(score.spearman, ".2f"),
        # without widths there is no coverage either: the effects of a source carry no interval
        "-" if math.isnan(score.width) else f"{score.coverage:.0f}",
        _or_dash(score.width, ".2f"),
    )
    return values if family else (values[0], *values[2:])


def _or_dash(value: float, form: str) -> str:
    return "-" if math.isnan(value) else format(value, form)


def _network(held: Held) -> tuple[str, ...]:
    return (
        held.graph,
        held.family,
        f"{held.measured_ms:.2f}",
        f"{held.predicted_ms:.2f}",
        f"{held.low_ms:.2f} - {held.high_ms:.2f}",
        f"{held.error:+.0%}",
        "yes" if held.cliff else "",
    )
