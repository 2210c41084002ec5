"""Show on standard error what `dsim.progress` tells: bars with a forecast on a terminal, and plain lines elsewhere.

Standard output stays clean for results.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from dsim.progress import Watcher, watched_by
from dsim.report.bars import Bars
from dsim.report.lines import Lines


@contextmanager
def shown(stream: TextIO | None = None) -> Iterator[None]:
    """Show all work inside the block on a stream, standard error by default."""
    out = sys.stderr if stream is None else stream
    watcher: Watcher = Bars(out) if out.isatty() else Lines(out)
    with watched_by(watcher):
        yield
