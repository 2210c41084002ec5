"""Do harm, and see what dsim makes of it.

    python -m lab.validate.survival KIND [--count N] [--rows FILE]

Takes what is not in the rows yet, and writes the table of lab/notes/survival.md anew. Works on one core; a kind that needs what
this machine does not have (root, a file system in memory) says so and is left out.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from dsim.cli.exits import stop_on_signals
from lab.places import NOTES, STUDIES
from lab.validate.survival import clock, corrupt, disk, kills, term, versions
from lab.validate.survival.note import write_note
from lab.validate.survival.rows import Rows

KINDS = {"kills": kills, "corrupt": corrupt, "disk": disk, "clock": clock, "versions": versions, "term": term}


def main() -> None:
    """Run one kind of harm."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", choices=KINDS, metavar=f"KIND: {', '.join(KINDS)}")
    parser.add_argument("--count", type=int, help="cases in all, those of earlier runs counted")
    parser.add_argument("--rows", type=Path, default=STUDIES / "survival" / "rows.jsonl")
    asked = parser.parse_args()
    stop_on_signals()  # so that temporary folders go, and the note is written
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # one core is left to others
    rows, kind = Rows(asked.rows), KINDS[asked.kind]
    try:
        kind.run(rows, kind.COUNT if asked.count is None else asked.count)
    finally:
        write_note(rows, NOTES / "survival.md")


if __name__ == "__main__":
    main()
