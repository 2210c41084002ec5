"""Networks as files: which reader takes which, by the end of the name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dsim.errors import FileFormatError, InvalidValueError
from dsim.graph.foreign import said_of_foreign
from dsim.graph.graph import Graph
from dsim.graph.inputs import Given

Reader = Callable[[Path, Given], Graph]


def _onnx(path: Path, asked: Given) -> Graph:
    from dsim.graph.onnx import read_onnx  # every reader is deferred: each needs a package of its own

    return read_onnx(path, asked)


def _tflite(path: Path, asked: Given) -> Graph:
    from dsim.graph.tflite import read_tflite

    return read_tflite(path, asked)


def _pt2(path: Path, asked: Given) -> Graph:
    from dsim.graph.pt2 import read_pt2

    return read_pt2(path, asked)


def _coreml(path: Path, asked: Given) -> Graph:
    from dsim.graph.coreml import read_coreml

    return read_coreml(path, asked)


READERS: dict[str, Reader] = {
    ".onnx": _onnx,
    ".tflite": _tflite,
    ".mlpackage": _coreml,
    ".mlmodel": _coreml,
    ".pt2": _pt2,
}
SUFFIXES = tuple(READERS)
MARKS: dict[str, tuple[int, bytes]] = {
    ".tflite": (4, b"TFL3"),
    ".pt2": (0, b"PK\x03\x04"),
}  # where a file has which bytes


def is_network_file(name: str | Path) -> bool:
    """Tell whether a name is that of a network's file."""
    return str(name).rstrip("/").lower().endswith(SUFFIXES)


def read_file(path: str | Path, asked: Given = None) -> Graph:
    """Read the graph that a file describes. Files are data: nothing in them is run.

    Parameters
    ----------
    path
        Ends in one of ``SUFFIXES``.
    asked
        Shapes of its inputs, None for the file's own.

    Raises
    ------
    InvalidValueError
        No reader takes a file of this name.
    FileFormatError, FileAccessError, MissingPackageError, UnsupportedOpError
        The file cannot be read; see the reader of its format.
    """
    place = Path(path)
    suffix = place.suffix.lower()
    if said := said_of_foreign(path):
        raise FileFormatError(f"{path} {said}")
    if suffix not in READERS:
        raise InvalidValueError(
            f"a network's file must end in {', '.join(SUFFIXES)}, got {str(path)!r}; export the network, or pass a module"
        )
    other = _by_content(place)
    if other and other != suffix:
        raise FileFormatError(
            f"{path} must hold what its name says, and begins like a {other} file; name it {place.stem}{other}"
        )
    return READERS[suffix](place, asked)


def _by_content(path: Path) -> str:
    """Return the ending that a file's first bytes belong to; "" where they tell nothing."""
    if not path.is_file():
        return ""
    try:
        with path.open("rb") as file:
            first = file.read(8)
    except OSError:
        return ""  # its reader says why
    return next(
        (suffix for suffix, (start, mark) in MARKS.items() if first[start : start + len(mark)] == mark), ""
    )
