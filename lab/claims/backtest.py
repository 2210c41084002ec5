"""Run the backtest of studies/backtest, keep its records there, and write the marked parts of lab/notes/reality.md.

Usage: python -m lab.claims.backtest [--docs] [DEVICE ...]

With --docs nothing is searched: tables, words and the plot are made from the records that lie there. With devices only these are
searched anew, and the records of the others stay.
The plot needs altair and vl-convert-python.
"""

from __future__ import annotations

import sys

from lab.claims.backtest_plot import draw
from lab.claims.reality import Backtest, Own, Standing, backtest
from lab.claims.reality.files import read_inputs, read_records, write_records
from lab.claims.reality.records import Learned
from lab.claims.reality.report import backtest_markdown, backtest_words
from lab.marked import replace_block
from lab.places import NOTES, STUDIES

FOLDER = STUDIES / "backtest"


def main() -> None:
    """Search, unless only the document is wanted; then write."""
    if "--docs" not in sys.argv[1:]:
        _run(sys.argv[1:])
    found = Backtest(
        read_records(FOLDER / "learned.parquet", Learned)[0],
        read_records(FOLDER / "networks.parquet", Own),
        read_records(FOLDER / "claims.parquet", Standing),
    )
    replace_block(NOTES / "reality.md", "backtest-words", backtest_words(found))
    replace_block(NOTES / "reality.md", "backtest", backtest_markdown(found))
    draw(found, NOTES / "backtest.png")


def _run(wanted: list[str]) -> None:
    """Go device by device and keep what is done, so that a run that ends early leaves something to look at."""
    inputs = read_inputs(FOLDER)
    networks = list(read_records(FOLDER / "networks.parquet", Own)) if wanted else []
    claims = list(read_records(FOLDER / "claims.parquet", Standing)) if wanted else []
    for device in wanted or inputs.devices:
        found = backtest([device], inputs.families, inputs.cutoff, inputs.bounds, inputs.held, _told)
        networks = [*(r for r in networks if r.device != device), *found.networks]
        claims = [*(r for r in claims if r.device != device), *found.claims]
        write_records(FOLDER / "learned.parquet", [found.learned], Learned)
        write_records(FOLDER / "networks.parquet", networks, Own)
        write_records(FOLDER / "claims.parquet", claims, Standing)


def _told(record: Own | Standing) -> None:
    if isinstance(record, Own):
        print(
            f"{record.device} {record.network}: {record.own_ms:.3g} ms of {record.measured_ms:.3g}",
            flush=True,
        )
    else:
        print(
            f"  {record.held}: {record.top1:.1f}, published {record.published_top1:.1f} {record.why_not}",
            flush=True,
        )


if __name__ == "__main__":
    main()
