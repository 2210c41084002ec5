"""A progress bar on standard error, so that standard output stays clean for results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


@contextmanager
def study_progress() -> Iterator[Callable[[int, int, float | None], None]]:
    """Show how many mixes are swept and the best pessimistic top-1 so far; silent where nobody watches."""
    console = Console(stderr=True)
    columns = (
        TextColumn("sweeping mixes"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[best]}"),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("mixes", total=None, best="loading the models")

        def update(done: int, total: int, best: float | None) -> None:
            text = "nothing fits yet" if best is None else f"best top-1 at least {best:.1f} %"
            bar.update(task, completed=done, total=total, best=text)

        yield update


@contextmanager
def donor_progress() -> Iterator[Callable[[], None]]:
    """Show how many devices were asked, where that has to be done first; silent where nobody watches."""
    console = Console(stderr=True)
    columns = (
        TextColumn("asking every bundled device (some minutes, once)"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("devices", total=None, visible=False)

        def tick() -> None:
            bar.update(task, advance=1, visible=True)

        yield tick
