"""The one way in which passes change a graph: replace some ops, remove others, renumber the rest."""

from __future__ import annotations

from collections.abc import Container, Mapping

from dsim.errors import InvalidValueError
from dsim.graph.graph import Graph, Node, Ref
from dsim.graph.shapes import infer_outputs
from dsim.op import Op


def rewrite(graph: Graph, replace: Mapping[int, Op], remove: Mapping[int, Ref]) -> Graph:
    """Return a graph with some ops replaced and some removed.

    Parameters
    ----------
    replace
        Node index to the op that takes its place, with the same shapes.
    remove
        Node index to the tensor that its readers read from now on (it may belong to a removed node too).

    Raises
    ------
    InvalidValueError
        A replacement has other shapes, or readers of a removed node would read another shape.
    """
    if not replace and not remove:
        return graph
    _check(graph, replace, remove)
    moved: dict[int, int] = {}
    nodes: list[Node] = []

    def follow(ref: Ref) -> Ref:
        while ref.node in remove:
            ref = remove[ref.node]
        return ref if ref.node < 0 else Ref(moved[ref.node], ref.slot)

    for index, node in enumerate(graph.nodes):
        if index in remove:
            continue
        moved[index] = len(nodes)
        op = replace.get(index, node.op)
        nodes.append(Node(op, tuple([follow(ref) for ref in node.inputs]), node.scope))
    # what stays was verified when the graph was made, and what is new was just now
    return Graph.verified(graph.inputs, tuple(nodes), tuple(follow(ref) for ref in graph.outputs))


def _check(graph: Graph, replace: Mapping[int, Op], remove: Mapping[int, Ref]) -> None:
    """Verify what a rewrite changes; the rest of the graph is valid as it is."""
    for index, op in replace.items():
        before = graph.nodes[index].op
        same = (op.inputs, op.outputs) == (before.inputs, before.outputs)
        if not same or infer_outputs(op.kind, op.attrs, op.inputs) != op.outputs:
            raise InvalidValueError(
                f"node {index} ({before.label}) must be replaced by an op of the same shapes, got {op.label} "
                f"writing {[s.shape for s in op.outputs]}; correct the pass"
            )
    for index, ref in remove.items():
        if ref.node >= index or graph.spec(ref) != graph.nodes[index].op.outputs[0]:
            raise InvalidValueError(
                f"readers of node {index} must read the same shape from an earlier node, got {tuple(ref)}; "
                "correct the pass"
            )


def sole_producer(graph: Graph, index: int, gone: Container[int] = ()) -> int | None:
    """Return the node that writes the only input of ``index``, if nobody else reads that tensor.

    Parameters
    ----------
    gone
        Nodes to look through, because a pass has just removed them.
    """
    while True:
        refs = graph.nodes[index].inputs
        if len(refs) != 1 or refs[0].node < 0 or len(graph.consumers[refs[0]]) != 1:
            return None
        index = refs[0].node
        if index not in gone:
            return index
