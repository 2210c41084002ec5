"""A normal form in which two writings of one network are equal: views, and activations or norms in steps, do not count."""

from __future__ import annotations

from collections import Counter

from dsim.graph.graph import Graph, merkle
from dsim.op import OpKind, Writing

VIEWS: frozenset[OpKind] = frozenset({OpKind.RESHAPE})
# rewrites of one function; QuickGELU in one op is another function than SiLU, which has its kind
REWRITES: frozenset[Writing] = frozenset(Writing) - {Writing.QUICK}


def normal_hash(graph: Graph) -> str:
    """Hash a graph with views and rewrites looked through: a reshape moves no data, and GELU in steps is GELU."""
    return merkle(graph, skip=VIEWS, alike=REWRITES)


def op_counts(graph: Graph) -> Counter[tuple[str, int, int]]:
    """Count ops that are not views, by (label, MACs, params): what to print when two normal forms differ."""
    return Counter((op.label, op.macs, op.params) for op in graph.ops if op.kind not in VIEWS)
