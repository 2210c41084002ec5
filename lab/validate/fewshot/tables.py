"""The tables of few-shot learning on devices that were treated as new."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dsim.latency.features import FloatArray
from dsim.latency.methods.few_shot.errors import LEVELS, calibration_of
from dsim.report.table import TableData, table
from lab.validate.fewshot.simulate import WAYS, Outcome

ASKED_SIZE = 10
CONFIDENCE = 0.9


def simulation_tables(found: Sequence[Outcome]) -> tuple[TableData, ...]:
    """Return the curves, the figures by group, and the coverage of the intervals."""
    out = []
    for new_network in sorted({one.new_network for one in found}):
        some = [one for one in found if one.new_network == new_network]
        what = "networks that no donor measured either" if new_network else "networks that donors measured"
        out += [_curve(some, what), _groups(some, what)]
        if new_network and len({one.chip for one in some}) > 1:  # intervals are made of other chips' errors
            out.append(_coverage(some))
    return tuple(out)


def _curve(found: Sequence[Outcome], what: str) -> TableData:
    rows, ways = [], _ways(found)
    for size in sorted({one.size for one in found}):
        by_way = {way: [one for one in found if one.size == size and one.way == way] for way in ways}
        medians = {way: _mean([one.median for one in ones]) for way, ones in by_way.items()}
        ranks = {way: _mean([one.spearman for one in ones]) for way, ones in by_way.items()}
        change = [(medians["dsim"] / medians[way] - 1.0) * 100.0 for way in ways[1:-1]]
        rows.append(
            (
                str(size),
                str(len(by_way["dsim"])),
                *(f"{medians[way]:.1f}" for way in ways),
                " / ".join(f"{one:+.0f}" for one in change),
                *(f"{ranks[way]:.4f}" for way in ways),
            )
        )
    columns = (
        "measured",
        "devices",
        *(f"{way}, %" for way in ways),
        "dsim to nearest, %",
        *(f"{way}, rank" for way in ways),
    )
    note = (
        f"Asked with {ASKED_SIZE} measured networks: a median error at least 25% below the nearest profile scaled by one factor, and "
        "Spearman's rank correlation above it. The nearest profile counts twice: by its model's estimate, and by its own figure of the "
        "network where it has one. Medians and ranks are means over devices."
    )
    return table(f"A new device, {what}", columns, rows, columns, note)


def _ways(found: Sequence[Outcome]) -> tuple[str, ...]:
    return tuple(way for way in WAYS if any(one.way == way for one in found))


def _groups(found: Sequence[Outcome], what: str) -> TableData:
    rows, ways = [], _ways(found)
    at = [one for one in found if one.size == ASKED_SIZE]
    for group in sorted({one.group for one in at}):
        by_way = {way: [one for one in at if one.group == group and one.way == way] for way in ways}
        rows.append(
            (
                group,
                str(len(by_way["dsim"])),
                *(f"{_mean([one.median for one in ones]):.1f}" for ones in by_way.values()),
                *(f"{_mean([one.spearman for one in ones]):.3f}" for ones in by_way.values()),
            )
        )
    columns = ("group", "devices", *(f"{way}, %" for way in ways), *(f"{way}, rank" for way in ways))
    return table(f"With {ASKED_SIZE} measured networks, {what}", columns, rows, columns[1:])


def _coverage(found: Sequence[Outcome]) -> TableData:
    """Score intervals of each chip that are made of the other chips' errors."""
    rows = []
    own = [one for one in found if one.way == "dsim"]
    for size in sorted({one.size for one in own}):
        some = [one for one in own if one.size == size]
        inside, quantiles = [], []
        for chip in sorted({one.chip for one in some}):
            others = np.concatenate([one.standardised for one in some if one.chip != chip])
            known = calibration_of(np.quantile(others, LEVELS))  # as a profile's is made from the file
            high = known.quantile((1.0 + CONFIDENCE) / 2.0)
            quantiles.append(high)
            inside += [np.mean(np.abs(one.standardised) <= high) * 100.0 for one in some if one.chip == chip]
        rows.append(
            (
                str(size),
                str(len(some)),
                f"{np.mean(inside):.0f}",
                f"{np.quantile(inside, 0.1):.0f}",
                f"{np.mean(quantiles):.1f}",
            )
        )
    columns = ("measured", "devices", "coverage %", "of the tenth worst device", "spreads to either side")
    note = "90% intervals, each chip's made of the other chips' errors; means over devices."
    return table("Coverage on networks that no donor measured either", columns, rows, columns, note)


def standardised_errors(found: Sequence[Outcome]) -> dict[int, FloatArray]:
    """Return standardised errors of networks new to all, by number of measured networks."""
    sizes = sorted({one.size for one in found})
    return {
        size: np.concatenate(
            [one.standardised for one in found if one.new_network and one.way == "dsim" and one.size == size]
        )
        for size in sizes
    }


def _mean(values: list[float]) -> float:
    return float(np.mean(values))
