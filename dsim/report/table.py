"""A table as data, so that the terminal and a document show the same figures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class TableData:
    """A titled table of plain text.

    Attributes
    ----------
    title
        What it shows.
    columns
        Headings, from left to right.
    rows
        Cells, as many a row as there are headings.
    numbers
        Headings of the columns to align at the right.
    note
        A sentence beneath, or empty.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[str, ...] = ()
    note: str = ""

    def markdown(self) -> str:
        """Return the table in Markdown, its title as a heading of the third level."""
        rule = ["---:" if column in self.numbers else "---" for column in self.columns]
        lines = [self.columns, tuple(rule), *self.rows]
        body = "\n".join(
            "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
        )
        return f"### {self.title}\n\n{body}\n" + (f"\n{self.note}\n" if self.note else "")


def table(
    title: str,
    columns: Iterable[str],
    rows: Iterable[Iterable[str]],
    numbers: Iterable[str] = (),
    note: str = "",
) -> TableData:
    """Make a table from any iterables."""
    return TableData(title, tuple(columns), tuple(tuple(row) for row in rows), tuple(numbers), note)
