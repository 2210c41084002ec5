"""Rewrite or read a marked block of a document, so that every figure in it was made by a command."""

from __future__ import annotations

from pathlib import Path

from dsim.errors import FileAccessError, FileFormatError
from dsim.files import write_atomic


def replace_block(path: Path, name: str, text: str) -> None:
    """Put a text between ``<!-- begin: name -->`` and ``<!-- end: name -->``; nothing else of the file changes.

    Raises
    ------
    FileAccessError
        The file cannot be read or written.
    FileFormatError
        It does not hold the two marks once each, in this order.
    """
    head, _, tail = _parts(path, name)
    write_atomic(path, f"{head}\n{text.strip()}\n{tail}")


def read_block(path: Path, name: str) -> str:
    """Return the text between the two marks; raises as `replace_block` does."""
    return _parts(path, name)[1].strip()


def _parts(path: Path, name: str) -> tuple[str, str, str]:
    """Return what stands before the block, its first mark included, the block, and what follows from its last mark on."""
    begin, end = f"<!-- begin: {name} -->", f"<!-- end: {name} -->"
    try:
        whole = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FileAccessError(
            f"{path} cannot be read: {error}; name a document that holds {begin}"
        ) from error
    if whole.count(begin) != 1 or whole.count(end) != 1 or whole.index(end) < whole.index(begin):
        raise FileFormatError(
            f"{path} must hold {begin} and {end} once each, in this order; add the two lines"
        )
    start, stop = whole.index(begin) + len(begin), whole.index(end)
    return whole[:start], whole[start:stop], whole[stop:]
