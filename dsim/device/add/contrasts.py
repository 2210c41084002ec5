"""Put contrasts into a profile that exists, whole or not at all; nothing else of it changes."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from dsim.device.add.write import write_contrasts
from dsim.device.load import load_profile
from dsim.errors import FileAccessError
from dsim.graph.graph import Graph
from dsim.graph.store import load_graphs, save_graphs
from dsim.stages import staged


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
        with staged(folder.parent) as stage:
            new = stage.new / folder.name
            shutil.copytree(folder, new)
            write_contrasts(new / "contrasts.csv", rows)
            stored = new / "graphs.parquet"
            save_graphs(stored, (load_graphs(stored) if stored.exists() else {}) | dict(graphs))
            load_profile(new)
            stage.move_in((folder.name,))
    except OSError as error:
        raise FileAccessError(f"{folder} cannot be written: {error.strerror}; make it writable") from error
