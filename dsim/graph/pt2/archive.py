"""Take the text of a program out of a .pt2 archive, and nothing else.

torch.export.load unpickles what lies in the archive (sample inputs, custom objects) and evaluates expressions over sizes:
a stranger's file could run code. Here one JSON file is read, in memory, and its size is bounded before it is unpacked.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

from dsim.errors import FileAccessError, FileFormatError
from dsim.records import parse_json, shown

MAX_JSON_BYTES = 2**25  # a network of a thousand layers takes a megabyte
MAX_FILES = 200_000
MODELS = "/models/"  # since torch 2.7 an archive may hold several programs
OLD = "serialized_exported_program.json"  # before


def read_archive(path: Path) -> dict[str, Any]:
    """Return a program as the archive states it.

    Raises
    ------
    FileAccessError
        The file cannot be read.
    FileFormatError
        It is no such archive, holds no program or several, or one that is too large.
    """
    if not path.is_file():
        found = "it is a folder" if path.is_dir() else "there is no such file"
        raise FileAccessError(f"{path} cannot be read: {found}; check the path")
    try:
        with zipfile.ZipFile(path) as archive:
            return _program(path, archive)
    except zipfile.BadZipFile as error:
        raise FileFormatError(
            f"{path} must be an archive of torch.export.save, cannot be opened ({error}); export the program again"
        ) from error
    except (RuntimeError, NotImplementedError) as error:  # encrypted, or packed in an unknown way
        raise FileFormatError(
            f"{path} must be an archive of torch.export.save, cannot be unpacked ({error}); export again"
        ) from error
    except OSError as error:
        raise FileAccessError(f"{path} cannot be read: {error.strerror or error}; check the path") from error


def _program(path: Path, archive: zipfile.ZipFile) -> dict[str, Any]:
    entries = archive.infolist()
    if len(entries) > MAX_FILES:
        raise FileFormatError(
            f"{path} must hold at most {MAX_FILES} files, got {len(entries)}; export the program again"
        )
    found = [one for one in entries if _is_program(one.filename)]
    if not found:
        raise FileFormatError(
            f"{path} must hold a program as JSON (models/model.json), got none: a package of AOTInductor is compiled and "
            "says nothing of its operators; save the program with torch.export.save"
        )
    if len(found) > 1:
        names = ", ".join(shown(one.filename) for one in found[:5])
        raise FileFormatError(
            f"{path} must hold one program, got {len(found)} ({names}); save each in a file of its own"
        )
    with archive.open(found[0]) as stream:  # read in memory: the name in the archive opens nothing
        raw = stream.read(MAX_JSON_BYTES + 1)
    if len(raw) > MAX_JSON_BYTES:
        raise FileFormatError(
            f"{path} must hold a program of at most {MAX_JSON_BYTES} bytes, got more; split the network"
        )
    made = parse_json(raw, f"{path}: {shown(found[0].filename)}", "export the program again")
    if not isinstance(made, dict):
        raise FileFormatError(f"{path} must hold a program, got {type(made).__name__}; export it again")
    return made


def _is_program(name: str) -> bool:
    return (MODELS in f"/{name}" and name.endswith(".json")) or name.rpartition("/")[2] == OLD
