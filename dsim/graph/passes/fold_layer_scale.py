"""Fold a learned scale per channel (layer scale) into the layer before it.

before:  conv2d -> mul(constant of shape (C, 1, 1)) -> add
after:   conv2d -> add

Works after conv2d, linear and affine norms, which have weights per output channel to take the scale. Where pooling
stands before it, the scale stays a mul: pooling has no weights.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from dsim.attrs import ConstantAttrs, ConvAttrs, LinearAttrs, NormAttrs
from dsim.graph.graph import Graph, Ref
from dsim.graph.rewrite import rewrite, sole_producer
from dsim.op import NORMS, Op, OpKind


def _channel_shape(op: Op) -> tuple[int, ...]:
    """Return the shape that a per-channel constant of this op's output broadcasts from."""
    rank, axis = len(op.outputs[0].shape), 1
    if op.kind in (OpKind.LINEAR, OpKind.LAYER_NORM):
        axis = rank - 1
    return tuple(op.outputs[0].shape[i] if i == axis else 1 for i in range(rank))


def _takes_scale(op: Op) -> bool:
    if op.activation is not None:
        return False
    if isinstance(op.attrs, ConvAttrs | LinearAttrs):
        return True
    return op.kind in NORMS and isinstance(op.attrs, NormAttrs) and op.attrs.affine and op.attrs.axes == 1


@dataclass(frozen=True, slots=True)
class FoldLayerScale:
    """Remove every learned per-channel mul that a layer with weights alone feeds."""

    name: str = "fold_layer_scale"
    removes: frozenset[OpKind] = frozenset({OpKind.MUL})

    def __call__(self, graph: Graph) -> Graph:
        """Rewrite ``graph``; a scale after anything else stays."""
        gone: dict[int, Ref] = {}
        for index, node in enumerate(graph.nodes):
            attrs = node.op.attrs
            if node.op.kind is not OpKind.MUL or node.op.activation is not None:
                continue
            if not isinstance(attrs, ConstantAttrs) or not attrs.params or attrs.constant is None:
                continue
            before = sole_producer(graph, index, gone)
            if before is None:
                continue
            op = graph.nodes[before].op
            wanted = _channel_shape(op)
            padded = (1,) * (len(wanted) - len(attrs.constant)) + attrs.constant
            per_channel = padded == wanted or math.prod(attrs.constant) == 1
            if per_channel and _takes_scale(op) and node.op.outputs == op.outputs:
                gone[index] = node.inputs[0]
        return rewrite(graph, {}, gone)
