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
def compare_progress() -> Iterator[Callable[[str, int, int], None]]:
    """Show which step of a comparison runs; silent where nobody watches."""
    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.fields[what]}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("steps", total=None, what="")

        def update(what: str, done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, what=what)

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


@contextmanager
def search_progress() -> Iterator[Callable[[int], None]]:
    """Show how many searches are done; silent where nobody watches."""
    console = Console(stderr=True)
    columns = (TextColumn("searching, {task.completed:.0f} done"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("searches", total=None)
        yield lambda number: bar.update(task, completed=number)


@contextmanager
def measure_progress(seconds: float) -> Iterator[Callable[[int, float, str], None]]:
    """Show how much of the time is over and which network was timed last; silent where nobody watches."""
    console = Console(stderr=True)
    columns = (
        TextColumn("measuring"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[number]} networks, last {task.fields[last]}"),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("time", total=seconds, number=0, last="none yet")
        timed: set[str] = set()

        def update(_number: int, left: float, key: str) -> None:
            timed.add(key)
            bar.update(task, completed=seconds - left, number=len(timed), last=key)

        yield update


@contextmanager
def bundle_progress() -> Iterator[Callable[[int, int, str], None]]:
    """Show how many packages are written; silent where nobody watches."""
    console = Console(stderr=True)
    columns = (
        TextColumn("writing packages"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[what]}"),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("packages", total=None, what="")

        def update(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total, what=what)

        yield update
