"""What was measured comes before what is predicted: the first tiers of a comparison, in lines and tables."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from dsim.report.console import headed
from dsim.report.measured_regret import NONE, differs, regret_table, sentence
from dsim.report.other_forms import other_forms_table
from dsim.report.table import TableData, table
from dsim.report.variants import choice_words
from dsim.shift import Interval
from dsim.shift.shared_contrasts import SharedContrast
from dsim.shift.stack import Pair
from dsim.shift.tiers import Measured

MOST_ROWS = 3  # of whole networks and of blocks, for two devices
ONE_CHANGE = "1. Measured, one change at a time:"
PUBLISHED = "2. Measured, networks of others:"
TIMED = "3. Best designs, timed:"
PREDICTED = "4. Predicted:"
NO_CHANGE = "no single change was timed on two of these devices."
NO_RANKS = "networks of others have no rank on your own images."
NOT_TIMED = "none; dsim measure compared times them where a runtime is at hand."


def tier_lines(measured: Measured, width: int) -> list[Text]:
    """Return the measured tiers in a few lines: the strongest of each with its interval and what differs."""
    return [
        *headed(ONE_CHANGE, contrasts_in_words(measured.contrasts), width),
        *headed(PUBLISHED, regrets_in_words(measured), width),
        *headed(TIMED, timed_in_words(measured), width),
    ]


def contrasts_in_words(found: Sequence[SharedContrast]) -> str:
    """Say how many changes cost another share of the time on another device, and the strongest of them."""
    apart = [one for one in found if one.apart]
    if not found:
        return NO_CHANGE
    if not apart:
        return f"none of {len(found)} changes that two of these devices timed differs: all intervals overlap."
    one = apart[0]
    return (
        f"{len(apart)} of {len(found)} differ. {choice_words(one.choice)} in {one.where}: {percent(one.on_a)} on {one.pair.a}, "
        f"{percent(one.on_b)} on {one.pair.b} ({differs(one.pair)} differ)."
    )


def regrets_in_words(measured: Measured) -> str:
    """Say how many choices lose significantly on another device, and the largest loss."""
    if measured.regrets is None:
        return NO_RANKS
    found = measured.regrets
    strong = [one for one in found if one.exceeds]
    if not found:
        return NONE
    if not strong:
        most = max(found, key=lambda one: one.lost.value)
        return (
            f"none of {len(found)} choices by another device's clock loses more than noise alone would make; the largest loss is "
            f"{most.lost.value:.1f} points."
        )
    return f"{len(strong)} of {len(found)} lose significantly; {sentence(strong[0])} ({differs(strong[0].pair)} differ)."


def timed_in_words(measured: Measured) -> str:
    """Say of which devices best designs were timed, and how far the predictions were off."""
    if not measured.timed:
        return NOT_TIMED
    close = "; ".join(
        f"{one.device}: {one.within_10} of {one.designs} within 10% of the prediction, worst {one.worst:.1%} off"
        for one in measured.timed
    )
    if not measured.equal:
        return f"{close}."
    one = measured.equal[0]
    return (
        f"the best design for {one.of} takes longer on {one.on}, {percent(one.slower)}, than that device's own of the same predicted "
        f"top-1 ({one.ms:.3g} against {one.own_ms:.3g} ms; {differs(one.pair)} differ). {close}."
    )


def contrasts_table(found: Sequence[SharedContrast]) -> TableData:
    """Return the strongest changes of every two devices that timed any: of whole networks, then of blocks."""
    by_pair: dict[Pair, list[SharedContrast]] = {}
    for one in found:
        by_pair.setdefault(one.pair, []).append(one)
    shown = [
        one
        for own in by_pair.values()
        for whole in (True, False)
        for one in [one for one in own if one.whole is whole][:MOST_ROWS]
    ]
    rows = [
        (
            choice_words(one.choice),
            one.where,
            f"{one.pair.a}: {percent(one.on_a)}",
            f"{one.pair.b}: {percent(one.on_b)}",
            differs(one.pair),
            "yes" if one.apart else "no",
        )
        for one in shown
    ]
    left = len(found) - len(shown)
    return table(
        "One change, timed on two devices (grade A)",
        ("change", "in", "adds on one", "and on another", "what differs", "intervals apart"),
        rows,
        note="Percent of the time before the change, with 90% intervals: one network or block, one exchange, one laboratory and one "
        "sitting on each device; no model." + (f" {left} more are not shown." if left else ""),
    )


def measured_tables(measured: Measured) -> tuple[TableData, ...]:
    """Return the tables of what was measured of single changes and of networks of others, where they hold anything."""
    tables = []
    if measured.contrasts:
        tables.append(contrasts_table(measured.contrasts))
    if measured.regrets:
        tables.append(regret_table(measured.regrets))
    if measured.forms:
        tables.append(other_forms_table(measured.forms))
    return tuple(tables)


def percent(change: Interval) -> str:
    """Write a change in percent with its interval; the decimal only where the interval is narrow."""
    digits = 0 if change.high - change.low >= 4.0 else 1
    return f"{change.value:+.{digits}f}% ({change.low:+.{digits}f} to {change.high:+.{digits}f})"
