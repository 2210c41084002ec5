"""The manifest of a bundle: what lies in it, with digests, so that a Mac can check what it times."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dsim.errors import FileAccessError, FileFormatError
from dsim.files import read_json, write_atomic

NAME = "manifest.json"
SCHEMA = "dsim_coreml_bundle"
VERSION = 1
_CHUNK = 1 << 20


@dataclass
class Manifest:
    """What a bundle holds; written anew as it grows.

    Attributes
    ----------
    folder
        The bundle.
    head
        What is said of all of it: versions, precision, deployment target, passes.
    entries
        Packages by id, in the order in which they are to be timed.
    left_out
        What could not be converted, and why, by name.
    schema
        Key of the version of its form, which says what kind of bundle it is.
    """

    folder: Path
    head: dict[str, Any]
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    schema: str = SCHEMA

    def write(self, complete: bool) -> str:
        """Write it completely or not at all.

        Returns
        -------
        str
            Its SHA-256: the bundle's digest.

        Raises
        ------
        FileAccessError
            It cannot be written.
        """
        content = {
            self.schema: VERSION,
            **self.head,
            "complete": complete,
            "left_out": [{"what": what, "why": why} for what, why in sorted(self.left_out.items())],
        }
        rows = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in self.entries.values())
        text = f'{json.dumps(content, indent=1)[:-2]},\n "entries": [\n{rows}\n]}}\n'  # a package a line
        write_atomic(self.folder / NAME, text)
        return hashlib.sha256(text.encode()).hexdigest()

    def holds(self, name: str) -> bool:
        """Return whether a package lies there as it was written."""
        entry = self.entries.get(name)
        if entry is None:
            return False
        try:
            return bool(digests(self.folder / entry["path"]) == entry["files"])
        except (OSError, KeyError, TypeError):
            return False


def open_manifest(folder: Path, head: dict[str, Any], schema: str = SCHEMA) -> Manifest:
    """Read a bundle's manifest, or begin one in an empty folder.

    Raises
    ------
    FileAccessError
        The folder holds something else, or cannot be read.
    FileFormatError
        The manifest is damaged, or of another version of the form.
    """
    path = folder / NAME
    if not path.exists():
        foreign = _foreign(folder)
        if foreign:
            raise FileAccessError(
                f"a bundle needs a folder of its own, got {folder}, which holds {foreign!r}; choose an empty one"
            )
        return Manifest(folder, head, schema=schema)
    raw = read_json(path, "remove it and what lies beside it, or choose another folder")
    version = raw.get(schema) if isinstance(raw, dict) else None
    if version != VERSION:
        raise FileFormatError(
            f"{path}: {schema} must be {VERSION}, got {str(version)[:40]!r}; choose an empty folder"
        )
    other = sorted(key for key, value in head.items() if raw.get(key) != value)
    if other:
        raise FileFormatError(
            f"{path}: was written with {other[0]} = {str(raw.get(other[0]))[:60]!r}, and this is {str(head[other[0]])[:60]!r}; "
            "choose an empty folder"
        )
    try:
        entries = {str(one["id"]): dict(one) for one in raw["entries"]}
    except (KeyError, TypeError, ValueError) as error:
        raise FileFormatError(f"{path}: an entry lacks its id; choose an empty folder") from error
    return Manifest(folder, head, entries, schema=schema)


def _foreign(folder: Path) -> str:
    """Return the name of something that lies in a folder without a manifest; empty where it is empty."""
    try:
        return min((one.name for one in folder.iterdir() if not one.name.startswith(".")), default="")
    except OSError as error:
        raise FileAccessError(f"{folder} cannot be read: {error.strerror}; choose another folder") from error


def digests(package: Path) -> dict[str, str]:
    """Return the SHA-256 of each file of a package, by its place inside."""
    return {
        file.relative_to(package).as_posix(): _digest(file)
        for file in sorted(package.rglob("*"))
        if file.is_file()
    }


def _digest(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as handle:
        while chunk := handle.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
