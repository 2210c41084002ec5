"""Make dsim/data/accuracy/summaries.parquet: what the accuracy model sees of every network in top1.csv.

``python -m lab.networks.summaries [--graphs FOLDER] [--new]``. Tracing takes about 20 minutes; with ``--graphs``, graphs are kept in FOLDER
and read back the next time, so that a change of the summary's columns costs seconds. ``--new`` keeps the rows that are there, and
traces only what top1.csv names and the table lacks. Networks above 150 M parameters are left out:
no phone runs them. Networks are as timm builds them, with 1,000 classes and branches not merged.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from dsim.accuracy.summary import COLUMNS, FloatArray, summarise
from dsim.accuracy.tables import read_rows
from dsim.files import make_folder
from dsim.graph import Graph, load_graphs, save_graphs
from dsim.graph.key import NetworkKey
from lab.networks.ablated import ablated
from lab.networks.builders import UNFUSED
from lab.networks.trace import trace_all
from lab.places import ROOT

FILE = ROOT / "dsim" / "data" / "accuracy" / "summaries.parquet"
MOST_PARAMS = 150e6


def traced(wanted: Sequence[NetworkKey], folder: Path | None) -> dict[str, Graph]:
    """Return the graphs of networks by key, after tracing those that the folder does not hold yet."""
    graphs: dict[str, Graph] = {}
    if folder is not None:
        make_folder(folder)
        for path in sorted(folder.glob("*.parquet")):
            graphs |= load_graphs(path)

    def keep(fresh: dict[str, Graph]) -> None:
        graphs.update(fresh)
        if folder is not None:
            save_graphs(folder / f"{min(fresh)}.parquet", fresh)

    plain = {str(key): str(NetworkKey(f"{key.name}+{UNFUSED}", key.px)) for key in wanted}
    trace_all((one for one in plain.values() if one not in graphs), keep, MOST_PARAMS)
    return {key: graphs[one] for key, one in plain.items() if one in graphs}


def table(rows: dict[str, FloatArray]) -> pl.DataFrame:
    """Return summaries by key as a table."""
    keys = sorted(rows)
    values = np.array([rows[key] for key in keys])
    return pl.DataFrame({"key": keys, **{name: values[:, n] for n, name in enumerate(COLUMNS)}})


def kept(made: pl.DataFrame) -> dict[str, FloatArray]:
    """Return the summaries of a table by key."""
    values = made.select(COLUMNS).to_numpy()
    return dict(zip(made["key"], values, strict=True))


def main(arguments: Sequence[str] | None = None) -> int:
    """Trace, sum up, write."""
    parser = argparse.ArgumentParser(prog="python -m lab.networks.summaries", description=__doc__)
    parser.add_argument("--graphs", type=Path, default=None, help="folder of traced graphs to keep and reuse")
    parser.add_argument("--new", action="store_true", help="keep the rows that are there")
    given = parser.parse_args(arguments)
    rows = kept(pl.read_parquet(FILE)) if given.new else {}
    named = {NetworkKey(row["network"], int(row["resolution"])) for row in read_rows("top1.csv")}
    wanted = sorted(key for key in named if str(key) not in rows)
    rows |= {key: summarise(graph) for key, graph in traced(wanted, given.graphs).items()}
    made = table(rows | ablated(rows))
    made.write_parquet(FILE, compression="zstd", compression_level=19)
    print(f"{made.height} networks")
    return 0


if __name__ == "__main__":
    sys.exit(main())
