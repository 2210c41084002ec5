"""The tables of validated profiles: held-out errors, profile by profile and network by network."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dsim.latency.pairs import pair_ratios
from dsim.latency.scoring import Held, Score
from dsim.latency.summary import ProfileSummary
from dsim.latency.validate import Validation, validate
from dsim.report.measuring import measured_table
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


def validation_summary(found: Sequence[ProfileSummary]) -> tuple[TableData, ...]:
    """Return the tables of validated profiles, every profile first."""
    tables = [profile_table(found)]
    # designs that were held out for good, at each batch
    measured = {one.device: one.networks for one in found if one.group == "measured"}
    tables += [measured_table(measured)] if measured else []
    extra = [data for data in (pair_table(found), incomplete_table(found)) if data.rows]
    # iPhones have several protocols and contrasts of their own
    detail = [
        data for one in found if one.group == "iphone" for data in validation_tables(validate(one.device))
    ]
    return (*tables, *extra, *detail)


def profile_table(found: Sequence[ProfileSummary]) -> TableData:
    """Return the table of profiles."""
    rows = [
        (
            one.device,
            one.card.method + (f", from {one.card.donor}" if one.card.donor else ""),
            str(one.card.networks),
            str(one.card.ops),
            *(_or_dash(value, form) for value, form in _figures(one)),
            str(len([held for held in one.networks if held.cliff])),
            str(len([held for held in one.networks if not held.complete])),
        )
        for one in sorted(found, key=lambda one: (one.group, one.device))
    ]
    numbers = ("networks", "ops", "median %", "within 10%", "within 20%", "Spearman", "coverage %", "high/low",
               "left accelerator", "incomplete")  # fmt: skip
    note = (
        "Each network is predicted without its family; a profile without networks is judged by its operators, each predicted "
        "without its shape. Left accelerator, incomplete: networks that the errors leave out. Coverage: share inside the 90% "
        "interval. High/low: upper over lower end of an interval, median."
    )
    return table("Every profile", ("profile", "method", *numbers), rows, numbers, note)


def pair_table(found: Sequence[ProfileSummary]) -> TableData:
    """Return measured against predicted ratios of networks that differ in one thing."""
    rows = [
        (
            one.device,
            ratio.choice,
            str(ratio.pairs),
            f"{ratio.measured:.2f}",
            f"{ratio.predicted:.2f}",
            f"{ratio.same_sign} of {ratio.pairs}",
        )
        for one in sorted(found, key=lambda one: (one.group, one.device))
        for ratio in pair_ratios(one.networks)
    ]
    columns = ("profile", "choice", "pairs", "measured", "predicted", "right sign")
    return table(
        "Networks that differ in one thing: time of the second over the first, predicted without both families",
        columns,
        rows,
        columns[2:],
        "Medians over the pairs (dsim/data/pairs.csv). A measured ratio within 3% of one has no right sign.",
    )


def incomplete_table(found: Sequence[ProfileSummary]) -> TableData:
    """Return the networks whose estimate was incomplete when their family was held out."""
    names: dict[str, set[str]] = {}
    for one in found:
        for held in one.networks:
            if not held.complete:
                names.setdefault(held.graph, set()).add(one.device)
    rows = [(graph, str(len(devices))) for graph, devices in sorted(names.items())]
    return table(
        "Left out: networks with an operator that no other family holds",
        ("network", "profiles"),
        rows,
        ("profiles",),
    )


def _figures(one: ProfileSummary) -> tuple[tuple[float, str], ...]:
    card = one.card
    return (
        (card.median_error, ".1f"),
        (card.within_10, ".0f"),
        (card.within_20, ".0f"),
        (card.spearman, ".2f"),
        (card.coverage, ".0f"),
        (card.width, ".2f"),
    )


def validation_tables(found: Validation) -> tuple[TableData, ...]:
    """Return the tables of one device, most important first."""
    name = found.device
    columns = [("on the accelerator", found.clean), ("all networks", found.with_cliffs)]
    if found.high_resolution:
        columns.append(("512 px, on the accelerator", found.high_resolution))
    columns.append(("timed in any way", found.all_protocols))
    cells = [_cells(score) for _, score in columns]
    headings = tuple(what for what, _ in columns)
    overall = table(
        f"{name}: each family predicted without any measurement of it",
        ("", *headings),
        [(what, *(column[i] for column in cells)) for i, what in enumerate(SCORES)],
        headings,
        "Error is |predicted / measured - 1|. A network counts once, with the median of its sources, timed in the way that "
        "predictions are for; in the last column timed in any way, with the effect of a source learned from other families. "
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
        ("network", "family", "measured ms", "predicted ms", "90% interval", "error", "left the accelerator"),
        [_network(held) for held in sorted(own, key=lambda h: (h.family, h.graph))],
        ("measured ms", "predicted ms", "90% interval", "error"),
    )
    contrasts = table(
        f"{name}: published pairs that differ in one thing, predicted without their families",
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
        f"{held.low_ms:.2f} to {held.high_ms:.2f}",
        f"{held.error:+.0%}",
        "yes" if held.cliff else "",
    )
