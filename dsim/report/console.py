"""The console that results are shown on: standard output, wide enough for tables where nobody says how wide it is."""

from __future__ import annotations

import os

from rich.console import Console

PIPED_WIDTH = 110  # columns of a file or pipe, which has no width of its own


class ResultConsole(Console):
    """A rich console that leaves a broken pipe to its caller, which says so; rich itself would end the program."""

    def on_broken_pipe(self) -> None:
        """Raise again what is being handled."""
        raise  # noqa: PLE0704 - rich calls this inside its own `except BrokenPipeError`


def result_console() -> Console:
    """Make the console for one result."""
    console = ResultConsole(highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = PIPED_WIDTH
    return console
