"""Keep what converters print away from the user: progress bars, log lines, warnings about versions."""

from __future__ import annotations

import io
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress

STREAMS = (1, 2)  # standard output and standard error, which libraries in C++ write to directly
KEPT = 2000  # characters of what was printed, kept for the traceback of a failure


@contextmanager
def quiet() -> Iterator[None]:
    """Discard what is printed to standard output and standard error; errors are still raised.

    What was printed before an error is added to it as a note, which ``--debug`` shows.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    before = logging.root.manager.disable
    with tempfile.TemporaryFile() as printed, warnings.catch_warnings():
        kept = [os.dup(stream) for stream in STREAMS]
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        # Python's own streams need not be the process's (in a notebook, say)
        text = io.TextIOWrapper(os.fdopen(os.dup(printed.fileno()), "wb"), "utf-8", write_through=True)
        try:
            for stream in STREAMS:
                os.dup2(printed.fileno(), stream)
            with redirect_stdout(text), redirect_stderr(text):
                yield
        except Exception as error:
            text.flush()
            printed.seek(max(0, printed.tell() - KEPT))
            error.add_note(printed.read().decode("utf-8", "replace"))
            raise
        finally:
            for stream, copy in zip(STREAMS, kept, strict=True):
                os.dup2(copy, stream)
                os.close(copy)
            logging.disable(before)
            with suppress(OSError, ValueError):
                text.close()
