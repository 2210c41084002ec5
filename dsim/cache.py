"""What was learned once is kept in files of the cache, and read where nothing that it rests on has changed.

A file's name holds a mark: a hash of the data that the result rests on, and the format of fits (`fit_format`), which is
raised whenever the same data give another result. A cache is a help and never a need: a file that is missing, empty,
half-written or damaged is made anew, and one that cannot be written is passed over. Files are moved into place whole, so
that two processes may keep the same result at once.
"""

from __future__ import annotations

import io
import json
import tomllib
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from dsim.errors import DsimError
from dsim.files import check_folder, make_folder, write_atomic
from dsim.places import cache_dir

T = TypeVar("T")
FITS = Path(__file__).resolve().parent / "data" / "fits.toml"
MARK = 24  # hexadecimal digits of a mark in a file's name


@lru_cache(maxsize=1)
def fit_format() -> int:
    """Return the format of fits: a number that is raised where the same data give another result.

    It stands in ``dsim/data/fits.toml`` beside digits of fits, which a test compares with fresh ones.
    """
    return int(tomllib.loads(FITS.read_text(encoding="utf-8"))["format"])


def kept(
    kind: str,
    name: str,
    mark: str,
    make: Callable[[], T],
    write: Callable[[T], bytes],
    read: Callable[[bytes], T],
) -> T:
    """Return what the cache holds, or make it and keep it.

    Parameters
    ----------
    kind, name, mark
        What the file is called: a folder of the cache, what the result is of, and a hash of what it rests on.
    make
        Makes the result.
    write, read
        Turn a result into the bytes of a file and back; `dsim.records` does it for records.
    """
    path = cache_file(kind, name, mark)
    found = _read(path, read)
    if found is None:
        found = (make(),)
        keep(path, write(found[0]))
    return found[0]


def cache_file(kind: str, name: str, mark: str) -> Path:
    """Return where a result is kept, whether it is there or not."""
    return cache_dir() / kind / f"{name}-{mark[:MARK]}"


def look_up(path: Path, read: Callable[[bytes], T]) -> T | None:
    """Return what a file of the cache holds; None where it is missing or damaged."""
    found = _read(path, read)
    return found[0] if found else None


def _read(path: Path, read: Callable[[bytes], T]) -> tuple[T] | None:
    try:
        return (read(path.read_bytes()),)
    except Exception:  # whatever a damaged file ends in, what it held is made anew
        return None


def keep(path: Path, content: bytes) -> None:
    """Write a file of the cache; failing to write it is not an error: the next run makes the result again."""
    try:
        make_folder(path.parent)
        write_atomic(path, content)
    except DsimError:
        return


def can_keep() -> bool:
    """Whether what is made now will be found the next time: the cache's folder can be made and written."""
    try:
        check_folder(cache_dir())
    except DsimError:
        return False
    return True


def arrays_to_bytes(head: Mapping[str, Any], arrays: Mapping[str, Any]) -> bytes:
    """Write arrays, and plain values as ``head``, in numpy's npz form. No pickle."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, head=np.frombuffer(json.dumps(head).encode(), dtype=np.uint8), **arrays)
    return buffer.getvalue()


def arrays_from_bytes(content: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read head and arrays back; of damaged content ends in an error of whatever kind."""
    with np.load(io.BytesIO(content), allow_pickle=False) as data:
        arrays = {name: data[name] for name in data.files}
    return json.loads(arrays.pop("head").tobytes()), arrays
