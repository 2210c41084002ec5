"""Run the reality check of studies/reality-check, keep its records there, and write the marked parts of lab/notes/reality.md.

Usage: python -m lab.claims.reality_check [--docs]

With --docs nothing is searched: tables and words are made from the records that lie there.
"""

from __future__ import annotations

import sys

from lab.claims.reality import Standing, reality_check
from lab.claims.reality.files import read_inputs, read_records, write_records
from lab.claims.reality.report import check_markdown, check_words
from lab.marked import replace_block
from lab.places import NOTES, STUDIES

FOLDER = STUDIES / "reality-check"
RECORDS = FOLDER / "standings.parquet"


def main() -> None:
    """Search, unless only the document is wanted; then write."""
    if "--docs" not in sys.argv[1:]:
        _run()
    standings = read_records(RECORDS, Standing)
    replace_block(NOTES / "reality.md", "check-words", check_words(standings))
    replace_block(NOTES / "reality.md", "check", check_markdown(standings))


def _run() -> None:
    """Go device by device and keep what is done, so that a run that ends early leaves something to look at."""
    inputs = read_inputs(FOLDER)
    found: list[Standing] = []
    for device in inputs.devices:
        found += reality_check([device], inputs.bounds, inputs.most, inputs.held, _told)
        write_records(RECORDS, found, Standing)


def _told(record: Standing) -> None:
    what = record.why_not or f"{record.top1:.1f}, published {record.published_top1:.1f}"
    print(f"{record.device} {record.network} {record.measured_ms:.3g} ms, {record.held}: {what}", flush=True)


if __name__ == "__main__":
    main()
