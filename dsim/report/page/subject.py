"""What a page is about: finished studies and comparisons, found in the folders that a user names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dsim.errors import FileAccessError, FileFormatError
from dsim.search import StudyResult, load_study
from dsim.search.files import INPUTS, read_inputs
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
    found: Comparison | StudyResult
    fingerprint: str


def read_subjects(folders: Iterable[Path]) -> tuple[PageSubject, ...]:
    """Read every folder; a folder of studies and comparisons stands for all of them, in the order of their names.

    Raises
    ------
    FileAccessError
        There is no such folder, or it cannot be read.
    FileFormatError
        It holds neither a finished study nor a finished comparison, or a damaged one.
    """
    subjects = [subject for folder in folders for subject in _subjects(folder)]
    places = [subject.folder.resolve() for subject in subjects]
    twice = sorted({str(place) for place in places if places.count(place) > 1})
    if twice:
        raise FileFormatError(f"a page must show each folder once, got {', '.join(twice)} twice; remove one")
    return tuple(subjects)


def _subjects(folder: Path) -> list[PageSubject]:
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise FileAccessError(
            f"{folder} must be the folder of a study or a comparison, and {what}; name a folder such as studies/NAME"
        )
    if _holds(folder):
        return [_read(folder)]
    try:
        below = sorted(child for child in folder.iterdir() if child.is_dir() and _holds(child))
    except OSError as error:
        raise FileAccessError(f"{folder} cannot be read: {error.strerror}; make it readable") from error
    if not below:
        half = (folder / "devices").is_dir() and any((folder / "devices").iterdir())
        what = f"an unfinished comparison without {RECORD}" if half else "neither"
        raise FileFormatError(
            f"{folder} must hold a finished study ({INPUTS}) or comparison ({RECORD}), or folders that do, got {what}; "
            "run dsim study or dsim compare to its end"
        )
    return [_read(child) for child in below]


def _holds(folder: Path) -> bool:
    return (folder / RECORD).exists() or (folder / INPUTS).exists()


def _read(folder: Path) -> PageSubject:
    name = folder.resolve().name
    if (folder / RECORD).exists():
        found = load_comparison(folder)
        return PageSubject(name, folder, found, found.fingerprint)
    study = load_study(folder)
    recorded = read_inputs(folder)
    return PageSubject(name, folder, study, recorded.fingerprint if recorded else "")
