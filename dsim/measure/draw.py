"""Draw designs from a search space, and order reference networks so that the first ones cover most."""

from __future__ import annotations

import random
from functools import lru_cache

from dsim.arch import Arch
from dsim.graph import Graph
from dsim.graph.key import NetworkKey
from dsim.graph.store import graph_keys, load_graphs
from dsim.latency.facts import GRAPHS
from dsim.latency.families import load_families
from dsim.latency.kernel import Kernel
from dsim.latency.methods.operators.seen import group_of
from dsim.measure.network import can_run
from dsim.measure.planned import Planned
from dsim.search.random_designs import random_design
from dsim.search.space import Space

MOST_MACS = 3.5e9  # of a design or a reference network: a run must stay short
LEAST_MACS = 5e7
MOST_WEIGHTS = 1e8
SIDE = 224


def draw_design(rng: random.Random, space: Space) -> Arch:
    """Draw one design: every choice is equally likely, widths never shrink, and it has at most MOST_MACS."""
    while True:
        arch = random_design(rng, space, growing=True)
        if arch.to_graph().macs <= MOST_MACS:
            return arch


def groups_in(graph: Graph) -> frozenset[str]:
    """Return the groups of ops that a graph holds: those that must be timed to predict it."""
    return frozenset(group_of(Kernel(op)) for op in graph.ops if op.outputs)


@lru_cache(maxsize=1)
def reference_networks() -> tuple[Planned, ...]:
    """Return the stored networks that can be run, in the order in which to time them.

    Families take turns; within a family the network comes first that adds most kinds of op to those before it.
    """
    families = load_families()
    by_family: dict[str, list[tuple[Planned, frozenset[str]]]] = {}
    for path in sorted(GRAPHS.glob("*.parquet")):
        for key, graph in load_graphs(path, [key for key in graph_keys(path) if _wanted(key)]).items():
            small = LEAST_MACS <= graph.macs <= MOST_MACS and graph.params <= MOST_WEIGHTS
            if small and can_run(graph):
                name = NetworkKey.of(key).name
                by_family.setdefault(families.get(name, name), []).append(
                    (Planned(key, read=graph), groups_in(graph))
                )
    seen: set[str] = set()
    out: list[Planned] = []
    while by_family:
        for family in sorted(by_family, key=lambda name: (-_gain(by_family[name], seen), name)):
            rest = by_family[family]
            best = max(rest, key=lambda item: (len(item[1] - seen), item[0].key))
            seen |= best[1]
            out.append(best[0])
            rest.remove(best)
            if not rest:
                del by_family[family]
    return tuple(out)


def _wanted(key: str) -> bool:
    return key.endswith(f"@{SIDE}") and not key.startswith("probe")


def _gain(rest: list[tuple[Planned, frozenset[str]]], seen: set[str]) -> int:
    return max(len(groups - seen) for _, groups in rest)
