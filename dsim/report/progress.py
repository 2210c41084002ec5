"""Show on standard error what `dsim.progress` tells: bars with a forecast on a terminal, and plain lines elsewhere.

Standard output stays clean for results.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from dsim.progress import Watcher, watched_by, working
from dsim.report.bars import Bars
from dsim.report.lines import Lines


@contextmanager
def shown(stream: TextIO | None = None) -> Iterator[None]:
    """Show all work inside the block on a stream, standard error by default."""
    out = sys.stderr if stream is None else stream
    watcher: Watcher = Bars(out) if out.isatty() else Lines(out)
    with watched_by(watcher):
        yield


@contextmanager
def measure_progress(seconds: float) -> Iterator[Callable[[int, float, str], None]]:
    """Show how much of the time for measuring is over, and which network was timed last."""
    with working("timing networks", total=seconds, unit="s") as work:
        timed: dict[str, None] = {}
        began = time.monotonic()

        def update(_number: int, _left: float, key: str) -> None:
            timed.update({key: None} if key else {})
            last = f", last {next(reversed(timed))}" if timed else ""
            work.step(min(time.monotonic() - began, seconds), f"{len(timed)} timed{last}")

        yield update


@contextmanager
def bundle_progress() -> Iterator[Callable[[int, int, str], None]]:
    """Show how many packages are written."""
    with working("writing packages for a Mac", total=1.0) as work:
        yield lambda done, total, what: work.step(
            done / max(total, 1), f"{done} of {total} packages, now {what}" if what else ""
        )
