"""Score intervals by the question that they answer, beside the one interval for all that was given before.

Usage: python -m lab.validate.intervals [--selected] (rewrites the blocks ``strata``, ``strata by profile`` and ``selected`` of
lab/notes/intervals.md; about five minutes; with --selected the last alone)

Every network is judged by errors of other families alone. What was given before: all errors with the family held out, those of a
pool's other profiles counting as much as a profile's own, and a wide tail of 8 scales.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dsim.device import bundled_names, find_profile
from dsim.device.profile import DeviceProfile
from dsim.latency.question import Question
from dsim.latency.scoring import Held, coverage, score
from dsim.report.table import table
from dsim.shift.in_common import top1_by_class
from lab.marked import replace_block
from lab.places import NOTES
from lab.validate.groups import GROUPS
from lab.validate.selected import candidates, replay, selected_table
from lab.validate.selected import row as choices_row
from lab.validate.stratified import strata_of

NOTE = NOTES / "intervals.md"
# what is asked of high over low, by heading and question
ASKED = {
    ("desktop CPU and GPU", Question.VARIANT): 1.3,
    ("phone CPU (TFLite float)", Question.VARIANT): 1.3,
    ("iphone12", Question.FOREIGN): 1.65,
    ("iphone12", Question.KNOWN): 1.5,
}


@dataclass(frozen=True)
class Judged:
    """Networks of one profile and question: with the intervals of now, and with those of before."""

    device: str
    question: Question
    now: tuple[Held, ...]
    before: tuple[Held, ...]


def judged(profile: DeviceProfile) -> list[Judged]:
    """Score the intervals of a profile; a question without enough families is left out."""
    return [
        Judged(profile.name, one.question, tuple(one.networks()), tuple(one.networks_before()))
        for one in strata_of(profile)
    ]


def row(heading: str, question: Question, parts: Sequence[Judged]) -> tuple[str, ...]:
    """Return one row of a table: profiles and questions pooled."""
    now, before = ([held for part in parts for held in getattr(part, when)] for when in ("now", "before"))
    found, was, share = score(now), score(before), coverage(now)
    asked = ASKED.get((heading, question))
    return (
        heading,
        str(question),
        f"{found.networks} of {found.families} families",
        f"{found.median:.1f}",
        f"{was.coverage:.0f}",
        f"{was.width:.2f}",
        f"{_winkler(before):.2f}",
        f"{share.share:.0f} ({share.low:.0f} to {share.high:.0f})",
        f"{found.width:.2f}{f' (<= {asked:g})' if asked else ''}",
        f"{_winkler(now):.2f}",
    )


def _winkler(networks: Sequence[Held]) -> float:
    return float(np.mean([held.interval_score for held in networks]))


COLUMNS = (
    "profiles", "question", "networks", "median error, %", "coverage before, %", "high/low before", "score before",
    "coverage, %", "high/low", "score",
)  # fmt: skip
FOOTNOTE = (
    "Score: Winkler's of the 90% interval in logarithms (width, and 20 times what a figure lies beyond an end), a mean over networks; "
    "the smaller the better. Coverage with a 95% interval over families. Before: one interval for every question. In brackets what "
    "is asked. Only profiles with errors of five families for the question."
)


def strata_tables(profiles: Sequence[DeviceProfile]) -> None:
    """Rewrite the tables of groups and of profiles."""
    grouped, single = [], []
    for group in GROUPS:
        parts = [part for one in profiles if group.holds(one) for part in judged(one)]
        for question in Question:
            asked = [part for part in parts if part.question is question and part.now]
            if asked:
                grouped.append(row(group.title, question, asked))
                print(grouped[-1], flush=True)
        single += [row(part.device, part.question, [part]) for part in parts if part.now]
    for name, title, rows in (("strata", "groups", grouped), ("strata by profile", "profiles", single)):
        made = table(
            f"Intervals by question, {title}: before and now (asked)", COLUMNS, rows, COLUMNS[2:], FOOTNOTE
        )
        replace_block(NOTE, name, made.markdown())


def selected_part(profiles: Sequence[DeviceProfile]) -> None:
    """Rewrite the table of choices."""
    classes = list(top1_by_class().values())
    rows = []
    for group in GROUPS:
        unseen = [candidates(one) for one in profiles if group.holds(one)]
        every = [one for own in unseen for one in own]
        by_macs = [
            choice for own in unseen for choice in replay(own, [{one.held.graph: one.gmacs for one in own}])
        ]
        by_top1 = [choice for own in unseen for choice in replay(own, classes)]
        for best, chosen in (("top-1", by_top1), ("MACs", by_macs)):
            if chosen:
                rows.append(choices_row(group.title, best, every, chosen))
                print(rows[-1], flush=True)
    replace_block(NOTE, "selected", selected_table(rows).markdown())


def main() -> None:
    """Rewrite the tables."""
    profiles = [one for one in map(find_profile, bundled_names()) if one.networks]
    if "--selected" not in sys.argv[1:]:
        strata_tables(profiles)
    selected_part(profiles)


if __name__ == "__main__":
    main()
