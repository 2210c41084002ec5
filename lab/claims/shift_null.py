"""Measure once how much a comparison finds where nothing differs, into lab/notes/shift.md.

Three unlike devices with few mixes: a rate for the page, not a result about them. It takes a few minutes.

Usage: python -m lab.claims.shift_null
"""

from __future__ import annotations

from dsim.report.null import null_in_words, null_table
from dsim.report.progress import shown
from dsim.shift import ComparisonSpec, run_comparison
from lab.marked import replace_block
from lab.places import NOTES

SPEC = ComparisonSpec(
    ("iphone12", "galaxy-s24-qnn-float", "i9-10940x"), trials=4, fold_trials=3, seeds=3, refits=20
)


def main() -> None:
    """Compare, and rewrite the block ``null``."""
    with shown():
        found = run_comparison(SPEC, keep=False)
    words = null_in_words(found)
    replace_block(
        NOTES / "shift.md", "null", f"{words[0].upper()}{words[1:]}\n\n{null_table(found).markdown()}"
    )


if __name__ == "__main__":
    main()
