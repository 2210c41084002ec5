"""Fuse an activation into the op before it, as nearly every runtime does.

before:  conv2d -> gelu -> ...
after:   conv2d[gelu] -> ...
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dsim.graph.graph import Graph, Ref
from dsim.graph.rewrite import rewrite, sole_producer
from dsim.op import ACTIVATIONS, BINARY, NORMS, Op, OpKind

COMPUTE: frozenset[OpKind] = frozenset({OpKind.CONV2D, OpKind.LINEAR, OpKind.MATMUL}) | NORMS | BINARY


@dataclass(frozen=True, slots=True)
class FuseActivation:
    """Move every activation into the op that alone feeds it.

    Attributes
    ----------
    into
        Kinds of op that can carry an activation on this device.
    kinds
        Activations that can be carried.
    """

    into: frozenset[OpKind] = COMPUTE
    kinds: frozenset[OpKind] = ACTIVATIONS
    name: str = "fuse_activation"
    removes: frozenset[OpKind] = ACTIVATIONS

    def __call__(self, graph: Graph) -> Graph:
        """Rewrite ``graph``; an activation after anything else stays an op of its own."""
        ops: dict[int, Op] = {}
        gone: dict[int, Ref] = {}
        for index, node in enumerate(graph.nodes):
            if node.op.kind not in self.kinds or node.op.activation is not None:
                continue
            before = sole_producer(graph, index, gone)
            if before is None:
                continue
            op = ops.get(before, graph.nodes[before].op)
            if op.kind in self.into and op.activation is None:
                ops[before] = replace(op, activation=node.op.kind)
                gone[index] = node.inputs[0]
        return rewrite(graph, ops, gone)
