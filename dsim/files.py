"""Write files so that nothing is ever half-written: into a temporary neighbour first, then renamed over the target."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from dsim.errors import FileAccessError


def make_folder(folder: Path) -> None:
    """Make a folder and those above it.

    Raises
    ------
    FileAccessError
        It cannot be made or is not writable.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileAccessError(
            f"folder {folder} cannot be made: {error.strerror}; choose a writable place"
        ) from error
    if not os.access(folder, os.W_OK):
        raise FileAccessError(f"folder {folder} must be writable, and is not; choose another place")


def write_atomic(path: Path, content: bytes | str) -> None:
    """Write a file whole or not at all.

    Raises
    ------
    FileAccessError
        The file cannot be written.
    """
    data = content.encode() if isinstance(content, str) else content
    temporary = ""
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as handle:
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
