"""Write an export's folder: whole or not at all, and never over somebody else's work."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from dsim.errors import FileAccessError
from dsim.files import check_folder
from dsim.stages import clear_dead, staged

INDEX = "README.md"  # carries, in its last line, the digests of what was written
_MARK = re.compile(r"\n<!-- written by dsim: (.*) -->\n\Z")
_CHUNK = 1 << 20


def write_folder(folder: Path, texts: Mapping[str, str]) -> None:
    """Write text files into a folder; see `staging` for what is promised.

    Parameters
    ----------
    texts
        File name to content; one is README.md.

    Raises
    ------
    FileAccessError
        A file there was changed or made by somebody else, or the folder cannot be written.
    """
    with staging(folder, tuple(texts)) as place:
        for name, text in texts.items():
            (place / name).write_text(text, encoding="utf-8", newline="\n")


@contextmanager
def staging(folder: Path, names: Sequence[str]) -> Iterator[Path]:
    """Yield an empty folder to write into; what it holds afterwards moves to ``folder`` all at once.

    A file of that name that is there already is replaced only if it is exactly what an earlier call wrote; other
    files stay as they are. What is to be refused is refused before the body runs, since a conversion takes long. If
    the body fails or is interrupted, the folder is as it was; of a process that was killed while it moved its files, the
    next call moves the rest.

    Parameters
    ----------
    folder
        Where the files go; it is made if need be.
    names
        Files, or folders such as an .mlpackage, that the body will write; one is README.md.

    Raises
    ------
    FileAccessError
        A file there was changed or made by somebody else, the folder holds an export in another form, or it cannot be
        written.
    """
    check_folder(folder)
    made = [place for place in (folder, *folder.parents) if not place.exists()]
    done = False
    try:
        clear_dead(folder, partial(_is_own, folder), INDEX)
        _refuse_foreign(folder, names)
        folder.mkdir(parents=True, exist_ok=True)
        with staged(folder) as stage:
            new = stage.new
            yield new
            with (new / INDEX).open("a", encoding="utf-8", newline="\n") as file:
                file.write(_mark({name: _digest(new / name) for name in names}))
            _readable(new)
            stage.move_in(sorted(names, key=lambda name: name == INDEX))  # its digests speak of all others
        done = True
    except OSError as error:
        if isinstance(error, FileAccessError) or error.strerror is None:
            raise
        raise FileAccessError(
            f"the export folder must be writable, got {folder}: {error.strerror}; choose another folder"
        ) from error
    finally:
        if not done:
            _remove_empty(made)


def _is_own(folder: Path, there: Path, new: Path) -> bool:
    """Return whether a file that a killed writer was about to replace is still that one, or what it wrote itself."""
    records = _recorded(folder), _recorded(new.parent)
    return _digest(there) in {record.get(there.name) for record in records}


def _remove_empty(places: Sequence[Path]) -> None:
    """Remove folders that were made for nothing, the innermost first."""
    for place in places:
        try:
            place.rmdir()
        except OSError:
            return


def _readable(place: Path) -> None:
    """Set the file modes of ordinary results: converters leave some private."""
    for path in place.rglob("*"):
        os.chmod(path, 0o755 if path.is_dir() else 0o644)


def _digest(path: Path) -> str:
    """Hash a file, or the names and contents of a folder's files."""
    if path.is_dir():
        lines = [
            f"{file.relative_to(path).as_posix()}={_digest(file)}"
            for file in sorted(path.rglob("*"))
            if not file.is_dir()
        ]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()
    digest = hashlib.sha256()
    if path.name == INDEX:  # without its mark
        digest.update(_MARK.sub("", path.read_text(encoding="utf-8", errors="replace")).encode())
        return digest.hexdigest()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _mark(digests: Mapping[str, str]) -> str:
    listed = " ".join(f"{name}={digest}" for name, digest in sorted(digests.items()))
    return f"\n<!-- written by dsim: {listed} -->\n"


def _recorded(folder: Path) -> dict[str, str]:
    """Return the digests that the folder's README carries."""
    try:
        found = _MARK.search((folder / INDEX).read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return {}
    return dict(part.split("=", 1) for part in found.group(1).split() if "=" in part) if found else {}


def _refuse_foreign(folder: Path, names: Sequence[str]) -> None:
    """Refuse to replace a file unless it is what was written before, and to mix two forms in one folder."""
    recorded = _recorded(folder)
    for name in names:
        path = folder / name
        try:
            foreign = os.path.lexists(path) and recorded.get(name) != _digest(path)
        except OSError as error:
            raise FileAccessError(
                f"{path} cannot be read: {error.strerror}; choose another folder"
            ) from error
        if foreign:
            raise FileAccessError(
                f"an export replaces only what dsim wrote, got {path}, which was changed or made by somebody "
                "else; move it away or choose another folder"
            )
    others = sorted(name for name in recorded if name not in names and (folder / name).exists())
    if others:
        raise FileAccessError(
            f"a folder holds an export in one form, got {folder}, which holds {', '.join(others)}; choose another folder"
        )
