"""Lay text and tables out in a given width: figures and intervals stay whole, and too narrow a table becomes a list."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from dsim.report.table import TableData

GAP = "   "  # between two columns
LEAST_TEXT = 14  # characters that a column of words keeps before the table becomes a list
HELD = "\N{NO-BREAK SPACE}"  # a space that is no place to begin a new line
_FIGURE = r"[-+]?\d[\d.,]*%?"
_UNIT = r"(?:ms|%|M|G|GMACs|points|px|or more)(?![\w/-])"
_MOST = r"(?:at least|about|up to) "
_BETWEEN = rf" (?:to|of|x|-) | \((?:{_MOST})?(?=[-+]?\d)"
# what is held on one line: "1.19 to 2.00 ms", "14 x 14", "4 of 9", "+0.2 (+0.1 to +0.3)", "at least 3", "2.1 or more",
# "0.4 (up to 0.9)", and "0.189 to ?" where nothing is known of the upper end
_WHOLE = re.compile(
    rf"(?:{_MOST})?{_FIGURE}(?: {_UNIT})?(?:(?:{_BETWEEN}){_FIGURE}(?: {_UNIT})?)*(?: to \?(?: {_UNIT})?)?"
)


def glued(text: str) -> str:
    """Return a text in which no line break can part a figure from its unit, or the ends of an interval."""
    return _WHOLE.sub(lambda found: found[0].replace(" ", HELD), text)


def fold(text: str, width: int, indent: str = "") -> list[str]:
    """Break a text over lines between words; what is longer than a line stays whole.

    Parameters
    ----------
    indent
        Stands before all lines but the first.
    """
    lines = textwrap.wrap(
        glued(text), max(width, 1), break_long_words=False, break_on_hyphens=False, subsequent_indent=indent
    )
    return [line.replace(HELD, " ") for line in lines] or [""]


def table_lines(data: TableData, width: int) -> list[str]:
    """Return a table's lines without its title and note, none of them longer than the width where words allow."""
    widths = _widths(data, width)
    return _as_list(data, width) if widths is None else _as_table(data, widths)


def _longest(text: str) -> int:
    return max((len(piece) for piece in glued(text).split(" ")), default=0)


def _widths(data: TableData, width: int) -> list[int] | None:
    """Return the width of each column, or None where the table does not fit."""
    columns = list(zip(data.columns, *data.rows, strict=True))
    widths = [max(len(cell) for cell in column) for column in columns]
    least = [
        max(*(_longest(cell) for cell in column), min(natural, LEAST_TEXT) if name not in data.numbers else 0)
        for name, column, natural in zip(data.columns, columns, widths, strict=True)
    ]
    room = width - len(GAP) * (len(widths) - 1)
    if sum(least) > room:
        return None
    while sum(widths) > room:
        loose = [n for n in range(len(widths)) if widths[n] > least[n]]
        widths[max(loose, key=lambda n: (widths[n], n))] -= 1
    return widths


def _as_table(data: TableData, widths: Sequence[int]) -> list[str]:
    lines = _row(data.columns, widths, data)
    lines.append("─" * (sum(widths) + len(GAP) * (len(widths) - 1)))
    for row in data.rows:
        lines += _row(row, widths, data)
    return lines


def _row(cells: Sequence[str], widths: Sequence[int], data: TableData) -> list[str]:
    folded = [fold(cell, width) for cell, width in zip(cells, widths, strict=True)]
    lines = []
    for number in range(max(len(cell) for cell in folded)):
        parts = [cell[number] if number < len(cell) else "" for cell in folded]
        placed = (
            part.rjust(width) if name in data.numbers else part.ljust(width)
            for part, width, name in zip(parts, widths, data.columns, strict=True)
        )
        lines.append(GAP.join(placed).rstrip())
    return lines


def _as_list(data: TableData, width: int) -> list[str]:
    """Return each row as a heading and a line for each other cell that says something."""
    lines = []
    for head, *cells in data.rows:
        lines += fold(head, width)
        for name, cell in zip(data.columns[1:], cells, strict=True):
            if cell:
                lines += [f"  {line}" for line in fold(f"{name}: {cell}" if name else cell, width - 2, "  ")]
    return lines
