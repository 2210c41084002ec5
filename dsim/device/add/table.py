"""Find the header and the rows of a sheet that is text: which mark parts its cells, and which lines are remarks."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

DELIMITERS = (",", ";", "\t", "|")
REMARKS = ("#", "//", "%")
TITLES = 20  # lines at most above a header


@dataclass(frozen=True)
class Table:
    """A sheet's cells.

    Attributes
    ----------
    header_row
        Number of the header's line, from 1.
    header
        Its cells.
    rows
        Number of its line and cells, for every row that is neither empty nor a remark.
    """

    header_row: int
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read_table(text: str, is_header: Callable[[Sequence[str]], bool]) -> Table | None:
    """Part a text into cells.

    Parameters
    ----------
    text
        With line feeds as ends of lines.
    is_header
        Tells a header by its cells.

    Returns
    -------
    Table or None
        None where the first line with content is not a header, whichever mark parts its cells; but for titles, lines of one
        cell each as spreadsheets have them above a header: no measurement has room in one.

    Raises
    ------
    csv.Error
        A cell does not end.
    """
    lines = text.split("\n")
    named = ""
    above: list[str] = []
    for at, line in enumerate(lines):
        if not line.strip():
            continue
        if _names_mark(at + 1, line) and len(line) == 5:
            named = line[4]
            continue
        remark = line.lstrip().startswith(REMARKS)
        broken: csv.Error | None = None
        for delimiter in (named,) if named else (*DELIMITERS, ""):
            for header_line in (line, line.lstrip().lstrip("#/% ")) if remark else (line,):
                try:
                    header = next(_rows([header_line], delimiter, at + 1), (0, ()))[1]
                except (
                    csv.Error
                ) as error:  # of "network";"latency_ms" read with commas: another mark may part it
                    broken = broken or error
                    continue
                if is_header(header) and all(_is_title(one, delimiter) for one in above):
                    return Table(at + 1, header, tuple(_body(lines[at + 1 :], delimiter, at + 2)))
        if broken is not None and not remark:
            raise broken
        if not remark:
            above.append(line)
            if len(above) > TITLES:
                return None
    return None


def _is_title(line: str, delimiter: str) -> bool:
    """Tell whether one cell at most of a line is filled; blanks part the words of a title, too."""
    return bool(delimiter) and sum(bool(cell.strip()) for cell in line.split(delimiter)) <= 1


def first_row(text: str) -> tuple[int, str]:
    """Return the first line that is neither empty, a remark nor the name of a mark, with its number, for messages.

    Where there is none, the first line with content, and 0 and "" of a text without any.
    """
    filled = [(n, line.strip()) for n, line in enumerate(text.split("\n"), start=1) if line.strip()]
    content = [one for one in filled if not one[1].startswith(REMARKS) and not _names_mark(*one)]
    return next(iter(content or filled), (0, ""))


def _names_mark(number: int, line: str) -> bool:
    """Tell whether a line says, for spreadsheets, which mark parts the cells, as ``sep=;``."""
    return number == 1 and line.lower().startswith("sep=") and len(line) <= 5


def _body(lines: Sequence[str], delimiter: str, first: int) -> Iterator[tuple[int, tuple[str, ...]]]:
    told = ["" if line.lstrip().startswith(REMARKS) else line for line in lines]
    for number, cells in _rows(told, delimiter, first):
        if any(cells) and set("".join(cells)) - set("-:"):  # no ruler under the header either
            yield number, cells


def _rows(lines: Sequence[str], delimiter: str, first: int) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Go through rows with the number of their first line; without a delimiter, blanks part the cells."""
    if not delimiter:
        for number, line in enumerate(lines, start=first):
            yield number, tuple(_bare(cell) for cell in line.split())
        return
    reader = csv.reader(
        (line + "\n" for line in lines), delimiter=delimiter, skipinitialspace=True, strict=True
    )
    start = first
    try:
        for cells in reader:
            framed = delimiter == "|" and len(cells) > 2 and not cells[0].strip() and not cells[-1].strip()
            yield start, tuple(_bare(cell) for cell in (cells[1:-1] if framed else cells))
            start = first + reader.line_num
    except csv.Error as error:
        raise csv.Error(f"row {start}: {error}") from error


def _bare(cell: str) -> str:
    cell = cell.strip()
    return cell[1:-1].strip() if len(cell) > 1 and cell[0] == cell[-1] == "'" else cell
