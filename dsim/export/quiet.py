"""Keep what converters print away from the user: progress bars, log lines, warnings about versions."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress

STREAMS = (1, 2)  # standard output and standard error, which libraries in C++ write to directly
KEPT = 2000  # characters of what was printed, kept for the traceback of a failure


@contextmanager
def quiet() -> Iterator[None]:
    """Let nothing through to standard output and standard error; errors are raised as ever.

    What was printed before an error is added to it as a note, which ``--debug`` shows.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    before = logging.root.manager.disable
    with tempfile.TemporaryFile() as printed, warnings.catch_warnings():
        kept = [os.dup(stream) for stream in STREAMS]
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        try:
            for stream in STREAMS:
                os.dup2(printed.fileno(), stream)
            yield
        except Exception as error:
            sys.stderr.flush()
            printed.seek(max(0, printed.tell() - KEPT))
            error.add_note(printed.read().decode("utf-8", "replace"))
            raise
        finally:
            for flushed in (sys.stdout, sys.stderr):
                with suppress(OSError, ValueError):
                    flushed.flush()
            for stream, copy in zip(STREAMS, kept, strict=True):
                os.dup2(copy, stream)
                os.close(copy)
            logging.disable(before)
