"""Fold a batch norm into the convolution or linear layer before it.

before:  conv2d(bias=False) -> batch_norm -> ...
after:   conv2d(bias=True) -> ...

before:  linear -> reshape -> batch_norm -> ...      (the reshape keeps the channels)
after:   linear(bias=True) -> reshape -> ...

At inference a batch norm is a fixed scale and shift per channel, which the weights and the bias can take over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dsim.attrs import ConvAttrs, LinearAttrs
from dsim.graph.graph import Graph, Ref
from dsim.graph.passes.channels import layer_of_axis
from dsim.graph.rewrite import rewrite
from dsim.op import Op, OpKind


def with_bias(op: Op) -> Op:
    """Return a layer that has a bias."""
    assert isinstance(op.attrs, ConvAttrs | LinearAttrs)
    params = op.attrs.params
    if params is not None and not op.attrs.bias:
        params += op.attrs.out_channels if isinstance(op.attrs, ConvAttrs) else op.attrs.out_features
    return replace(op, attrs=replace(op.attrs, bias=True, params=params))


@dataclass(frozen=True, slots=True)
class FoldBatchNorm:
    """Remove every batch norm that a conv2d or linear alone feeds, channel for channel."""

    name: str = "fold_batch_norm"
    removes: frozenset[OpKind] = frozenset({OpKind.BATCH_NORM})

    def __call__(self, graph: Graph) -> Graph:
        """Rewrite ``graph``; what cannot be folded stays."""
        ops: dict[int, Op] = {}
        gone: dict[int, Ref] = {}
        for index, node in enumerate(graph.nodes):
            if node.op.kind is not OpKind.BATCH_NORM or node.op.activation is not None:
                continue
            # a batch norm works on axis 1
            found = layer_of_axis(graph, index, 1, gone)
            if found is None:
                continue
            layer, axis = found
            op = ops.get(layer, graph.nodes[layer].op)
            channels = {OpKind.CONV2D: 1, OpKind.LINEAR: len(op.outputs[0].shape) - 1}.get(op.kind)
            if axis == channels and op.activation is None:
                ops[layer] = with_bias(op)
                gone[index] = node.inputs[0]
        return rewrite(graph, ops, gone)
