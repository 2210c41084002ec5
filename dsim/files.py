"""Read files with errors that name them, and write files whole or not at all.

A file is written into a temporary neighbour first, which is then renamed over the target. A neighbour that a killed process left
is removed when the same file is written later. What is no file, such as /dev/null or a pipe, is written as it is: the renaming
would put a file in its place.
"""

from __future__ import annotations

import os
import tempfile
import time
import tomllib
from contextlib import suppress
from glob import escape
from pathlib import Path
from typing import Any

from dsim.errors import FileAccessError, FileFormatError
from dsim.records import parse_json

LIVES_S = 3600.0  # no file is written for as long as that: an older neighbour has no writer


def first_line(error: BaseException, most: int = 200) -> str:
    """Return the first line of an error's message, cut to fit into one line; its type where it has no message."""
    lines = str(error).strip().splitlines()
    text = lines[0].strip() if lines else type(error).__name__
    return text if len(text) <= most else f"{text[: most - 3]}..."


def read_bytes(path: Path, remedy: str) -> bytes:
    """Read a file.

    Parameters
    ----------
    path
        The file.
    remedy
        What to do when it cannot be read: the last part of the error message.

    Raises
    ------
    FileAccessError
        There is no such file, it is a folder, or it may not be read.
    """
    try:
        return path.read_bytes()
    except IsADirectoryError as error:
        raise FileAccessError(f"{path} must be a file, and is a folder; {remedy}") from error
    except FileNotFoundError as error:
        raise FileAccessError(f"{path} cannot be read: there is no such file; {remedy}") from error
    except OSError as error:
        raise FileAccessError(f"{path} cannot be read: {error.strerror or error}; {remedy}") from error


def read_text(path: Path, remedy: str) -> str:
    """Read a text file in UTF-8; for the rest see `read_bytes`.

    Raises
    ------
    FileAccessError
        It cannot be read.
    FileFormatError
        It is no text.
    """
    try:
        return read_bytes(path, remedy).decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileFormatError(f"{path} must be text in UTF-8, byte {error.start} is not; {remedy}") from error


def read_json(path: Path, remedy: str) -> Any:
    """Read a JSON file; for the rest see `read_bytes`.

    Raises
    ------
    FileAccessError
        It cannot be read.
    FileFormatError
        It is not JSON, or names a key twice.
    """
    return parse_json(read_text(path, remedy), str(path), remedy)


def read_toml(path: Path, remedy: str) -> dict[str, Any]:
    """Read a TOML file; for the rest see `read_bytes`.

    Raises
    ------
    FileAccessError
        It cannot be read.
    FileFormatError
        It is not TOML.
    """
    text = read_text(path, remedy)
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"{path} must be TOML, and is not ({first_line(error)}); {remedy}") from error


def check_folder(folder: Path, remedy: str = "choose another place") -> None:
    """Refuse a folder that cannot be made or written, without making it: told before long work, not after.

    Parameters
    ----------
    folder
        Where something would be written.
    remedy
        What to do about it, as the error's last part: an option or a variable that names the place, if there is one.

    Raises
    ------
    FileAccessError
        A file stands in its place or in the place of a folder above it, or it may not be written.
    """
    there = next((path for path in (folder, *folder.parents) if os.path.lexists(path)), folder)
    without = "" if there == folder else f", so that {folder} cannot be made"
    if not there.is_dir():
        raise FileAccessError(f"{there} must be a folder, and is a file{without}; {remedy}")
    if not can_write(there):
        named = there.resolve() if there == Path() else there  # a dot says nothing
        raise FileAccessError(f"folder {named} must be writable, and is not{without}; {remedy}")


def can_write(folder: Path) -> bool:
    """Tell whether a folder that is there may be written."""
    return os.access(folder, os.W_OK)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it.

    Raises
    ------
    FileAccessError
        It cannot be made or is not writable.
    """
    check_folder(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileAccessError(
            f"folder {folder} cannot be made: {error.strerror}; choose a writable place"
        ) from error


def write_atomic(path: Path, content: bytes | str) -> None:
    """Write a file whole or not at all; what a process that was killed left of it an hour ago or earlier is removed.

    A link stays one: the file that it leads to is written. A device or a pipe is written into.

    Raises
    ------
    FileAccessError
        The file cannot be written.
    """
    data = content.encode() if isinstance(content, str) else content
    if path.exists() and not path.is_file() and not path.is_dir():
        _write_into(path, data)
        return
    if path.is_symlink():
        path = Path(os.path.realpath(path))
    temporary, prefix = "", f".{path.name}.dsim-"
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=prefix, delete=False) as handle:
            temporary = handle.name
            handle.write(data)
        os.chmod(temporary, 0o644)  # a temporary file is private; a result is not
        os.replace(temporary, path)
    except OSError as error:
        raise FileAccessError(
            f"{path} cannot be written: {error.strerror}; choose a writable place"
        ) from error
    finally:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
    with suppress(OSError):
        for left in path.parent.glob(f"{escape(prefix)}*"):
            if time.time() - left.stat().st_mtime > LIVES_S:
                left.unlink()


def _write_into(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise FileAccessError(
            f"{path} cannot be written: {error.strerror}; choose a writable place"
        ) from error
