"""The differences of a comparison that stand, as a table."""

from __future__ import annotations

from dsim.report.table import TableData, table
from dsim.shift import Comparison
from dsim.shift.enough import FINDING_HALVINGS, FINDING_REFITS
from dsim.shift.strongest import STANDS, findings

FEW = 3  # of the others that are shown where none stands


def findings_table(found: Comparison) -> TableData:
    """Show the differences that stand after as many questions as were asked, and the strongest of the others."""
    every = findings(found)
    shown = [one for one in every if one.stands] or list(every[:FEW])
    rows = [
        (
            str(one.sort),
            one.text,
            one.kind,
            one.by_chance,
        )
        for one in shown
    ]
    left = len(every) - len(shown)
    return table(
        "What stands"
        if any(one.stands for one in every)
        else "Nothing stands; what differs most"
        if every
        else "Nothing stands: no difference is told from zero",
        ("about", "difference", "kind", "by chance"),
        rows,
        numbers=("by chance",),
        note="by chance: how likely so many comparisons would show one as strong where nothing differs (Bonferroni, normal "
        f"approximation), stated no finer than {found.draws} draws resolve; it stands below {STANDS:g}, a flip if it also came "
        f"back in most halvings, and only with {FINDING_REFITS} refits and {FINDING_HALVINGS} halvings or more."
        + (f" {left} more are told from zero one by one, and do not stand." if left else ""),
    )
