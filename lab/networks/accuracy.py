"""Rebuild dsim/data/accuracy/summaries.parquet: what the accuracy model sees of every network in top1.csv.

    python -m lab.networks.accuracy [--graphs FOLDER]

Needs timm (1.0.31 made the stored file). Tracing takes about 20 minutes; with --graphs, graphs are kept in FOLDER and
read back the next time, so that a change of the summary's columns costs seconds. Networks above 150 M parameters are
left out: no phone runs them. Networks are traced as timm builds them, with 1000 classes.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
import polars as pl
import timm
import torch

from dsim.accuracy.summary import COLUMNS, summarise
from dsim.graph import Graph, load_graphs, save_graphs
from dsim.graph.torch_reader import read_module
from lab.networks.ablated import ablated

DATA = Path(__file__).resolve().parents[2] / "dsim" / "data" / "accuracy"
MOST_PARAMS = 150e6
SHARD = 50


def build(name: str, resolution: int) -> torch.nn.Module:
    """Build a network without weights, at an image size."""
    with torch.device("meta"):
        module = timm.create_model(name, num_classes=1000).eval()
        config = module.default_cfg
        if config["input_size"][-1] != resolution and config.get("fixed_input_size"):
            module = timm.create_model(name, num_classes=1000, img_size=resolution).eval()
    return module


def trace(folder: Path | None) -> dict[str, Graph]:
    """Trace what is not in the folder yet."""
    with (DATA / "top1.csv").open(newline="") as stream:
        wanted = sorted({(row["network"], int(row["resolution"])) for row in csv.DictReader(stream)})
    graphs: dict[str, Graph] = {}
    for path in sorted(folder.glob("*.parquet")) if folder else ():
        graphs |= load_graphs(path)
    fresh: dict[str, Graph] = {}
    for name, resolution in wanted:
        key = f"{name}@{resolution}"
        if key in graphs:
            continue
        try:
            module = build(name, resolution)
            if sum(p.numel() for p in module.parameters()) > MOST_PARAMS:
                continue
            fresh[key] = read_module(module, (1, 3, resolution, resolution))
        except Exception as error:
            print(f"{key}: left out, {str(error).splitlines()[0] if str(error) else type(error).__name__}")
        if folder and len(fresh) == SHARD:
            save_graphs(folder / f"{min(fresh)}.parquet", fresh)
            graphs, fresh = graphs | fresh, {}
    if folder and fresh:
        save_graphs(folder / f"{min(fresh)}.parquet", fresh)
    return graphs | fresh


def main() -> None:
    """Trace, sum, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--graphs", type=Path, default=None, help="folder of traced graphs to keep and reuse")
    graphs = trace(parser.parse_args().graphs)
    rows = {key: summarise(graph) for key, graph in graphs.items()}
    rows |= ablated(rows)
    keys = sorted(rows)
    table = np.array([rows[key] for key in keys])
    frame = pl.DataFrame({"key": keys, **{name: table[:, k] for k, name in enumerate(COLUMNS)}})
    frame.write_parquet(DATA / "summaries.parquet", compression="zstd", compression_level=19)
    print(f"{len(keys)} networks")


if __name__ == "__main__":
    main()
