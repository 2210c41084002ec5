"""Cached results as npz files: arrays, and JSON for what is no array. No pickle."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dsim.errors import DsimError
from dsim.files import make_folder, write_atomic

# what reading a damaged file, or one of another version, may end in
DAMAGED = (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile)


def keep(path: Path, content: bytes | str) -> None:
    """Write a cached result; a cache that cannot be written is no error, the next run finds it out again."""
    try:
        make_folder(path.parent)
        write_atomic(path, content)
    except DsimError:
        return


def keep_arrays(path: Path, head: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
    """Write arrays, and plain values as ``head``."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, head=np.frombuffer(json.dumps(head).encode(), dtype=np.uint8), **arrays)
    keep(path, buffer.getvalue())


def read_arrays(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read head and arrays back; a missing or damaged file ends in one of DAMAGED."""
    # read whole first: np.load leaves a damaged file open
    with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as data:
        arrays = {name: data[name] for name in data.files}
    return json.loads(arrays.pop("head").tobytes()), arrays
