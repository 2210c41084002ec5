"""What a network's structure says: cut points, parallel branches, the longest path, drawings.

Questions about structure go to networkx, through `Graph.digraph`; positions of ops are those in ``graph.nodes``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import networkx as nx

from dsim.errors import InvalidValueError
from dsim.files import write_atomic
from dsim.graph.graph import Graph


@dataclass(frozen=True)
class Fork:
    """Branches that run side by side.

    Attributes
    ----------
    fork
        The op whose result all of them read; None where they begin at different inputs of the network.
    join
        The op where they meet again; None where they end in different outputs of the network.
    branches
        The ops of each branch, in order; an empty one is a shortcut from fork to join.
    """

    fork: int | None
    join: int | None
    branches: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class LongestPath:
    """The most expensive chain of ops that wait for each other: no machine can be faster than this chain.

    Attributes
    ----------
    nodes
        The ops, in order.
    cost
        Their sum.
    whole
        The sum over all ops of the network.
    """

    nodes: tuple[int, ...]
    cost: float
    whole: float

    @property
    def share(self) -> float:
        """The chain's part of the whole, 0 to 1; 1 where nothing costs anything."""
        return self.cost / self.whole if self.whole else 1.0


def cut_points(graph: Graph) -> tuple[int, ...]:
    """Return the ops that every path from input to output runs through, in order: between two of them lies a piece.

    Examples
    --------
    >>> from dsim.arch import get_preset
    >>> graph = get_preset("efficientformer_l1").to_graph()
    >>> graph.nodes[cut_points(graph)[0]].scope
    'stem'
    """
    flow, start, end = _flow(graph)
    before = _dominators(flow, start)
    chain = [before[end]] if end in before else []
    while chain and chain[-1] != start:
        chain.append(before[chain[-1]])
    return tuple(node for node in reversed(chain) if node >= 0)


def parallel_branches(graph: Graph) -> tuple[Fork, ...]:
    """Return every place where a network runs in branches, in the order in which they meet again."""
    flow, start, end = _flow(graph)
    before = _dominators(flow, start)
    return tuple(
        found
        for join in sorted(before)
        if join != start
        and flow.in_degree(join) > 1
        and (found := _fork(flow, before[join], join, start, end))
    )


def longest_path(graph: Graph, costs: Sequence[float] | None = None) -> LongestPath:
    """Return the most expensive chain of ops that wait for each other.

    Parameters
    ----------
    costs
        What each op costs, such as its milliseconds, in the order of ``graph.nodes``; multiply-accumulates by default.

    Raises
    ------
    InvalidValueError
        There is not one cost of 0 or more for each op.
    """
    each = [float(op.macs) for op in graph.ops] if costs is None else [float(cost) for cost in costs]
    if len(each) != len(graph.nodes) or not all(cost >= 0 for cost in each):
        raise InvalidValueError(
            f"a path needs a cost of 0 or more for each of the {len(graph.nodes)} ops, got {len(each)} costs"
            f"{f', the least {min(each):g}' if each else ''}; give one for each op, in order"
        )
    flow, _, end = _flow(graph)
    beyond = sum(each) + 1.0  # no path that stops short of the end is longer
    for _, node, edge in flow.edges(data=True):
        edge["cost"] = beyond if node == end else each[node] if node >= 0 else 0.0
    path = nx.dag_longest_path(flow, weight="cost")
    nodes = tuple(node for node in path if 0 <= node < end)
    return LongestPath(nodes, sum(each[node] for node in nodes), sum(each))


def draw(graph: Graph, path: Path) -> None:
    """Write a drawing into a file: for Graphviz where it ends in .dot or .gv, as text in .txt or without an ending.

    Raises
    ------
    InvalidValueError
        The file's name ends in something else, as a picture's does.
    FileAccessError
        The file cannot be written.
    """
    ending = path.suffix.lower()
    if ending not in {".dot", ".gv", ".txt", ""}:
        raise InvalidValueError(
            f"a drawing of operators is for Graphviz or text, got the file name {path.name!r}; end it in .dot or .txt"
        )
    write_atomic(path, to_dot(graph) if ending in {".dot", ".gv"} else to_text(graph))


def to_dot(graph: Graph) -> str:
    """Return a drawing in Graphviz's language: ``dot -Tsvg`` makes a picture of it."""
    lines = ["digraph network {", "  node [shape=box];"]
    lines += [f'  "{node}" [label="{label}"];' for node, label in _labels(graph).items()]
    lines += [f'  "{a}" -> "{b}";' for a, b in graph.digraph.edges]
    return "\n".join((*lines, "}")) + "\n"


def to_text(graph: Graph) -> str:
    """Return a drawing in plain text, one line for each op, with lines from op to op."""
    view = nx.DiGraph()
    view.add_nodes_from((node, {"label": label}) for node, label in _labels(graph).items())
    view.add_edges_from(graph.digraph.edges)
    return "\n".join(nx.generate_network_text(view)) + "\n"


def _labels(graph: Graph) -> dict[int, str]:
    """Name every input and op, with shapes; whatever a network's author wrote cannot end a label."""
    found = {-1 - k: f"input {k} {spec.shape}" for k, spec in enumerate(graph.inputs)}
    for index, node in enumerate(graph.nodes):
        shapes = ", ".join(str(spec.shape) for spec in node.op.outputs)
        found[index] = f"{index} {node.op.label} {shapes} {node.scope}".strip()
    return {
        node: "".join(c if c.isprintable() and c not in '"\\' else "?" for c in label)
        for node, label in found.items()
    }


def _flow(graph: Graph) -> tuple[nx.DiGraph[int], int, int]:
    """Return the network with one start before all inputs and one end behind all outputs."""
    start, end = -len(graph.inputs) - 1, len(graph.nodes)
    flow = nx.DiGraph(graph.digraph.edges)
    flow.add_edges_from((start, node) for node in range(-len(graph.inputs), 0))
    flow.add_edges_from((start, node) for node, one in enumerate(graph.nodes) if not one.inputs)
    flow.add_edges_from((ref.node, end) for ref in graph.outputs)
    used = {start, end} | (nx.ancestors(flow, end) if end in flow else set())
    return flow.subgraph(used).copy(), start, end


def _dominators(flow: nx.DiGraph[int], start: int) -> dict[int, int]:
    """Return for each op the last one before it that every path to it runs through."""
    found = nx.immediate_dominators(flow, start)
    return {node: before for node, before in found.items() if node != start and before is not None}


def _fork(flow: nx.DiGraph[int], fork: int, join: int, start: int, end: int) -> Fork | None:
    between = nx.descendants(flow, fork) & nx.ancestors(flow, join)
    parts: list[tuple[int, ...]] = sorted(
        tuple(sorted(part)) for part in nx.weakly_connected_components(flow.subgraph(between))
    )
    if flow.has_edge(fork, join):
        parts.insert(0, ())
    if len(parts) < 2:
        return None
    return Fork(None if fork == start else fork, None if join == end else join, tuple(parts))
