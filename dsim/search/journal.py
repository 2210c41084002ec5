"""The journal of a storage in which a line was cut off: by a kill in the middle of writing, or a disk that was full.

Optuna reads past no such line, and a worker that goes on would write its next line onto the half one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock, JournalFileSymlinkLock

from dsim.errors import FileFormatError


class JournalOfWholeLines(JournalFileBackend):
    """Optuna's journal in a file; a last line that was cut off is removed before more is written.

    Who writes holds the journal's lock, so that what lies there half-written is of a worker that has ended.
    """

    def __init__(self, file: str) -> None:
        self._path = Path(file)
        self._alone = (JournalFileOpenLock if os.name == "nt" else JournalFileSymlinkLock)(file)
        super().__init__(file, self._alone)

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Add lines."""
        self._alone.acquire()
        try:
            self._cut()
        finally:
            self._alone.release()
        super().append_logs(logs)

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

    def _cut(self) -> None:
        with self._path.open("rb+") as file:
            if not file.seek(0, os.SEEK_END):
                return
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.seek(0)
                file.truncate(file.read().rfind(b"\n") + 1)

    def _first_broken(self) -> int:
        with self._path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    json.loads(line)
                except ValueError:
                    return number
        return number
