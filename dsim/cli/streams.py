"""Standard output and standard error as a shell gives them: closed, full, or of few letters."""

from __future__ import annotations

import codecs
import errno
import os
import sys
from io import TextIOWrapper

SAMPLE = "─µüλ✓"  # what answers and the names of files are made of
PLAIN = {"─": "-", "µ": "u", "\u00d7": "x", "\u2013": "-", "…": "..."}
_ERRORS = "dsim.plain"
FULL = (errno.ENOSPC, errno.EDQUOT)


def make_usable() -> None:
    """Let every answer be written: a closed stream leads nowhere, and a letter that a stream's encoding lacks becomes a plain one."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # Python's for a stream that is closed; libraries that write there expect one
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - for as long as the program
        elif isinstance(stream, TextIOWrapper) and not _can_say(stream.encoding):
            codecs.register_error(_ERRORS, _plain)
            stream.reconfigure(errors=_ERRORS)


def leave_unread() -> None:
    """Send what is left of standard output nowhere: Python would try to write it at its end, and fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _can_say(encoding: str) -> bool:
    try:
        SAMPLE.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _plain(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    return "".join(PLAIN.get(letter, "?") for letter in error.object[error.start : error.end]), error.end
