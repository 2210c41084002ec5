"""Copy what users need of the notes' tables into the pages of docs/, so that the two never contradict each other.

    python -m lab.validate.excerpts

Reads the tables of lab/notes/ as they stand and learns nothing: `make docs` runs it last, when the tables are new.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dsim.report.table import table
from lab.marked import replace_block
from lab.places import DOCS, NOTES

Rows = list[dict[str, str]]
ASKED = re.compile(
    r" \([<>]= [^)]*\)|, by family$"
)  # what was asked of a figure, and what a page says itself


@dataclass(frozen=True)
class Part:
    """Columns of one table of a note.

    Attributes
    ----------
    note, heading
        File below lab/notes, and the beginning of the heading that stands before the table.
    columns
        Column of the note to column of the page. The first names the rows, by which parts are put side by side.
    keep
        Tells the rows that are wanted.
    """

    note: str
    heading: str
    columns: Mapping[str, str]
    keep: Callable[[dict[str, str]], bool] = lambda row: True


@dataclass(frozen=True)
class Excerpt:
    """A marked block of a page: one or more parts side by side. Rows are those of the first part."""

    page: str
    block: str
    parts: tuple[Part, ...]


EXCERPTS = (
    Excerpt(
        "trust.md",
        "latency",
        (
            Part(
                "latency.md",
                "### All groups",
                {
                    "profiles": "devices",
                    "how many": "profiles",
                    "networks": "networks",
                    "median %": "median error, %",
                    "within 20%": "within 20%, %",
                    "coverage %": "inside the 90% interval, %",
                },
            ),
        ),
    ),
    Excerpt(
        "trust.md",
        "accuracy",
        (
            Part(
                "accuracy.md",
                "## Held-out error",
                {
                    "held out": "networks",
                    "results": "results",
                    "mean abs.": "mean error, points",
                    "Spearman": "rank correlation",
                    "coverage": "inside the 90% interval",
                },
                lambda row: row["held out"].endswith("by family"),
            ),
        ),
    ),
    Excerpt(
        "adapting.md",
        "few",
        (
            Part(
                "adapting.md",
                "### A new device, networks that donors measured",
                {
                    "measured": "networks measured",
                    "devices": "devices tried",
                    "dsim, %": "networks that other devices ran, %",
                },
            ),
            Part(
                "adapting.md",
                "### A new device, networks that no donor measured either",
                {"measured": "networks measured", "dsim, %": "networks that no device ran, %"},
            ),
        ),
    ),
    Excerpt(
        "measuring.md",
        "profiles",
        (
            Part(
                "measuring.md",
                "### Predicted against measured",
                {
                    "profile": "profile",
                    "how many": "designs tested",
                    "median %": "median error, %",
                    "within 10%": "within 10%, %",
                },
                lambda row: row["networks"] == "designs never learned from" and float(row["how many"]) >= 100,
            ),
            Part(
                "measuring.md",
                "### What was measured",
                {"profile": "profile", "learned from": "networks learned from"},
            ),
        ),
    ),
)


def rows_below(text: str, heading: str) -> Rows:
    """Return the first table below a heading of a Markdown text, cells by column.

    Raises
    ------
    ValueError
        There is no such heading, or no table below it.
    """
    below = text.partition(f"\n{heading}")[2].splitlines()
    start = next((n for n, line in enumerate(below) if line.startswith("|")), len(below))
    lines = itertools.takewhile(lambda line: line.startswith("|"), below[start:])
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    if len(cells) < 2:
        raise ValueError(f"no table stands below {heading!r}")
    head, _, *rows = cells
    return [dict(zip(head, row, strict=True)) for row in rows]


def excerpt_text(one: Excerpt) -> str:
    """Return the Markdown table of an excerpt, without what was asked of each figure."""
    merged: dict[str, dict[str, str]] = {}
    for number, part in enumerate(one.parts):
        text = (NOTES / part.note).read_text(encoding="utf-8")
        name = next(iter(part.columns))
        for row in filter(part.keep, rows_below(text, part.heading)):
            if number == 0 or row[name] in merged:
                cells = {new: ASKED.sub("", row[old]) for old, new in part.columns.items()}
                merged.setdefault(row[name], {}).update(cells)
    columns = tuple(next(iter(merged.values())))
    made = table(
        "", columns, [tuple(row[column] for column in columns) for row in merged.values()], columns[1:]
    )
    return made.markdown().strip().removeprefix("###").strip()


def main() -> None:
    """Write every excerpt into its page."""
    for one in EXCERPTS:
        replace_block(DOCS / one.page, one.block, excerpt_text(one))


if __name__ == "__main__":
    main()
