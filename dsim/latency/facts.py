"""What is learned from in a measured network: its vectors and its kernels by kind.

Reading a thousand graphs and running a runtime's passes over them takes longer than learning from them. What comes out
depends on nothing but the graph and the passes, so it comes with dsim (``dsim/data/facts.npz``, made by
``lab/validate/facts.py``) for the networks and passes that most profiles need; tests make it anew and compare.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from dsim.cache import arrays_to_bytes
from dsim.graph.graph import Graph
from dsim.latency.features import FloatArray, total
from dsim.latency.kernel import Kernel
from dsim.latency.methods.fine.costs import total as fine_total
from dsim.latency.seen import Kinds, SeenInNetworks
from dsim.op import OpKind

DATA = Path(__file__).resolve().parents[1] / "data"
GRAPHS = DATA / "graphs"
FILE = DATA / "facts.npz"


@dataclass(frozen=True)
class Facts:
    """What one network holds after a runtime's passes.

    Attributes
    ----------
    vector, fine
        Vectors (F,) of `dsim.latency.features` and of `dsim.latency.methods.fine.costs`.
    kinds
        Its kernels by kind.
    labels
        The kinds of its operators, and the activations that were fused into them.
    outside
        Names of its operators outside dsim's vocabulary.
    """

    vector: FloatArray
    fine: FloatArray
    kinds: Kinds
    labels: frozenset[str]
    outside: frozenset[str]


def facts_of(run: Graph) -> Facts:
    """Find the facts of a graph that the passes have been over."""
    kinds = {str(op.kind) for op in run.ops} | {str(op.activation) for op in run.ops if op.activation}
    outside = {op.label for op in run.ops if op.kind is OpKind.UNKNOWN}
    return Facts(
        total(run),
        fine_total(run),
        SeenInNetworks.kinds_in(Kernel(op) for op in run.ops),
        frozenset(kinds),
        frozenset(outside),
    )


def shipped(keys: Collection[str], passes: tuple[str, ...]) -> dict[str, Facts]:
    """Return the facts that come with dsim of those networks that it has them for."""
    try:
        found = _shipped(passes)
    except (OSError, ValueError, KeyError):
        return {}  # a help and never a need
    return {key: found[key] for key in keys if key in found}


@lru_cache(maxsize=2)
def _shipped(passes: tuple[str, ...]) -> dict[str, Facts]:
    with np.load(FILE, allow_pickle=False) as data:
        head = json.loads(data["head"].tobytes())
        if head["graphs"] != graphs_hash() or list(passes) not in head["passes"]:
            return {}
        at = head["passes"].index(list(passes))
        part = {name: data[f"{name}_{at}"] for name in _PARTS}
        prints = data["prints"]
    about = head["networks"][at]
    marks = np.split(prints[part["print"]], part["print_ends"])
    kinds = np.split(part["kind"], part["kind_ends"])
    sizes = np.split(part["sizes"], part["kind_ends"])
    return {
        key: Facts(
            part["vector"][n],
            part["fine"][n],
            (
                frozenset(marks[n].tolist()),
                tuple(
                    (head["classes"][kind], low, high)
                    for kind, (low, high) in zip(kinds[n].tolist(), sizes[n].tolist(), strict=True)
                ),
            ),
            frozenset(about["labels"][n]),
            frozenset(about["outside"][n]),
        )
        for n, key in enumerate(about["keys"])
    }


_PARTS = ("vector", "fine", "print", "print_ends", "kind", "kind_ends", "sizes")


@lru_cache(maxsize=1)
def graphs_hash() -> str:
    """Hash the graphs that come with dsim."""
    digest = hashlib.sha256()
    for path in sorted(GRAPHS.glob("*.parquet")):
        digest.update(f"{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def facts_to_bytes(found: Mapping[tuple[str, ...], Mapping[str, Facts]]) -> bytes:
    """Write the facts of networks by passes and key."""
    every = [facts for by_key in found.values() for facts in by_key.values()]
    prints = np.array(sorted(set().union(*(facts.kinds[0] for facts in every))), dtype=np.int64)
    classes = sorted({name for facts in every for name, _, _ in facts.kinds[1]})
    head: dict[str, Any] = {
        "graphs": graphs_hash(),
        "passes": [list(passes) for passes in found],
        "classes": classes,
        "networks": [],
    }
    arrays: dict[str, Any] = {"prints": prints}
    place = {name: n for n, name in enumerate(classes)}
    for at, by_key in enumerate(found.values()):
        keys = sorted(by_key)
        facts = [by_key[key] for key in keys]
        marks = [np.searchsorted(prints, sorted(one.kinds[0])) for one in facts]
        head["networks"].append(
            {
                "keys": keys,
                "labels": [sorted(one.labels) for one in facts],
                "outside": [sorted(one.outside) for one in facts],
            }
        )
        arrays |= {
            f"vector_{at}": np.array([one.vector for one in facts]),
            f"fine_{at}": np.array([one.fine for one in facts]),
            f"print_{at}": np.concatenate(marks).astype(np.int32),
            f"print_ends_{at}": np.cumsum([len(mark) for mark in marks])[:-1],
            f"kind_{at}": np.array(
                [place[name] for one in facts for name, _, _ in one.kinds[1]], dtype=np.int16
            ),
            f"kind_ends_{at}": np.cumsum([len(one.kinds[1]) for one in facts])[:-1],
            f"sizes_{at}": np.array([[low, high] for one in facts for _, low, high in one.kinds[1]]),
        }
    return arrays_to_bytes(head, arrays)
