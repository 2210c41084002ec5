"""The significant differences of a comparison, as a table."""

from __future__ import annotations

from dsim.report.table import TableData, table
from dsim.shift import Comparison
from dsim.shift.enough import FINDING_HALVINGS, FINDING_REFITS
from dsim.shift.strongest import STANDS, Sort, findings

FEW = 3  # of the others that are shown where none stands


def abouts(found: Comparison) -> dict[Sort, str]:
    """Return what differences of each sort are about, in words."""
    return {Sort.FLIP: "best designs", Sort.REGRET: found.words.wanted, Sort.SWAP: "one change"}


def findings_table(found: Comparison) -> TableData:
    """Return the table of significant differences, after as many questions as were asked; else the strongest of the others."""
    every = findings(found)
    shown = [one for one in every if one.stands] or list(every[:FEW])
    about = abouts(found)
    rows = [(about[one.sort], one.text, one.kind, one.by_chance) for one in shown]
    left = len(every) - len(shown)
    return table(
        "Differences that are significant among all the questions asked"
        if any(one.stands for one in every)
        else "No difference is significant among all the questions asked; the strongest"
        if every
        else "No difference is significant, even alone",
        ("about", "difference", "kind", "by chance"),
        rows,
        numbers=("by chance",),
        note="By chance: how likely so many comparisons would show one as strong where nothing differs (Bonferroni, normal "
        f"approximation), stated no finer than {found.draws} draws allow. A difference is significant below {STANDS:g}, a changed "
        f"choice only if most halves of the evidence show it too, and with at least {FINDING_REFITS} models learned anew and "
        f"{FINDING_HALVINGS} halvings."
        + (f" {left} more are significant alone, but not among so many." if left else ""),
    )
