"""One command at a time writes into a folder: a lock that the system opens again when a process ends, however it does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from dsim.errors import UnavailableError

LOCK = ".lock"


@contextmanager
def sole_writer(
    folder: Path, remedy: str = "wait for its end", wait: bool = False, again: bool = False
) -> Iterator[bool]:
    """Keep other processes from writing into a folder meanwhile; yield False where this process holds it already.

    Parameters
    ----------
    remedy
        What an error tells to do.
    wait
        Wait for the other's end in place of an error.
    again
        Whether this process may enter while it holds the folder already.

    Raises
    ------
    UnavailableError
        Another process writes there.
    """
    lock = FileLock(folder / LOCK, timeout=-1 if wait else 0, is_singleton=again)
    first = not lock.is_locked
    try:
        lock.acquire()
    except Timeout as error:
        raise UnavailableError(
            f"{folder} must be written by one command at a time, and another one works on it; {remedy}"
        ) from error
    except (
        OSError,
        NotImplementedError,
    ):  # of a folder that cannot be written or locked: whoever writes says so, and who only reads may go on
        yield first
        return
    try:
        yield first
    finally:
        lock.release()
