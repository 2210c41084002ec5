"""Many graphs in one compact parquet file: one row a node, compressed; the form of `dsim.graph.serial`."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path

import polars as pl

from dsim.errors import FileAccessError, FileFormatError
from dsim.graph.graph import Graph
from dsim.graph.serial import SCHEMA_VERSION, graph_from_dict, graph_to_dict

_NODE_COLUMNS = ("kind", "inputs", "attrs", "activation", "scope")


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def save_graphs(path: Path, graphs: Mapping[str, Graph]) -> None:
    """Write graphs under their keys.

    A node's references are stored as distances to earlier nodes, which makes repeated blocks repeat in the file.
    """
    rows = []
    for key in sorted(graphs):
        raw = graph_to_dict(graphs[key])
        ends = {"kind": "", "inputs": _compact(raw["inputs"]), "attrs": _compact(raw["outputs"])}
        rows.append({"key": key, "activation": "", "scope": "", **ends})
        for index, node in enumerate(raw["nodes"]):
            near = [[index - ref, slot] if ref >= 0 else [ref, slot] for ref, slot in node["inputs"]]
            rows.append(
                {
                    "key": key,
                    "kind": node["kind"],
                    "inputs": _compact(near),
                    "attrs": _compact(node.get("attrs", {})),
                    "activation": node.get("activation", ""),
                    "scope": node.get("scope", ""),
                }
            )
    columns = ("key", *_NODE_COLUMNS)
    frame = pl.DataFrame({c: pl.Series(c, [row[c] for row in rows], dtype=pl.String) for c in columns})
    frame.write_parquet(path, compression="zstd", compression_level=19)


def load_graphs(path: Path, keys: Collection[str] | None = None) -> dict[str, Graph]:
    """Read graphs back, all of them or those named.

    Raises
    ------
    FileAccessError
        The file cannot be read.
    FileFormatError
        A node does not fit; the message names the file, the graph and the node.
    """
    try:
        lazy = pl.scan_parquet(path)
        if keys is not None:
            lazy = lazy.filter(pl.col("key").is_in(list(keys)))
        frame = lazy.select("key", *_NODE_COLUMNS).collect()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise FileAccessError(f"{path} must be a parquet file of graphs: {error}") from error
    out: dict[str, Graph] = {}
    for (key,), part in frame.group_by("key", maintain_order=True):
        where = f"{path}, graph {key}"
        try:
            head, *nodes = part.rows(named=True)
            raw = {
                "schema_version": SCHEMA_VERSION,
                "inputs": json.loads(head["inputs"]),
                "outputs": json.loads(head["attrs"]),
                "nodes": [_node(index, row) for index, row in enumerate(nodes)],
            }
        except (ValueError, TypeError, KeyError) as error:
            raise FileFormatError(f"{where}: {error}; the file must be written by dsim") from error
        out[str(key)] = graph_from_dict(raw, where)
    return out


def _node(index: int, row: dict[str, str]) -> dict[str, object]:
    refs = [[index - ref, slot] if ref >= 0 else [ref, slot] for ref, slot in json.loads(row["inputs"])]
    return {**row, "inputs": refs, "attrs": json.loads(row["attrs"])}
