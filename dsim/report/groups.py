"""The tables over all profiles: what is asked of each group beside what is reached, and every profile's own figures."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dsim.latency.pairs import pair_ratios
from dsim.latency.summary import GroupSummary, ProfileSummary
from dsim.report.table import TableData, table

_NUMBERS = ("networks", "median %", "within 10%", "within 20%", "coverage %", "high/low")


def group_table(found: Sequence[GroupSummary]) -> TableData:
    """Return the table of groups: asked beside reached."""
    rows = [
        (
            one.group.title,
            str(one.profiles),
            f"{one.score.networks} of {one.score.families} families",
            f"{one.score.median:.1f} (<= {one.group.median:g})",
            f"{one.score.within_10:.0f} (>= {one.group.within_10:g})",
            f"{one.score.within_20:.0f} (>= {one.group.within_20:g})",
            f"{one.coverage.share:.0f} ({one.coverage.low:.0f} to {one.coverage.high:.0f})",
            f"{one.score.width:.2f}",
        )
        for one in found
    ]
    columns = ("profiles", "how many", "networks", *_NUMBERS[1:])
    return table(
        "All groups, each family held out of every device and source: reached (asked)",
        columns,
        rows,
        columns[1:],
        "A network counts once a profile. Without cliffs, without networks that hold a kernel which no other family's evidence "
        "knows (their estimate is a lower bound), inside each profile's resolutions. Coverage of the 90% intervals with a 95% "
        "interval over families; high/low is the median of an interval's ends over each other.",
    )


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
               "cliffs", "lower bounds")  # fmt: skip
    note = "A profile without networks is judged by its operators, each with its shape held out."
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
        "Networks that differ in one thing: ratio of time, to over from, both families held out",
        columns,
        rows,
        columns[2:],
        "Medians over the pairs (dsim/data/pairs.csv); a measured ratio within 3% of one has no sign to miss.",
    )


def incomplete_table(found: Sequence[ProfileSummary]) -> TableData:
    """Return the networks whose estimate was a lower bound when their family was held out."""
    names: dict[str, set[str]] = {}
    for one in found:
        for held in one.networks:
            if not held.complete:
                names.setdefault(held.graph, set()).add(one.device)
    rows = [(graph, str(len(devices))) for graph, devices in sorted(names.items())]
    return table(
        "Left out: networks with a kernel that no other family's evidence knows",
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


def _or_dash(value: float, form: str) -> str:
    return "-" if math.isnan(value) else format(value, form)
