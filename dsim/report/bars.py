"""Progress as bars on a terminal, with the time left."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from dsim.progress import Work
from dsim.report.forecast import headline, left

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

DEPTH = 2  # bars at once: of the whole, and of the part that is worked on
LONG_S = 1.0  # shorter work shows no bar


class Bars:
    """Draws a bar for each piece of work, and takes it away when the work is over.

    What is learned once is also told in a line that stays.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._open: dict[Work, tuple[TaskID, list[float]] | None] = {}
        self._progress: Progress | None = None

    def begin(self, work: Work) -> None:
        """Draw a bar."""
        short = work.seconds is not None and work.seconds < LONG_S
        if short or sum(item is not None for item in self._open.values()) >= DEPTH:
            self._open[work] = None
            return
        progress = self._live()
        if work.once:
            progress.console.print(headline(work), highlight=False, markup=False)
        task = progress.add_task(work.what, total=work.total, note="", left="")
        self._open[work] = (task, [])

    def step(self, work: Work, done: float, note: str) -> None:
        """Move the bar on."""
        item, progress = self._open.get(work), self._progress
        if item is None or progress is None:
            return
        task, first = item
        if not first:
            first.append(min(done, 1.0))
        at = next(one for one in progress.tasks if one.id == task)
        rest = left(at.elapsed or 0.0, done - first[0], done, work.total)
        progress.update(task, completed=done, note=note, left=rest)

    def end(self, work: Work, finished: bool) -> None:
        """Take the bar away."""
        del finished
        item, progress = self._open.pop(work, None), self._progress
        if item is not None and progress is not None:
            progress.remove_task(item[0])
        if progress is not None and not any(self._open.values()):
            progress.stop()
            self._progress = None

    def _live(self) -> Progress:
        if self._progress is None:
            # deferred: a command that answers at once draws nothing
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

            def text(name: str) -> TextColumn:
                return TextColumn(name, markup=False)

            self._progress = Progress(
                text("{task.description}"),
                BarColumn(bar_width=24),
                TaskProgressColumn(),
                TimeElapsedColumn(),
                text("{task.fields[left]}"),
                text("{task.fields[note]}"),
                console=Console(file=self._stream),
                transient=True,
                redirect_stdout=False,  # results go to standard output, also while a bar is drawn
            )
            self._progress.start()
        return self._progress
