"""The same network with every activation or every batch norm exchanged: what a choice is priced on."""

from __future__ import annotations

from dsim.attrs import NoAttrs, NormAttrs
from dsim.graph.graph import Graph
from dsim.graph.rewrite import rewrite
from dsim.op import ACTIVATIONS, Op, OpKind

NORM_KINDS = {"batch": OpKind.BATCH_NORM, "layer": OpKind.LAYER_NORM, "group": OpKind.GROUP_NORM}
# gates are no choice of activation
_GATES = frozenset({OpKind.SIGMOID, OpKind.HARDSIGMOID, OpKind.TANH})


def with_swap(graph: Graph, kind: str, option: str) -> Graph:
    """Exchange every activation (``kind`` = activation) or every batch norm (norm) of a graph for ``option``.

    Only prices are asked of the result: layer norm over the channels of an NCHW map is written with its cost, one
    normalised axis, and not with the transposes that some runtimes add.
    """
    change: dict[int, Op] = {}
    for index, node in enumerate(graph.nodes):
        op = node.op
        if kind == "activation":
            if op.kind in ACTIVATIONS - _GATES:
                change[index] = Op(OpKind(option), NoAttrs(), op.inputs, op.outputs)
            elif op.activation is not None and op.activation not in _GATES:
                change[index] = Op(op.kind, op.attrs, op.inputs, op.outputs, OpKind(option))
        elif op.kind is OpKind.BATCH_NORM and option != "batch":
            change[index] = Op(NORM_KINDS[option], NormAttrs(), op.inputs, op.outputs)
    return rewrite(graph, change, {})
