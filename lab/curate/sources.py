"""Read sources.toml: which raw files the data comes from, and who makes each committed file."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from dsim.errors import FileAccessError, FileFormatError

FILE = Path(__file__).resolve().parent / "sources.toml"


@dataclass(frozen=True)
class RawFile:
    """A file of raw figures.

    Attributes
    ----------
    name
        Its path below the folder of raw figures.
    sha256
        Of its content, in hexadecimal digits.
    what, source, licence
        What a row is, where the figures come from, and their terms.
    read_by
        Steps that read it.
    """

    name: str
    sha256: str
    what: str
    source: str
    licence: str
    read_by: tuple[str, ...]


@dataclass(frozen=True)
class Owner:
    """Who makes some of the committed files.

    Attributes
    ----------
    files
        Patterns of their paths below the repository's root.
    by
        A step's name, or in words what else makes them.
    why
        What a reader should know of them, empty where ``by`` says it.
    """

    files: tuple[str, ...]
    by: str
    why: str = ""

    def owns(self, path: str) -> bool:
        """Tell whether a path below the repository's root is one of them."""
        return any(fnmatchcase(path, pattern) for pattern in self.files)


@cache
def raw_files() -> tuple[RawFile, ...]:
    """Return the raw files that sources.toml names."""
    return tuple(
        RawFile(**{**entry, "read_by": tuple(entry["read_by"])})
        for entry in tomllib.loads(FILE.read_text(encoding="utf-8"))["raw"]
    )


@cache
def owners() -> tuple[Owner, ...]:
    """Return who makes the committed files, from the top: the first that owns a path decides."""
    return tuple(
        Owner(**{**entry, "files": tuple(entry["files"])})
        for entry in tomllib.loads(FILE.read_text(encoding="utf-8"))["committed"]
    )


def owner_of(path: str) -> str:
    """Return who makes a committed file, empty where sources.toml does not say."""
    return next((one.by for one in owners() if one.owns(path)), "")


def check_raw(folder: Path, steps: Collection[str], files: Sequence[RawFile]) -> None:
    """Refuse a folder in which one of the files that the steps read is missing or has another content.

    Raises
    ------
    FileAccessError
        A file is missing.
    FileFormatError
        A file has another content.
    """
    for one in files:
        if not set(one.read_by) & set(steps):
            continue
        path = folder / one.name
        try:
            found = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise FileAccessError(
                f"RAW must be a folder with {one.name}, and {path} cannot be read ({error.strerror}); "
                f"lay the files there that lab/curate/sources.toml names"
            ) from error
        if found != one.sha256:
            raise FileFormatError(
                f"{path} must have the sha256 {one.sha256}, got {found}; take that file, or where the new figures are meant, "
                "put their sha256 into lab/curate/sources.toml"
            )
