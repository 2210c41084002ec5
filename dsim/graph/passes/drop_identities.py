"""Drop ops that change nothing.

before:  conv2d -> transpose(order 0, 1, 2, 3) -> pad(0, 0) -> relu
after:   conv2d -> relu
"""

from __future__ import annotations

from dataclasses import dataclass

from dsim.attrs import OrderAttrs, PadAttrs, PoolAttrs
from dsim.graph.graph import Graph
from dsim.graph.rewrite import rewrite
from dsim.op import Op, OpKind

_IF_SHAPE_STAYS = frozenset({OpKind.RESHAPE, OpKind.SLICE, OpKind.CONCAT, OpKind.SPLIT, OpKind.UPSAMPLE})


def _is_identity(op: Op) -> bool:
    if op.activation is not None or len(op.inputs) != 1 or len(op.outputs) != 1:
        return False
    if op.inputs != op.outputs:
        return False
    if isinstance(op.attrs, OrderAttrs):
        return op.attrs.order == tuple(range(len(op.attrs.order)))
    if isinstance(op.attrs, PadAttrs):
        return not any(any(pair) for pair in op.attrs.pads)
    if isinstance(op.attrs, PoolAttrs):
        return op.attrs.kernel == (1, 1) and op.attrs.stride == (1, 1)
    return op.kind in _IF_SHAPE_STAYS


@dataclass(frozen=True, slots=True)
class DropIdentities:
    """Remove reshapes to the same shape, transposes that keep the order, empty pads and whole slices."""

    name: str = "drop_identities"
    removes: frozenset[OpKind] = _IF_SHAPE_STAYS | {
        OpKind.TRANSPOSE,
        OpKind.PAD,
        OpKind.AVG_POOL,
        OpKind.MAX_POOL,
    }

    def __call__(self, graph: Graph) -> Graph:
        """Rewrite ``graph``."""
        gone = {i: node.inputs[0] for i, node in enumerate(graph.nodes) if _is_identity(node.op)}
        return rewrite(graph, {}, gone)
