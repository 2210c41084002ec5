"""What a comparison finds where nothing differs: each device against itself, beside what it finds between devices."""

from __future__ import annotations

from dsim.report.findings import abouts
from dsim.report.table import TableData, table
from dsim.shift import Comparison
from dsim.shift.strongest import Sort, asked_and_told

NONE = "no device was compared with itself (--seeds 0, a time limit, or an older version), so that the rate of false findings is not known"


def null_table(found: Comparison) -> TableData:
    """Return the table: how often an interval excludes zero between devices, and within one, where every such finding is false."""
    between, within = asked_and_told(found), _within(found)
    rows = [
        (
            words,
            _rate(*between[sort][:2]),
            _rate(*within[sort][:2]),
            f"{within[sort][2]:.1f} {_unit(found, sort)}",
        )
        for sort, words in abouts(found).items()
    ]
    failed = [f"{one.device} ({one.why_not})" for one in found.null if one.why_not]
    return table(
        "Found where nothing differs: each device compared with itself",
        ("about", "significant between devices", "against itself", "largest against itself"),
        rows,
        note="Each device is known once from one half of its families and once from the other, with searches and refits of their own, and "
        "goes through the whole comparison. All that is significant then is false. Before Bonferroni; a choice must be larger than "
        "the largest that its two devices show against themselves. Errors of a model's form are shared by both halves and do not show."
        + (f" Not possible: {'; '.join(failed)}." if failed else ""),
    )


def null_tables(found: Comparison) -> tuple[TableData, ...]:
    """Return the table where devices were compared with themselves, and nothing elsewhere."""
    return (null_table(found),) if found.null else ()


def unknown_rate(found: Comparison) -> tuple[str, ...]:
    """Return a note that the rate is not known, where no device was compared with itself."""
    return () if found.null else (NONE,)


def null_in_words(found: Comparison) -> str:
    """Say the rates of false findings in a sentence."""
    done = [one for one in found.null if not one.why_not]
    if not done:
        return f"{NONE}."
    within = _within(found)
    said = ", ".join(f"{words} {_rate(*within[sort][:2])}" for sort, words in abouts(found).items())
    devices = (
        "1 device compared with itself" if len(done) == 1 else f"{len(done)} devices compared with themselves"
    )
    return f"{devices}, of which all that is significant is false: {said}."


def _within(found: Comparison) -> dict[Sort, tuple[int, int, float]]:
    out = dict.fromkeys(Sort, (0, 0, 0.0))
    for one in found.null:
        for count in one.counts:
            asked, told, largest = out[Sort(count.sort)]
            out[Sort(count.sort)] = (asked + count.asked, told + count.told, max(largest, count.largest))
    return out


def _rate(asked: int, told: int) -> str:
    return f"{told} of {asked}" + (f" ({told / asked:.0%})" if asked else "")


def _unit(found: Comparison, sort: Sort) -> str:
    units = {Sort.FLIP: "% of the budget", Sort.REGRET: found.words.points_of, Sort.SWAP: "% of its time"}
    return units[sort]
