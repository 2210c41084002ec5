"""The order in which nodes can run: the file's own, where it is one."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto


def in_order(graph: GraphProto, known: Collection[str]) -> list[NodeProto]:
    """Return a graph's nodes so that each comes behind those that write what it reads, else as they stand.

    Runtimes take a file whose nodes are not sorted. Nodes that wait for each other come last, as they stand.

    Parameters
    ----------
    known
        Names of tensors that exist beforehand.
    """
    written = set(known)
    if all(_ready(node, written) for node in graph.node):
        return list(graph.node)
    missing: dict[int, set[str]] = {}
    readers: dict[str, list[int]] = {}
    makes = {name for node in graph.node for name in node.output if name}
    for place, node in enumerate(graph.node):
        missing[place] = {name for name in _reads(node) if name in makes}
        for name in missing[place]:
            readers.setdefault(name, []).append(place)
    free = [place for place in sorted(missing, reverse=True) if not missing[place]]
    order: list[int] = []
    while free:
        place = free.pop()
        order.append(place)
        for name in graph.node[place].output:
            for reader in reversed(readers.get(name, [])):
                # a broken file may write a name twice: who waited for it goes on once, or the order never ends
                if name in missing[reader]:
                    missing[reader].remove(name)
                    if not missing[reader]:
                        free.append(reader)
    order += sorted(set(missing) - set(order))
    return [graph.node[place] for place in order]


def _ready(node: NodeProto, written: set[str]) -> bool:
    ready = all(not name or name in written for name in node.input)
    written.update(node.output)
    return ready


def _reads(node: NodeProto) -> set[str]:
    """Return the names that a node reads, those that its branches read from outside included."""
    found = {name for name in node.input if name}
    for attribute in node.attribute:
        for graph in [attribute.g] if attribute.HasField("g") else attribute.graphs:
            for inner in graph.node:
                found |= _reads(inner)
    return found
