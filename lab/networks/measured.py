"""Trace every network that a profile names and that is stored nowhere yet into dsim/data/graphs.

Usage: python -m lab.networks.measured [--again] [KEY...]     (needs timm; pytorchcv for cv- keys, torchvision for tv- keys)

Keys: ``name@res`` from timm, branches merged; ``name+unfused@res`` as timm builds it; ``cv-name@res`` from pytorchcv,
``tv-name@res`` from torchvision's model code, ``hf-name@res`` from `measured_networks`. Without keys, every one that a profile
names. What is stored is left alone, so the run can be broken off and taken up again; with ``--again`` (after the reader has
learned something) it is traced anew where it stands. Networks timed on iPhones have
their own script, trace_networks.py, which also builds their variants.
"""

from __future__ import annotations

import csv
import importlib
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import polars as pl
import torch
from torch import nn

from dsim.graph.graph import Graph
from dsim.graph.key import split_key
from dsim.graph.store import load_graphs, save_graphs
from dsim.graph.torch_reader import read_module

ROOT = Path(__file__).resolve().parents[2]

FOLDER = ROOT / "dsim" / "data" / "graphs"
SAVE_EACH = 40


def from_pytorchcv(name: str, size: int) -> nn.Module:
    """Build a network of pytorchcv."""
    get_model: Callable[..., nn.Module] = importlib.import_module("pytorchcv.model_provider").get_model
    return get_model(name, in_size=(size, size)) if size != 224 else get_model(name)


def from_torchvision(name: str, size: int) -> nn.Module:
    """Build a network of torchvision; its auxiliary heads do not run."""
    builder: Callable[..., nn.Module] = getattr(importlib.import_module("torchvision.models"), name)
    return builder(aux_logits=False, init_weights=False) if name == "googlenet" else builder()


def from_measured(name: str, size: int) -> nn.Module:
    """Build a network written here from its paper's shapes."""
    build: Callable[[str, int], nn.Module] = importlib.import_module("lab.networks.transformers").build
    return build(name, size)


def from_timm(name: str, size: int) -> nn.Module:
    """Build a network of timm at a resolution, with branches merged unless the name says not to."""
    timm = importlib.import_module("timm")
    plain, _, form = name.partition("+")
    model = timm.create_model(plain, num_classes=1000)
    if model.default_cfg["input_size"][-1] != size:
        with suppress(TypeError):  # a network without a fixed input
            model = timm.create_model(plain, num_classes=1000, img_size=size)
    model.eval()
    if form == "unfused":
        return model
    return importlib.import_module("timm.utils.model").reparameterize_model(model)


BUILDERS: dict[str, Callable[[str, int], nn.Module]] = {
    "cv": from_pytorchcv,
    "tv": from_torchvision,
    "hf": from_measured,
    "timm": from_timm,
}


def kind_of(key: str) -> str:
    """Tell where a key's network comes from."""
    prefix = key.partition("-")[0]
    return prefix if prefix in BUILDERS else "timm"


def named_keys() -> set[str]:
    """Return every key that a profile names, in networks, contrasts or measured ops."""
    keys: set[str] = set()
    folder = ROOT / "device_profiles"
    for path in (*folder.rglob("networks.csv"), *folder.rglob("contrasts.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                keys |= {row[c] for c in ("graph", "graph_a", "graph_b") if row.get(c)}
    for path in folder.rglob("ops.parquet"):
        keys |= {k for k in pl.read_parquet(path, columns=["network"])["network"].unique() if k}
    return keys


def save(fresh: dict[str, Graph], holders: dict[str, Path]) -> None:
    """Put graphs where they are stored, new ones into the files of their kinds."""
    by_path: dict[Path, dict[str, Graph]] = {}
    for key, graph in fresh.items():
        kind = kind_of(key)
        default = FOLDER / ("timm-more.parquet" if kind == "timm" else f"{kind}.parquet")
        by_path.setdefault(holders.get(key, default), {})[key] = graph
    for path, graphs in by_path.items():
        save_graphs(path, (load_graphs(path) if path.exists() else {}) | graphs)


def main() -> None:
    """Trace what is missing and name what cannot be traced."""
    holders: dict[str, Path] = {}
    for path in FOLDER.glob("*.parquet"):
        holders |= dict.fromkeys(pl.read_parquet(path, columns=["key"])["key"].unique(), path)
    again = "--again" in sys.argv
    left = {key for key, path in holders.items() if not again or path.stem == "iphones"}
    fresh: dict[str, Graph] = {}
    for key in sorted((set(sys.argv[1:]) - {"--again"} or named_keys()) - left):
        kind, start = kind_of(key), time.time()
        name, size = split_key(key)
        try:
            with torch.device("cpu" if kind in ("cv", "tv") else "meta"):
                model = BUILDERS[kind](name.removeprefix(f"{kind}-"), int(size)).eval()
            graph = read_module(model, (1, 3, int(size), int(size)))
        except Exception as error:
            print(f"{key}: NOT TRACED: {type(error).__name__} {str(error)[:150]}", flush=True)
            continue
        fresh[key] = graph
        print(f"{key}: {len(graph.nodes)} ops, {graph.params / 1e6:.3f} M, {graph.macs / 1e9:.3f} G, "
              f"{sorted(set(graph.unknown))} {time.time() - start:.1f}s", flush=True)  # fmt: skip
        if len(fresh) == SAVE_EACH:
            save(fresh, holders)
            fresh = {}
    save(fresh, holders)


if __name__ == "__main__":
    main()
