"""The console that results are shown on, and the one look that all tables have."""

from __future__ import annotations

import os

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dsim.report.table import TableData

PIPED_WIDTH = 110  # columns of a file or pipe, which has no width of its own


class ResultConsole(Console):
    """A rich console that leaves a broken pipe to its caller, which says so; rich itself would end the program."""

    def on_broken_pipe(self) -> None:
        """Raise again what is being handled."""
        raise  # noqa: PLE0704 - rich calls this inside its own `except BrokenPipeError`


MOST_NAME = 40  # characters of a first column that is never broken


def result_console() -> Console:
    """Make the console for one result: standard output, wide enough for tables where nobody says how wide it is."""
    console = ResultConsole(highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = PIPED_WIDTH
    return console


def show_table(console: Console, data: TableData) -> None:
    """Print a table under its title; brackets in its cells are brackets, not colours."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for number, column in enumerate(data.columns):
        # a name that is broken over lines cannot be copied
        whole = number == 0 and max((len(row[0]) for row in data.rows), default=0) <= MOST_NAME
        table.add_column(column, justify="right" if column in data.numbers else "left", no_wrap=whole)
    for row in data.rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(Text(data.title, style="bold"))
    console.print(table)
    if data.note:
        console.print(Text(data.note))
    console.print()


def show_line(console: Console, head: str, text: str) -> None:
    """Print a line that begins with a word in bold."""
    console.print(Text.assemble((head, "bold"), " ", text))
