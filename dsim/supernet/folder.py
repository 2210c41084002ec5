"""What lies in a folder of pictures: class folders, or train/, val/ and test/ of such."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from dsim.errors import FileAccessError, FileFormatError
from dsim.records import shown
from dsim.supernet.pictures import SUFFIXES

PARTS = ("train", "val", "test")
_LAYOUT = "put the pictures into one folder per class: DATA/cats/1.jpg, DATA/dogs/2.jpg"


@dataclass(frozen=True)
class Listing:
    """The files of a data set, before any is opened.

    Attributes
    ----------
    classes
        Names of the class folders, sorted.
    files
        For each part that the folder has of its own (``""`` where it has none): (class index, path), sorted by name.
    notes
        What was left out, one line each.
    """

    classes: tuple[str, ...]
    files: dict[str, tuple[tuple[int, Path], ...]]
    notes: tuple[str, ...]


def list_folder(root: Path) -> Listing:
    """List the pictures of a folder.

    Raises
    ------
    FileAccessError
        There is no such folder.
    FileFormatError
        It does not hold class folders with pictures; the message says what was found and what to do.
    """
    if not root.is_dir():
        what = "is a file" if root.exists() else "does not exist"
        raise FileAccessError(f"{root} must be a folder of class folders, and {what}; {_LAYOUT}")
    below = _folders(root)
    parted = [name for name in PARTS if name in below]
    if "train" in parted:
        extra = sorted(set(below) - set(PARTS))
        if extra:
            raise FileFormatError(
                f"{root} holds train/ and beside it also {shown(extra[0])}; beside train/ only val/ and test/ have a "
                "meaning: move the others away"
            )
        roots = {name: root / name for name in parted}
    else:
        roots = {"": root}
    notes: list[str] = []
    found = {part: _classes(place, notes) for part, place in roots.items()}
    classes = tuple(sorted(next(iter(found.values()))))
    if len(classes) < 2:
        place = next(iter(roots.values()))
        raise FileFormatError(
            f"{place} must hold at least two class folders with pictures, got {_count(classes)}; {_LAYOUT}"
        )
    for part, by_class in found.items():
        odd = sorted(set(by_class) ^ set(classes))
        if odd:
            raise FileFormatError(
                f"{root}: train/ and {part}/ must have the same class folders, and {shown(odd[0])} is in one alone; "
                "add or remove it"
            )
    files = {
        part: tuple((index, path) for index, name in enumerate(classes) for path in by_class[name])
        for part, by_class in found.items()
    }
    return Listing(classes, files, tuple(notes))


def _count(names: tuple[str, ...]) -> str:
    return f"one ({shown(names[0])})" if names else "none"


def _folders(root: Path) -> list[str]:
    return [entry.name for entry in _entries(root) if entry.is_dir()]


def _entries(root: Path) -> list[Path]:
    """Return what lies in a folder, sorted; hidden files are those of other programs."""
    try:
        names = sorted(name for name in os.listdir(root) if not name.startswith("."))
    except OSError as error:
        raise FileAccessError(
            f"{root} cannot be read: {error.strerror}; allow it, or name another folder"
        ) from error
    for name in names:
        if not name.isprintable():  # a line break in a name, or bytes that are no text
            raise FileFormatError(
                f"{root} holds a name with characters that cannot be printed, {name!a}; rename it"
            )
    return [root / name for name in names]


def _classes(root: Path, notes: list[str]) -> dict[str, list[Path]]:
    """Return the pictures of every class folder."""
    loose = [entry for entry in _entries(root) if entry.is_file() and entry.suffix.lower() in SUFFIXES]
    folders = [entry for entry in _entries(root) if entry.is_dir()]
    if loose and not folders:
        raise FileFormatError(
            f"{root} must hold class folders, got pictures such as {loose[0].name} directly in it; {_LAYOUT}"
        )
    if loose:
        notes.append(f"left out: {len(loose)} pictures outside class folders, such as {loose[0]}")
    found = {}
    for folder in folders:
        entries = _entries(folder)
        pictures: list[Path] = []
        others: list[Path] = []
        for entry in entries:
            (pictures if entry.suffix.lower() in SUFFIXES and entry.is_file() else others).append(entry)
        if others:
            notes.append(
                f"left out: {len(others)} files or folders that are not JPEG or PNG, such as {others[0]}"
            )
        if pictures:
            found[folder.name] = pictures
        else:
            notes.append(f"left out: class folder {folder}, which holds no JPEG or PNG")
    return found
