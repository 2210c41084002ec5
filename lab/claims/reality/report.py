"""The reality check and the backtest in tables and sentences; every figure comes from their records."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import median

from dsim.graph.key import NetworkKey
from dsim.report.table import TableData, table
from lab.claims.reality.propose import FitsBy
from lab.claims.reality.records import Backtest, Own, Standing
from lab.claims.reality.summary import (
    Gap,
    OwnScore,
    alike,
    as_shown,
    gap,
    left_out,
    own_score,
)

FITS = {
    FitsBy.CHANCE: "a new measurement, as surely as a study asks,",
    FitsBy.UPPER: "the interval's upper end",
    FitsBy.ESTIMATE: "the estimate",
}


def check_words(standings: Sequence[Standing]) -> str:
    """Say the reality check in sentences."""
    devices = len({r.device for r in standings})
    lines = []
    for way in FitsBy:
        rows = [r for r in standings if r.held == way]
        shown, same, left = gap(as_shown(rows)), gap(alike(rows)), left_out(rows)
        if not shown.count:
            continue
        lines.append(
            f"- **{_capital(FITS[way])} fits the budget** ({shown.count} of {len(rows)} networks on {devices} devices; for "
            f"{left.nothing_fits} nothing fits, {left.beyond} cost more than what the search can make use of): the claim for 300 distilled "
            f"epochs less the top-1 of the best published network of that latency has {_median(shown)}, and even the claim's lower "
            f"end lies above in {shown.low_above} of {shown.count}. At the published network's own recipe, known for {same.count}: "
            f"{_median(same)}, lower end above in {same.low_above} of {same.count}."
        )
    return "\n".join(lines)


def check_markdown(standings: Sequence[Standing]) -> str:
    """Return the tables of the reality check."""
    tables = []
    for way in FitsBy:
        rows = [r for r in standings if r.held == way]
        if rows:
            tables.append(_standing_table(way, rows))
    rows = [r for r in standings if r.like and r.held == FitsBy.ESTIMATE]
    tables.append(_claims(rows, "Like with like, network by network: the estimate fits the budget"))
    return "\n".join(t.markdown() for t in tables)


def _standing_table(way: FitsBy, rows: Sequence[Standing]) -> TableData:
    columns = (
        "device",
        "compared",
        "as shown: median (range)",
        "lower end above",
        "like with like: median (range)",
        "lower end above ",
        "nothing fits",
        "beyond",
        "recipe unknown",
    )
    lines = []
    for device in dict.fromkeys(r.device for r in rows):
        own = [r for r in rows if r.device == device]
        lines.append((device, *_cells(own)))
    lines.append(("all", *_cells(rows)))
    return table(
        f"{_capital(FITS[way])} fits the budget",
        columns,
        lines,
        columns[1:],
        "Points of top-1, claimed less published, over the measured front of each device. As shown: the claim for 300 epochs with a "
        "convnet teacher, whatever the network's recipe. Like with like: the claim at the network's own recipe. Lower end above: "
        "in how many even the lower end of the claim's 90% interval lies above the published figure.",
    )


def _cells(rows: Sequence[Standing]) -> tuple[str, ...]:
    shown, same, left = gap(as_shown(rows)), gap(alike(rows)), left_out(rows)
    return (
        f"{shown.count} of {len(rows)}",
        _range(shown),
        f"{shown.low_above} of {shown.count}",
        _range(same),
        f"{same.low_above} of {same.count}",
        str(left.nothing_fits),
        str(left.beyond),
        str(left.recipe_unknown),
    )


def backtest_words(found: Backtest) -> str:
    """Say the backtest in sentences."""
    learned, own = found.learned, own_score(found.networks)
    names = len({NetworkKey.of(r.graph).name.partition("+")[0] for r in found.networks})
    devices = len({r.device for r in found.networks})
    lines = [
        f"- Models that saw nothing published from {learned.cutoff} on ({learned.kept} accuracy results of {learned.families} "
        f"families; {learned.dropped} later ones left out) searched {devices} devices under the measured latencies of "
        f"{names} later networks ({own.count} pairs of network and device)."
    ]
    for where, quoted in (
        ("On the phones that the later papers timed their networks on", True),
        ("On other devices, which these networks were not made for", False),
    ):
        for way in FitsBy:
            rows = [r for r in found.claims if r.held == way and r.quoted == quoted]
            if rows:
                lines.append(f"- {where}, where {FITS[way]} fits the budget: {_claim_words(found, rows)}")
    lines.append(
        f"- Of the later networks themselves the same models predicted the latency with a median error of "
        f"{100 * own.latency_error:.0f}% ({own.latency_covered} of {own.count} inside the 90% interval; predicted less measured has a median of {100 * own.latency_bias:+.0f}%), and top-1 with a mean "
        f"error of {own.top1_error:.1f} points ({own.top1_covered} of {own.top1_networks} inside, bias {_signed(own.top1_bias)})."
    )
    return "\n".join(lines)


def _claim_words(found: Backtest, rows: Sequence[Standing]) -> str:
    one, left = gap(alike(rows), _families(found, rows)), left_out(rows)
    if not one.count:
        return f"nothing to compare; nothing fits under {left.nothing_fits} of {len(rows)} latencies."
    return (
        f"the proposal's claimed top-1 less the later network's published one, both at that network's recipe, is "
        f"{_signed(one.mean)} points ({_interval(one)}; range {_signed(one.least)} to {_signed(one.largest)}; {one.count} pairs, "
        f"for {left.nothing_fits} more nothing fits, {left.beyond} are beyond the search). The published figure lies inside the "
        f"claimed 90% interval in {one.inside}, below it in {one.below} and above it in {one.above}. The upper end of the "
        f"proposals' latency is a median of {_stretch(rows):.2f} times the estimate."
    )


def _stretch(rows: Sequence[Standing]) -> float:
    return median(r.high_ms / r.latency_ms for r in rows if r.like)


def backtest_markdown(found: Backtest) -> str:
    """Return the tables of the backtest."""
    tables = [_by(found, "family"), _by(found, "device"), _own_table(found), _own_devices(found)]
    tables += [
        _claims(
            [r for r in found.claims if r.like and r.held == way],
            f"Network by network: {FITS[way]} fits the budget",
        )
        for way in FitsBy
        if any(r.held == way for r in found.claims)
    ]
    tables.append(_own_list(found.networks))
    return "\n".join(t.markdown() for t in tables)


def _families(found: Backtest, rows: Iterable[Standing]) -> tuple[str, ...]:
    family = {r.graph: r.family for r in found.networks}
    return tuple(family[r.graph] for r in rows if r.like)


def _by(found: Backtest, kind: str) -> TableData:
    columns = (
        kind,
        "what fits the budget",
        "compared",
        "mean",
        "median (range)",
        "inside",
        "below",
        "above",
        "nothing fits",
        "beyond",
    )
    family = {r.graph: r.family for r in found.networks}
    label = {id(r): family[r.graph] if kind == "family" else r.device for r in found.claims}
    lines = []
    for name in (*dict.fromkeys(label.values()), "all"):
        for way in (way for way in FitsBy if any(r.held == way for r in found.claims)):
            rows = [r for r in found.claims if r.held == way and name in (label[id(r)], "all")]
            one, left = gap(alike(rows), _families(found, rows)), left_out(rows)
            mean = f"{_signed(one.mean)} ({_signed(one.mean_low)} to {_signed(one.mean_high)})"
            lines.append(
                (
                    name,
                    FITS[way],
                    f"{one.count} of {len(rows)}",
                    mean if not math.isnan(one.mean_low) else _signed(one.mean),
                    _range(one),
                    str(one.inside),
                    str(one.below),
                    str(one.above),
                    str(left.nothing_fits),
                    str(left.beyond),
                )
            )
    return table(
        f"Claimed against published at equal budget, by {kind}",
        columns,
        lines,
        columns[2:],
        "Points of top-1, the proposal's claim at the later network's recipe less that network's published figure. Inside, below, "
        "above: where the published figure lies against the claim's 90% interval. The interval of the mean draws families with "
        "replacement; of four families it is rough.",
    )


def _own_table(found: Backtest) -> TableData:
    columns = (
        "family",
        "pairs",
        "median error of latency",
        "inside",
        "networks",
        "mean error of top-1",
        "bias",
        "inside ",
    )
    families = dict.fromkeys(r.family for r in found.networks)
    lines = [(name, *_own_cells([r for r in found.networks if r.family == name])) for name in families]
    lines.append(("all", *_own_cells(found.networks)))
    return table(
        "What the earlier models say of the later networks themselves",
        columns,
        lines,
        columns[1:],
        "Latency: median of |predicted / measured - 1| over pairs of network and device, and how many measured figures lie inside "
        "the 90% interval. Top-1 at the network's own recipe, in points; a network counts once for each recipe.",
    )


def _own_cells(rows: Sequence[Own]) -> tuple[str, ...]:
    one: OwnScore = own_score(rows)
    return (
        str(one.count),
        f"{100 * one.latency_error:.0f}%",
        f"{one.latency_covered} of {one.count}",
        str(one.top1_networks),
        f"{one.top1_error:.1f}",
        _signed(one.top1_bias),
        f"{one.top1_covered} of {one.top1_networks}",
    )


def _own_devices(found: Backtest) -> TableData:
    columns = ("device", "networks", "median error", "bias", "inside")
    lines = []
    for device in dict.fromkeys(r.device for r in found.networks):
        one = own_score([r for r in found.networks if r.device == device])
        lines.append(
            (
                device,
                str(one.count),
                f"{100 * one.latency_error:.0f}%",
                f"{100 * one.latency_bias:+.0f}%",
                f"{one.latency_covered} of {one.count}",
            )
        )
    return table("Their latency, device by device", columns, lines, columns[1:])


def _claims(rows: Sequence[Standing], title: str) -> TableData:
    columns = (
        "device",
        "network",
        "recipe",
        "measured ms",
        "predicted ms",
        "published",
        "claimed",
        "difference",
    )
    lines = [
        (
            r.device,
            r.network,
            r.recipe,
            f"{r.measured_ms:.3g}",
            f"{r.latency_ms:.3g} (to {r.high_ms:.3g})",
            f"{r.published_top1:.1f}",
            f"{r.alike:.1f} ({r.alike_low:.1f} to {r.alike_high:.1f})",
            _signed(r.alike - r.published_top1),
        )
        for r in rows
    ]
    return table(title, columns, lines, columns[3:], "Predicted ms: of the proposal, and the upper end.")


def _own_list(rows: Sequence[Own]) -> TableData:
    columns = (
        "device",
        "network",
        "recipe",
        "measured ms",
        "predicted ms",
        "published",
        "predicted",
        "in region",
    )
    lines = [
        (
            r.device,
            r.network,
            r.recipe,
            f"{r.measured_ms:.3g}",
            f"{r.own_ms:.3g} ({r.own_ms_low:.3g} to {r.own_ms_high:.3g})",
            f"{r.published_top1:.1f}",
            "-"
            if math.isnan(r.own_top1)
            else f"{r.own_top1:.1f} ({r.own_top1_low:.1f} to {r.own_top1_high:.1f})",
            "yes" if r.own_in_region else "no",
        )
        for r in rows
    ]
    note = "In region: whether the accuracy model of then would have let a search go to this network."
    return table("The later networks themselves, one by one", columns, lines, columns[3:], note)


def _signed(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:+.1f}"


def _range(one: Gap) -> str:
    return f"{_signed(one.median)} ({_signed(one.least)} to {_signed(one.largest)})" if one.count else "-"


def _median(one: Gap) -> str:
    if not one.count:
        return "nothing to compare"
    return f"a median of {_signed(one.median)} points (range {_signed(one.least)} to {_signed(one.largest)})"


def _interval(one: Gap) -> str:
    if math.isnan(one.mean_low):
        return "mean; too few families for an interval"
    return f"mean; 90% interval {_signed(one.mean_low)} to {_signed(one.mean_high)} over families"


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]
