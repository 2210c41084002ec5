"""Put contrasts into a profile that exists, whole or not at all; nothing else of it changes."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from dsim.device.add.write import swap, write_contrasts
from dsim.device.load import load_profile
from dsim.errors import FileAccessError
from dsim.graph.graph import Graph
from dsim.graph.store import load_graphs, save_graphs


def put_contrasts(folder: Path, rows: Sequence[Mapping[str, str]], graphs: Mapping[str, Graph]) -> None:
    """Replace contrasts.csv and add the graphs that it names to graphs.parquet.

    Raises
    ------
    FileAccessError
        The folder cannot be written.
    FileFormatError
        The profile breaks a rule, with the new rows or without; it stays as it was.
    """
    try:
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        new = temporary / folder.name
        shutil.copytree(folder, new)
        write_contrasts(new / "contrasts.csv", rows)
        stored = new / "graphs.parquet"
        save_graphs(stored, (load_graphs(stored) if stored.exists() else {}) | dict(graphs))
        load_profile(new)
        swap(new, folder, temporary / "old")
    except OSError as error:
        raise _unwritable(folder, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _unwritable(folder: Path, error: OSError) -> FileAccessError:
    return FileAccessError(f"{folder} cannot be written: {error.strerror}; make it writable")
