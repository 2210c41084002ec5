"""Flips as intervals: what a change that two best designs differ in saves on one device more than on the other."""

from __future__ import annotations

from collections.abc import Sequence

from dsim.report.page.marks import Row, ends, intervals, is_finding
from dsim.report.page.parts import ChartPanel, Figure
from dsim.report.shift import flips_table, shown_flips, span
from dsim.report.verdicts import WORDS
from dsim.shift import Comparison, Flip

MOST = 40  # rows that can be read in one chart


def flips_figure(found: Comparison) -> Figure | None:
    """Draw flips with a price on both devices, significant ones first; None where there are none."""
    priced = [flip for flip in shown_flips(found) if flip.apart is not None]
    if not priced:
        return None
    ordered = sorted(
        priced, key=lambda f: (not is_finding(f.verdict), -abs(f.apart.value if f.apart else 0.0))
    )
    shown = ordered[:MOST]
    told = sum(is_finding(flip.verdict) for flip in priced)
    left = (
        f" The {len(shown)} of {len(priced)} that come first are drawn." if len(shown) < len(priced) else ""
    )
    return Figure(
        "flips",
        "What two best designs differ in: the change's cost on the second device less that on the first, in % of each budget",
        "Left of zero: the change saves more on the second device. "
        f"{told} of {len(priced)} with a price are significant; they come first, the largest on top.{left} Of {found.confidence:.0%} "
        f"intervals, {1.0 - found.confidence:.0%} miss the truth by chance. In brackets: in how many searches on halves of the "
        "measurements, and with how many models learned anew, the two designs differed this way.",
        (ChartPanel(intervals(_rows(shown), "% of budget, second less first"), height=22 * len(shown) + 20),),
        flips_table(found),
        wide=920,
        columns=1,
    )


def _rows(flips: Sequence[Flip]) -> list[Row]:
    return [
        {
            "label": f"{f.a} → {f.b}; {f.choice}: {f.before} → {f.after} [{f.seeds}/{f.of_seeds}, {f.refits}/{f.of_refits}]",
            "verdict": WORDS[f.verdict],
            "said": f"{span(f.apart, 1)} % of budget",
            **ends(f.apart),
        }
        for f in flips
    ]
