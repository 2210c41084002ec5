"""Write a folder of text files: whole or not at all, and never over somebody else's work."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path

from dsim.errors import FileAccessError

INDEX = "README.md"  # carries, in its last line, the digests of what was written
_MARK = re.compile(r"\n<!-- written by dsim: (.*) -->\n\Z")


def write_folder(folder: Path, texts: Mapping[str, str]) -> None:
    """Write files into a folder, which is made if need be.

    Every file is written under another name first and then renamed, so that none is ever half there. A file of that
    name that is there already is replaced only if it is exactly what an earlier call wrote; other files stay as they
    are.

    Parameters
    ----------
    texts
        File name to content; one is README.md.

    Raises
    ------
    FileAccessError
        A file there was changed or made by somebody else, or the folder cannot be written.
    """
    marked = dict(texts)
    marked[INDEX] += _mark(texts)
    staged: list[tuple[Path, Path]] = []
    try:
        _refuse_foreign(folder, marked)
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in marked.items():
            temporary = folder / f".{name}.{os.getpid()}.tmp"
            staged.append((temporary, folder / name))
            temporary.write_text(text, encoding="utf-8", newline="\n")
        for temporary, final in staged:
            os.replace(temporary, final)
    except OSError as error:
        if isinstance(error, FileAccessError):
            raise
        raise FileAccessError(
            f"the export folder must be writable, got {folder}: {error.strerror or error}; choose another folder"
        ) from error
    finally:
        for temporary, _ in staged:
            temporary.unlink(missing_ok=True)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _mark(texts: Mapping[str, str]) -> str:
    digests = " ".join(f"{name}={_digest(text)}" for name, text in sorted(texts.items()))
    return f"\n<!-- written by dsim: {digests} -->\n"


def _refuse_foreign(folder: Path, texts: Mapping[str, str]) -> None:
    """Refuse to replace a file unless it is what was written before, or what is to be written now."""
    present = {name: (folder / name) for name in texts if (folder / name).exists()}
    if not present:
        return
    old = {name: path.read_text(encoding="utf-8", errors="replace") for name, path in present.items()}
    found = _MARK.search(old.get(INDEX, ""))
    recorded = dict(part.split("=", 1) for part in found.group(1).split() if "=" in part) if found else {}
    for name, text in old.items():
        own = _MARK.sub("", text) if name == INDEX else text
        if text != texts[name] and recorded.get(name) != _digest(own):
            raise FileAccessError(
                f"an export replaces only what dsim wrote, got {folder / name}, which was changed or made by somebody "
                "else; move it away or choose another folder"
            )
