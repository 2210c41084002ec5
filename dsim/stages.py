"""Stages: hidden folders in which results are written before they move to their place, all of them or none.

A writer keeps its stage locked for as long as it lives. What one that was killed left behind is therefore told from what
another one is writing now: the next writer finishes the moving if it had begun, and removes the stage.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dsim.errors import FileAccessError

if TYPE_CHECKING:
    from filelock import FileLock

_PREFIX, _LOCK = ".dsim-", "writer.lock"
_NAME = re.compile(re.escape(_PREFIX) + r"[a-z0-9_]{8}")  # as `mkdtemp` makes it
_TRIES = 3


@dataclass(frozen=True)
class Stage:
    """A hidden folder of one writer.

    Attributes
    ----------
    folder
        Where the results go.
    place
        The hidden folder in it.
    """

    folder: Path
    place: Path

    @property
    def new(self) -> Path:
        """Where the writer writes."""
        return self.place / "new"

    @property
    def _whole(self) -> Path:
        """What `new` is called once nothing is missing in it: from then on the moving is finished, whoever dies."""
        return self.place / "whole"

    @property
    def _old(self) -> Path:
        """Where what is replaced stays until all is moved."""
        return self.place / "old"

    def move_in(self, names: Sequence[str]) -> None:
        """Move files and folders from `new` to their place, in this order, and in place of what is there.

        A file is at each moment the old one or the new one; a folder is missing for an instant between the two. If an error
        or Ctrl-C stops the moving, all is as before.

        Raises
        ------
        OSError
            Something cannot be moved.
        """
        os.rename(self.new, self._whole)
        moved: list[str] = []
        try:
            for name in names:
                moved.append(name)
                self._move(name)
        except BaseException:
            for name in moved:
                if not os.path.lexists(self._whole / name):
                    os.rename(self.folder / name, self._whole / name)
            for path in self._old.iterdir():
                os.replace(path, self.folder / path.name)
            raise

    def _move(self, name: str) -> None:
        there, aside = self.folder / name, self._old / name
        if there.is_dir():
            os.rename(there, aside)
        elif there.exists():
            try:
                os.link(there, aside)  # so that the file itself stays where it is
            except OSError:  # a file system without links
                shutil.copy2(there, aside)
        os.replace(self._whole / name, there)

    def finish(self, replaces: Callable[[Path, Path], bool], last: str) -> None:
        """Finish the moving that a dead writer had begun; what stands there and may not be replaced stays."""
        if not self._whole.is_dir():
            return
        for path in sorted(self._whole.iterdir(), key=lambda one: (one.name == last, one.name)):
            there = self.folder / path.name
            if not os.path.lexists(there) or replaces(there, path):
                with suppress(FileNotFoundError):
                    _remove(self._old / path.name)
                self._move(path.name)


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """Yield a stage in a folder that exists; it is removed at the end, with whatever was not moved.

    Raises
    ------
    OSError
        It cannot be made.
    """
    place, lock = _begun(folder)
    try:
        stage = Stage(folder, place)
        for inside in (stage.new, stage._old):
            inside.mkdir()
        yield stage
    finally:
        _discard(place)  # before the lock: nobody else may find it unlocked
        if lock is not None:
            lock.release()
        _remove_unlocked(place)


def _never(there: Path, new: Path) -> bool:
    return False


def clear_dead(folder: Path, replaces: Callable[[Path, Path], bool] = _never, last: str = "") -> None:
    """Finish or remove what killed writers left in a folder; what a living one writes stays.

    Parameters
    ----------
    replaces
        Whether something that stands in its place may be replaced by something that was not moved yet.
    last
        What is moved behind all others.

    Raises
    ------
    FileAccessError
        Something that a dead writer had begun to move cannot be moved now.
    """
    for place in stages_in(folder):
        if not (place / _LOCK).exists():
            with suppress(
                OSError
            ):  # killed before it was locked; one with files in it is of an older dsim, and stays
                place.rmdir()
        elif (lock := _locked(place)) is not None:
            try:
                Stage(folder, place).finish(replaces, last)
            except OSError as error:
                raise FileAccessError(
                    f"what a killed dsim left in {place} cannot be moved to {folder}: {error.strerror}; make both writable, or remove {place}"
                ) from error
            else:
                _discard(place)
            finally:
                lock.release()
            _remove_unlocked(place)


def stages_in(folder: Path) -> list[Path]:
    """Return the stages that lie in a folder, of living writers and dead ones."""
    try:
        return [path for path in folder.iterdir() if _NAME.fullmatch(path.name)]
    except OSError:  # no such folder, or one that cannot be looked into: whoever writes there says so
        return []


def _begun(folder: Path) -> tuple[Path, FileLock | None]:
    """Make a stage and lock it; where a folder cannot be locked, what a dead writer left stays."""
    for _ in range(_TRIES):  # another writer may take a stage that is not locked yet for a dead one's
        place = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=folder))
        if (lock := _locked(place)) is not None:
            return place, lock
        shutil.rmtree(place, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=_PREFIX, dir=folder)), None


def _locked(place: Path) -> FileLock | None:
    """Lock a stage; None where another process has it, or it cannot be locked."""
    from filelock import FileLock, Timeout  # deferred: who only looks at profiles finds no stage

    lock = FileLock(place / _LOCK, timeout=0)
    try:
        lock.acquire()
    except (Timeout, OSError, NotImplementedError):
        return None
    if (place / _LOCK).exists():
        return lock
    lock.release()  # it was removed meanwhile
    return None


def _discard(place: Path) -> None:
    """Remove a stage so that wherever a kill stops this, nothing of it is moved later, and the lock goes last."""
    with suppress(OSError):
        os.rename(place / "whole", place / "rest")
    for inside in ("rest", "new", "old"):
        shutil.rmtree(place / inside, ignore_errors=True)
    shutil.rmtree(place, ignore_errors=True)


def _remove_unlocked(place: Path) -> None:
    if place.exists():  # Windows removes no file that is locked
        shutil.rmtree(place, ignore_errors=True)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
