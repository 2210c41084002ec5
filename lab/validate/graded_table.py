"""Write the table of published contrasts into lab/notes/contrasts.md.

Usage: python -m lab.validate.graded_table
"""

from __future__ import annotations

from dsim.device.graded import packs
from dsim.measure.contrast_evidence import SOURCE
from dsim.report.table import table
from lab.marked import replace_block
from lab.places import NOTES

COLUMNS = ("grade", "stack", "exchanged", "network", "before, ms", "after, ms", "change")


def main() -> None:
    """Rewrite the block ``contrasts``."""
    rows = [
        (
            str(one.grade),
            f"{one.device}, {one.unit}, {one.runtime}{', throughput' if one.measures == 'throughput' else ''}",
            f"{one.kind}: {one.before} to {one.after}",
            f"{one.network}{f', batch {one.batch}' if one.batch > 1 else ''}",
            f"{one.before_ms:.4g}",
            f"{one.after_ms:.4g}",
            f"{one.change:+.0%}",
        )
        for one in packs()
        if one.source != SOURCE  # what was timed here has a block of its own (lab.claims.rewrites)
    ]
    data = table(f"{len(rows)} contrasts", COLUMNS, rows, numbers=COLUMNS[-3:])
    replace_block(NOTES / "contrasts.md", "contrasts", data.markdown())


if __name__ == "__main__":
    main()
