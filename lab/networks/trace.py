"""Trace every network that a profile names and that is stored nowhere yet into dsim/data/graphs.

``python -m lab.networks.trace [KEY...]`` takes the keys given, or every one that a profile names (builders.py says what a key
stands for). What is stored is left alone, so that a run can be broken off and taken up again. ``--again`` traces it anew where it
stands, after the reader has learned something; every profile that rests on it is then learned anew, too. ``--compare`` stores
nothing, and says which stored networks a fresh trace would give other operators, parameters or MACs.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import polars as pl

from dsim.graph.graph import Graph
from dsim.graph.key import NetworkKey
from dsim.graph.store import graph_keys, load_graphs, save_graphs
from dsim.graph.torch_reader import read_module
from dsim.latency.facts import GRAPHS
from dsim.places import bundled_profiles_dir
from lab.networks.builders import build, source_of

SAVE_EACH = 40


def trace_all(
    keys: Iterable[str], keep: Callable[[dict[str, Graph]], None], most_params: float = math.inf
) -> list[str]:
    """Trace networks, hand them on, some at a time, and return those that cannot be traced.

    Parameters
    ----------
    keys
        Of the networks; `lab.networks.builders` says what they stand for.
    keep
        Takes traced graphs by key.
    most_params
        Larger networks are left out.
    """
    fresh: dict[str, Graph] = {}
    failed = []
    for key in keys:
        start = time.monotonic()
        try:
            parts = NetworkKey.of(key)
            model = build(parts)
            if sum(p.numel() for p in model.parameters()) > most_params:
                continue
            graph = read_module(model, (1, 3, parts.px, parts.px))
        except ModuleNotFoundError:
            raise
        except Exception as error:
            told = str(error).splitlines() or [""]
            print(f"{key}: NOT TRACED: {type(error).__name__} {told[0][:150]}", flush=True)
            failed.append(key)
            continue
        fresh[key] = graph
        print(f"{key}: {size_of(graph)}, {time.monotonic() - start:.1f} s", flush=True)
        if len(fresh) == SAVE_EACH:
            keep(fresh)
            fresh = {}
    if fresh:
        keep(fresh)
    return failed


def size_of(graph: Graph) -> str:
    """Return how large a network is, in words."""
    unknown = f", unknown: {', '.join(sorted(set(graph.unknown)))}" if graph.unknown else ""
    return f"{len(graph.nodes)} ops, {graph.params / 1e6:.3f} M, {graph.macs / 1e9:.3f} G{unknown}"


def named_keys(profiles: Path) -> set[str]:
    """Return every key that a profile names in networks, contrasts or measured ops, and does not store itself."""
    return {key for folder in profiles.rglob("*") if folder.is_dir() for key in _named_in(folder)}


def _named_in(folder: Path) -> set[str]:
    keys: set[str] = set()
    for path in (folder / "networks.csv", folder / "contrasts.csv"):
        if path.exists():
            for row in pl.read_csv(path, infer_schema=False).iter_rows(named=True):
                keys |= {row[column] for column in ("graph", "graph_a", "graph_b") if row.get(column)}
    ops, own = folder / "ops.parquet", folder / "graphs.parquet"
    if ops.exists():
        keys |= {key for key in pl.read_parquet(ops, columns=["network"])["network"].unique() if key}
    return keys - set(graph_keys(own) if own.exists() else ())


def _holders() -> dict[str, Path]:
    """Return the file in which each stored network lies."""
    return {key: path for path in sorted(GRAPHS.glob("*.parquet")) for key in graph_keys(path)}


def _save(fresh: dict[str, Graph], holders: dict[str, Path]) -> None:
    """Put graphs where they are stored, new ones into the files of their sources."""
    by_path: dict[Path, dict[str, Graph]] = {}
    for key, graph in fresh.items():
        source = source_of(key)
        default = GRAPHS / ("timm-more.parquet" if source == "timm" else f"{source}.parquet")
        by_path.setdefault(holders.get(key, default), {})[key] = graph
    for path, graphs in by_path.items():
        save_graphs(path, (load_graphs(path) if path.exists() else {}) | graphs)


def _differ(fresh: dict[str, Graph], holders: dict[str, Path]) -> list[str]:
    """Return the stored networks whose fresh graph has other operators, parameters or MACs, in words."""
    out = []
    for path in sorted({holders[key] for key in fresh}):
        stored = load_graphs(path)
        for key in sorted(fresh.keys() & stored.keys()):
            old, new = stored[key], fresh[key]
            same = [node.op.kind for node in old.nodes] == [node.op.kind for node in new.nodes]
            if not same or (old.params, old.macs) != (new.params, new.macs):
                out.append(f"{key}: stored {size_of(old)}, traced {size_of(new)}")
    return out


def main(arguments: Sequence[str] | None = None) -> int:
    """Trace what is missing, or what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m lab.networks.trace", description=__doc__)
    parser.add_argument("keys", nargs="*", metavar="KEY", help="name@px; without any, all that profiles name")
    parser.add_argument("--again", action="store_true", help="trace what is stored anew")
    parser.add_argument("--compare", action="store_true", help="compare fresh traces with what is stored")
    given = parser.parse_args(arguments)
    holders = _holders()
    wanted = set(given.keys) or named_keys(bundled_profiles_dir())
    if given.compare:
        lines: list[str] = []
        failed = trace_all(
            sorted(wanted & holders.keys()), lambda fresh: lines.extend(_differ(fresh, holders))
        )
        print("\n".join(lines) or "nothing differs")
        return int(bool(lines or failed))
    left = set() if given.again else holders.keys()
    return int(bool(trace_all(sorted(wanted - left), lambda fresh: _save(fresh, holders))))


if __name__ == "__main__":
    sys.exit(main())
