"""Predict every family of bundled profiles from the others; write the cards, and the tables of the notes.

    python -m lab.validate.profiles [NAME ...] [--no-cards]
    python -m lab.validate.profiles --write lab/notes/latency.md

All profiles by default, which takes about half an hour.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dsim.device import bundled_names
from dsim.errors import DsimError
from dsim.report.console import result_console, show_table
from dsim.report.held import validate_profiles
from dsim.report.progress import shown
from dsim.report.validation import validation_summary
from lab.marked import replace_block
from lab.validate.groups import group_summaries, group_table


def main() -> None:
    """Validate, write the cards, print the tables, and put them into a document where asked."""
    parser = argparse.ArgumentParser(description="Validate the profiles that come with dsim.")
    parser.add_argument("names", nargs="*", help="bundled profiles; all of them by default")
    parser.add_argument("--no-cards", action="store_true", help="leave the profiles' cards as they are")
    parser.add_argument("--write", type=Path, help="document to put the tables into")
    asked = parser.parse_args()
    if asked.write and asked.names:
        parser.error("--write needs every profile; leave names out")
    found = []
    try:
        with shown():
            for one in validate_profiles(asked.names or bundled_names(), bundled_cards=not asked.no_cards):
                found.append(one)
                print(
                    f"{one.device}: {one.card.networks} networks, median error {one.card.median_error:.1f}%",
                    file=sys.stderr,
                )
    except DsimError as error:
        sys.exit(str(error))
    groups = group_summaries(found)
    tables = ((group_table(groups),) if groups else ()) + validation_summary(found)
    if asked.write:
        replace_block(asked.write, "profiles", "\n".join(data.markdown() for data in tables))
    console = result_console()
    for data in tables:
        show_table(console, data)


if __name__ == "__main__":
    main()
