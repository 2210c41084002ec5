"""Run the comparisons of studies/device-shift/comparisons.toml and put what they found into lab/notes/shift.md.

What is finished is not run again: the command goes on where it was stopped. The page is made by ``dsim report``.

Usage: python -m lab.claims.device_shift [--docs]

With --docs nothing is compared: the page is made from the comparisons that lie there.
"""

from __future__ import annotations

import math
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from dsim.arch import get_preset
from dsim.report.findings import findings_table
from dsim.report.null import null_in_words, null_table
from dsim.report.progress import shown
from dsim.report.shift import devices_table, matrix_table, pairs_table
from dsim.report.timed import agreement_table, equal_table, timed_table
from dsim.shift import Comparison, ComparisonSpec, load_comparison, run_comparison
from dsim.shift.equal_top1 import at_equal_top1
from dsim.shift.measured import Agreement, Timed, agreements, read_measured
from dsim.shift.strongest import Finding, findings, strongest
from dsim.shift.summary import shift_by_kind
from lab.marked import replace_block
from lab.places import NOTES, STUDIES

JOBS = 2
STUDY = STUDIES / "device-shift"
# a comparison of an earlier version, whose designs were timed on Zen 3 and Zen 4; today's are timed on Zen 4 alone
EARLIER = STUDIES / "timed-designs" / "two-chips"


def specs() -> dict[str, ComparisonSpec]:
    """Read what is asked."""
    asked = tomllib.loads((STUDY / "comparisons.toml").read_text(encoding="utf-8"))
    return {
        name: ComparisonSpec(
            tuple(one["devices"]),
            like=get_preset(asked["like"]),
            like_name=asked["like"],
            confidence=asked["confidence"],
            trials=asked["trials"],
            fold_trials=asked["fold_trials"],
            seeds=asked["seeds"],
            refits=asked["refits"],
            seed=asked["seed"],
            name=name,
            out=STUDY,
        )
        for name, one in asked["comparison"].items()
    }


def sentence(one: Finding, found: Comparison) -> str:
    """Say a finding with its kind, and whether so many comparisons would show it by chance."""
    text = one.text[0].upper() + one.text[1:]
    if one.stands:
        stands = f"the chance that so many comparisons show as much where nothing differs: {one.by_chance}"
    elif one.chance is None:
        stands = "it does not stand: refits or halvings of the evidence are too few"
    elif one.steady:
        stands = f"it does not stand: the chance that so many comparisons show as much where nothing differs is {one.by_chance}"
    else:
        stands = "it does not stand: half of the evidence shows it too seldom"
    return f"- **{one.kind}.** {text}; intervals at {found.confidence:.0%}; {stands}."


def in_words(found: Comparison) -> str:
    """Return the strongest finding of each kind of shift, and what is not told."""
    every = findings(found)
    lines = [sentence(one, found) for one in strongest(every)]
    said = {one.kind for one in every}
    for kind, cells, told, _ in shift_by_kind(found):
        if kind not in said:
            lines.append(
                f"- **{kind}.** No difference is statistically significant: {cells} cells of the matrix could be judged, {told} differ."
            )
    return "\n".join(lines)


def timed_in_words(sums: Sequence[Agreement]) -> str:
    """Say how the predictions stood against the clock, device by device."""
    return "\n".join(
        f"- **{one.device}**: {one.designs} designs, {one.within_5} within 5% of the prediction and {one.within_10} within 10% "
        f"(mean error {math.expm1(one.bias):+.1%}, worst {one.worst:.1%}); {one.fit} of the {one.to_fit} that were said to fit the "
        "budget do."
        for one in sums
    )


def timed_comparisons(
    found: Mapping[str, Comparison],
) -> tuple[tuple[str, Comparison, tuple[Timed, ...]], ...]:
    """Return each comparison whose designs were timed, with what it is called and the figures."""
    return (
        ("Designs of an earlier comparison, on both chips", load_comparison(EARLIER), read_measured(EARLIER)),
        ("Designs of this comparison", found["latency"], read_measured(STUDY / "latency")),
    )


def write(found: Mapping[str, Comparison], page: Path) -> None:
    """Put words and tables of the comparisons into the marked blocks of a page."""
    latency = found["latency"]
    replace_block(page, "shift", in_words(latency))
    null = null_in_words(latency)
    replace_block(page, "null", f"{null[0].upper()}{null[1:]}\n\n{null_table(latency).markdown()}")
    words, measured = [], []
    for title, one, timed in timed_comparisons(found):
        sums = agreements(one, timed)
        equal = equal_table(at_equal_top1(one, timed)).markdown()
        words += [f"**{title}**", timed_in_words(sums), equal]
        each = (agreement_table(one, timed), *(timed_table(one, timed, own.device) for own in sums))
        measured += [f"**{title}**", *(table.markdown() for table in each)]
    replace_block(page, "timed-words", "\n\n".join(words))
    replace_block(page, "timed", "\n\n".join(measured))
    tables = [
        text
        for name, one in found.items()
        for text in (
            f"**Comparison `{name}`**\n",
            *(make(one).markdown() for make in (devices_table, matrix_table, findings_table, pairs_table)),
        )
    ]
    replace_block(page, "device-shift", "\n".join(tables))


def main() -> None:
    """Compare, unless only the page is wanted; then write."""
    if "--docs" in sys.argv[1:]:
        found = {name: load_comparison(STUDY / name) for name in specs()}
    else:
        with shown():
            found = {name: run_comparison(spec, jobs=JOBS) for name, spec in specs().items()}
    write(found, NOTES / "shift.md")


if __name__ == "__main__":
    main()
