"""The console that results are shown on, and the one look that all tables and lines have."""

from __future__ import annotations

import os
from collections.abc import Iterable
from shutil import get_terminal_size

from rich.console import Console
from rich.text import Text

from dsim.report.layout import fold, table_lines
from dsim.report.table import TableData

PIPED_WIDTH = 110  # columns of a file or pipe, which has no width of its own


class ResultConsole(Console):
    """A rich console that leaves a broken pipe to its caller, which says so; rich itself would end the program."""

    def on_broken_pipe(self) -> None:
        """Raise again what is being handled."""
        raise  # noqa: PLE0704 - rich calls this inside its own `except BrokenPipeError`


def result_console() -> Console:
    """Make the console for one result: standard output, wide enough for tables where nobody says how wide it is."""
    console = ResultConsole(highlight=False)
    asked = os.environ.get("COLUMNS", "")
    if asked.isdecimal() and int(asked) > 0:
        return console
    if not console.is_terminal:
        console.width = PIPED_WIDTH
    elif asked:  # such as 0, of a terminal that did not know its width then; rich would print nothing at all
        console.width = get_terminal_size().columns
    return console


def show(console: Console, lines: Iterable[Text]) -> None:
    """Print lines that are laid out already."""
    for line in lines:
        console.print(line, soft_wrap=True)


def show_table(console: Console, data: TableData) -> None:
    """Print a table under its title, and an empty line."""
    show(console, [*titled(data, console.width), Text()])


def show_line(console: Console, head: str, text: str) -> None:
    """Print a text that begins with a word in bold."""
    show(console, headed(head, text, console.width))


def show_text(console: Console, text: str) -> None:
    """Print a sentence or more."""
    show(console, plain(text, console.width))


def titled(data: TableData, width: int) -> list[Text]:
    """Return a table under its title, its note beneath; brackets in its cells are brackets, not colours.

    Of a table without rows, one line says that there are none.
    """
    if not data.rows:
        return headed(f"{data.title}:", "none.", width)
    title = [Text(line, style="bold") for line in fold(data.title, width)] if data.title else []
    table = [Text(line) for line in table_lines(data, width)]
    return [*title, *table, *(plain(data.note, width) if data.note else ())]


def headed(head: str, text: str, width: int) -> list[Text]:
    """Return a text that begins with a word in bold."""
    first, *rest = fold(f"{head} {text}", width)
    cut = len(head) if first.startswith(head) else 0
    return [Text.assemble((first[:cut], "bold"), first[cut:]), *map(Text, rest)]


def step(what: str, command: str, width: int) -> list[Text]:
    """Return what to do next, and the command for it on one line of its own, so that it can be copied."""
    return [*headed("Next:", what, width), Text(f"  {command}", style="cyan")]


def plain(text: str, width: int, indent: int = 0) -> list[Text]:
    """Return a sentence or more, broken between words."""
    margin = " " * indent
    return [Text(margin + line) for line in fold(text, width - indent)]
