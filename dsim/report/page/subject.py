"""What a page is about: finished studies and comparisons, found in the folders that a user names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dsim.errors import DsimError, FileAccessError, FileFormatError
from dsim.search import JointStudy, StudyResult, load_joint, load_study
from dsim.search.files import INPUTS, recorded_in
from dsim.shift import Comparison, load_comparison
from dsim.shift.files import RECORD


@dataclass(frozen=True)
class PageSubject:
    """One part of a page.

    Attributes
    ----------
    name, folder
        Its name, and the folder that it was read from.
    found
        What it found.
    fingerprint
        Of inputs, profiles and code.
    """

    name: str
    folder: Path
    found: Comparison | StudyResult | JointStudy
    fingerprint: str


@dataclass(frozen=True)
class Subjects:
    """What a page can show of some folders, and what it cannot.

    Attributes
    ----------
    shown
        Finished studies and comparisons.
    left_out
        Of each study or comparison that is unfinished or damaged, in one line, what it is and why it is not shown.
    """

    shown: tuple[PageSubject, ...]
    left_out: tuple[str, ...]


def read_subjects(folders: Iterable[Path]) -> Subjects:
    """Read every folder; a folder of studies and comparisons stands for all of them, in the order of their names.

    Raises
    ------
    FileAccessError
        There is no such folder, or it cannot be read.
    FileFormatError
        Nothing in the folders is finished and whole.
    """
    read = [one for folder in folders for one in _subjects(folder)]
    shown = tuple(one for one in read if isinstance(one, PageSubject))
    failed = [one for one in read if isinstance(one, DsimError)]
    if not shown and failed:
        if len(failed) == 1:
            raise failed[0]
        raise FileFormatError(
            f"a page must have a finished study or comparison to show, got {len(failed)} that are not; the first: {failed[0]}"
        )
    _check_once(shown)
    return Subjects(shown, tuple(map(str, failed)))


def _check_once(shown: Iterable[PageSubject]) -> None:
    places = [subject.folder.resolve() for subject in shown]
    twice = sorted({str(place) for place in places if places.count(place) > 1})
    if twice:
        raise FileFormatError(f"a page must show each folder once, got {', '.join(twice)} twice; remove one")


def _subjects(folder: Path) -> Iterator[PageSubject | DsimError]:
    """Read what a folder is or holds, in order: each subject, or why it cannot be shown."""
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise FileAccessError(
            f"{folder} must be the folder of a study or a comparison, and {what}; name a folder such as studies/NAME"
        )
    if _holds(folder) or _is_half_compared(folder):
        yield _read(folder)
        return
    try:
        inside = sorted(child for child in folder.iterdir() if child.is_dir())
        below = [child for child in inside if _holds(child) or _is_half_compared(child)]
    except OSError as error:
        raise FileAccessError(f"{folder} cannot be read: {error.strerror}; make it readable") from error
    if not below:
        yield _nothing(folder, "neither")
    yield from map(_read, below)


def _nothing(folder: Path, got: str) -> FileFormatError:
    return FileFormatError(
        f"{folder} must hold a finished study ({INPUTS}) or comparison ({RECORD}), or folders that do, got {got}; "
        "run dsim study or dsim compare to its end"
    )


def _is_half_compared(folder: Path) -> bool:
    devices = folder / "devices"  # which a comparison fills as it goes, and its record comes last
    return not (folder / RECORD).exists() and devices.is_dir() and any(devices.iterdir())


def _holds(folder: Path) -> bool:
    return (folder / RECORD).exists() or (folder / INPUTS).exists()


def _read(folder: Path) -> PageSubject | DsimError:
    try:
        return _subject(folder)
    except (FileAccessError, FileFormatError) as error:
        return error


def _subject(folder: Path) -> PageSubject:
    name = folder.resolve().name
    if not _holds(folder):
        raise _nothing(folder, f"an unfinished comparison without {RECORD}")
    if (folder / RECORD).exists():
        found = load_comparison(folder)
        return PageSubject(name, folder, found, found.fingerprint)
    recorded = recorded_in(folder)
    study = load_joint(folder) if recorded.is_joint else load_study(folder)
    return PageSubject(name, folder, study, recorded.fingerprint)
