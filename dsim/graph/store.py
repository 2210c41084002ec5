"""Many graphs in one compact parquet file: one row a node, compressed; the form of `dsim.graph.serial`."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path

from dsim.attrs import Attrs
from dsim.errors import FileAccessError, FileFormatError, InvalidValueError
from dsim.graph.graph import Graph, Ref
from dsim.graph.serial import WRITTEN, NodeParts, Shape, assemble, graph_to_dict
from dsim.op import ATTRS_OF, OpKind, Writing
from dsim.records import from_json, from_plain, shown

_NODE_COLUMNS = ("kind", "inputs", "attrs", "activation", "scope")
_WRITING = "writing"  # a column of those files alone in which some op is not written as usual


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def save_graphs(path: Path, graphs: Mapping[str, Graph]) -> None:
    """Write graphs under their keys.

    A node's references are stored as distances to earlier nodes, which makes repeated blocks repeat in the file.
    """
    import polars as pl  # slow to import, and an answer from the cache reads no graphs

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
                    _WRITING: node.get(_WRITING, ""),
                }
            )
    columns = ("key", *_NODE_COLUMNS, *((_WRITING,) if any(row.get(_WRITING) for row in rows) else ()))
    frame = pl.DataFrame(
        {c: pl.Series(c, [row.get(c, "") for row in rows], dtype=pl.String) for c in columns}
    )
    frame.write_parquet(path, compression="zstd", compression_level=19)


def graph_keys(path: Path) -> tuple[str, ...]:
    """Return the keys of the graphs in a file of our own, in alphabetical order."""
    import polars as pl  # slow to import, and an answer from the cache reads no graphs

    return tuple(sorted(pl.read_parquet(path, columns=["key"])["key"].unique()))


def load_graphs(path: Path, keys: Collection[str] | None = None) -> dict[str, Graph]:
    """Read graphs back, all of them or those named; names that the file does not hold are left out.

    Raises
    ------
    FileAccessError
        The file cannot be read.
    FileFormatError
        It is not a file of graphs, or a node does not fit; the message names the file, the graph and the node.
    """
    import polars as pl  # slow to import, and an answer from the cache reads no graphs

    try:
        lazy = pl.scan_parquet(path)
        if keys is not None:
            lazy = lazy.filter(pl.col("key").is_in(list(keys)))
        known = [_WRITING] if _WRITING in lazy.collect_schema() else []
        frame = lazy.select("key", *_NODE_COLUMNS, *known).collect()
    except OSError as error:
        raise FileAccessError(f"{path} cannot be read: {error}; check the path") from error
    except pl.exceptions.PolarsError as error:
        raise FileFormatError(
            f"{path} must be a parquet file of graphs: {str(error).splitlines()[0]}; write it with save_graphs"
        ) from error
    if any(kind != pl.String for kind in frame.dtypes) or any(frame.null_count().row(0)):
        raise FileFormatError(f"{path}: every column holds text in every row; write it with save_graphs")
    out: dict[str, Graph] = {}
    for (key,), part in frame.group_by("key", maintain_order=True):
        where = f"{path}, graph {key}"
        head, *rows = part.drop("key").rows()
        inputs = from_json(tuple[Shape, ...], head[1], f"{where}, inputs", WRITTEN)
        outputs = from_json(tuple[Ref, ...], head[2], f"{where}, outputs", WRITTEN)
        out[str(key)] = assemble(
            inputs, (_parts(index, *row) for index, row in enumerate(rows)), outputs, where
        )
    return out


@lru_cache(maxsize=2**12)  # rows repeat, and what is given is frozen
def _attrs(kind: OpKind, text: str) -> Attrs:
    return from_json(ATTRS_OF[kind], text, ATTRS_OF[kind].__name__)


@lru_cache(maxsize=2**12)
def _distances(text: str) -> tuple[Ref, ...]:
    return from_json(tuple[Ref, ...], text, "inputs")


@lru_cache(maxsize=2**8)
def _kind(text: str, what: str) -> OpKind:
    return from_plain(OpKind, text, what)


@lru_cache(maxsize=2**8)
def _written(text: str) -> Writing:
    return from_plain(Writing, text, _WRITING)


def _parts(
    index: int, kind: str, inputs: str, attrs: str, activation: str, scope: str, writing: str = ""
) -> NodeParts:
    known = _kind(kind, "kind")
    refs = _distances(inputs)
    if any(ref.node > index for ref in refs):
        raise InvalidValueError(
            f"a node reads tensors made before it, got distances {shown(inputs)}; correct them"
        )
    near = tuple(Ref(index - ref.node, ref.slot) if ref.node >= 0 else ref for ref in refs)
    fused = _kind(activation, "activation") if activation else None
    return NodeParts(known, _attrs(known, attrs), near, fused, scope, _written(writing) if writing else None)
