"""The journal of a storage: a line that was cut off ends no study, and lines that belong together are written at once.

A kill in the middle of writing, or a disk that was full, cuts a line off. Optuna reads past no such line, and a worker that
goes on would write its next line onto the half one. And each writing takes the lock and waits for the disk, which on a shared
folder costs more than sweeping a mix.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock, JournalFileSymlinkLock

from dsim.errors import FileFormatError


class JournalOfWholeLines(JournalFileBackend):
    """Optuna's journal in a file; a last line that was cut off is removed before more is written.

    Who writes holds the journal's lock, so that what lies there half-written is of a worker that has ended.
    """

    def __init__(self, file: str) -> None:
        self._path = Path(file)
        self._held: list[dict[str, Any]] | None = None
        self._alone = (JournalFileOpenLock if os.name == "nt" else JournalFileSymlinkLock)(file)
        super().__init__(file, self._alone)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Add the lines of this block at its end, all at once; until then nobody reads them."""
        held = self._held = list[dict[str, Any]]()
        try:
            yield
        finally:
            self._held = None
            if held:
                self.append_logs(held)

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Add lines."""
        if self._held is not None:
            self._held += logs
            return
        lines = [json.dumps(log, separators=(",", ":")).encode() + b"\n" for log in logs]
        self._alone.acquire()
        try:
            with self._path.open("rb+") as file:
                file.truncate(file.seek(_end(file)))
                file.write(b"".join(lines))
                file.flush()
                os.fsync(file.fileno())
        finally:
            self._alone.release()

    def read_logs(self, log_number_from: int) -> Generator[dict[str, Any], None, None]:
        """Yield what lines hold.

        Raises
        ------
        FileFormatError
            One of them is not whole.
        """
        try:
            yield from super().read_logs(log_number_from)
        except ValueError as error:
            raise FileFormatError(
                f"{self._path}, line {self._first_broken()}, must be a whole JSON object, as each line of a storage is, and is cut off "
                "or damaged; stop all workers and remove it and the lines behind it (what they held is searched again), or give "
                "another --storage"
            ) from error

    def _first_broken(self) -> int:
        with self._path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    json.loads(line)
                except ValueError:
                    return number
        return number


def _end(file: BinaryIO) -> int:
    """Return where the last whole line ends."""
    size = file.seek(0, os.SEEK_END)
    if not size:
        return 0
    file.seek(size - 1)
    if file.read(1) == b"\n":
        return size
    file.seek(0)
    return file.read().rfind(b"\n") + 1
