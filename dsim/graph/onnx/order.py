"""The order in which nodes can run: the file's own, where it is one."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

CIRCLES = -1  # stands before all nodes that wait for themselves


def in_order(graph: GraphProto, known: Collection[str]) -> list[NodeProto]:
    """Return a graph's nodes so that each comes behind those that write what it reads, else as they stand.

    Runtimes take a file whose nodes are not sorted. Nodes that wait for themselves, and those behind them, come last, as
    they stand.

    Parameters
    ----------
    known
        Names of tensors that exist beforehand.
    """
    maker = {name: place for place, node in enumerate(graph.node) for name in node.output if name}
    reads = [[name for name in reads_of(node) if name in maker] for node in graph.node]
    written = set(known)
    if all(_ready(node, wanted, written) for node, wanted in zip(graph.node, reads, strict=True)):
        return list(graph.node)
    import networkx as nx  # slow to import, and nearly every file is sorted

    waits = nx.DiGraph()
    waits.add_nodes_from(range(len(graph.node)))
    waits.add_edges_from((maker[name], place) for place, wanted in enumerate(reads) for name in wanted)
    circles = [part for part in nx.strongly_connected_components(waits) if len(part) > 1]
    waits.add_node(CIRCLES)
    waits.add_edges_from((CIRCLES, place) for place in list(nx.nodes_with_selfloops(waits)))
    waits.add_edges_from((CIRCLES, place) for part in circles for place in part)
    stuck = nx.descendants(waits, CIRCLES)
    waits.remove_nodes_from([*stuck, CIRCLES])
    return [graph.node[place] for place in (*nx.lexicographical_topological_sort(waits), *sorted(stuck))]


def _ready(node: NodeProto, wanted: Iterable[str], written: set[str]) -> bool:
    ready = written.issuperset(wanted)
    written.update(node.output)
    return ready


def reads_of(node: NodeProto) -> set[str]:
    """Return the names that a node reads, those that its branches read from outside included."""
    found = {name for name in node.input if name}
    for attribute in node.attribute:
        for graph in [attribute.g] if attribute.HasField("g") else attribute.graphs:
            for inner in graph.node:
                found |= reads_of(inner)
    return found
