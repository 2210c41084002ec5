"""A normal form in which two writings of one network are equal: views and cut-free copies do not count."""

from __future__ import annotations

from collections import Counter

from dsim.graph.graph import Graph, merkle
from dsim.op import OpKind

VIEWS: frozenset[OpKind] = frozenset({OpKind.RESHAPE})


def normal_hash(graph: Graph) -> str:
    """Hash a graph with views looked through: a reshape moves no data."""
    return merkle(graph, skip=VIEWS)


def op_counts(graph: Graph) -> Counter[tuple[str, int, int]]:
    """Count ops that are not views, by (label, MACs, params): what to print when two normal forms differ."""
    return Counter((op.label, op.macs, op.params) for op in graph.ops if op.kind not in VIEWS)
