"""Fold a batch norm into the convolution or linear layer before it.

before:  conv2d(bias=False) -> batch_norm -> ...
after:   conv2d(bias=True) -> ...

At inference a batch norm is a fixed scale and shift per channel, which the weights and the bias can take over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dsim.attrs import ConvAttrs, LinearAttrs
from dsim.graph.graph import Graph
from dsim.graph.rewrite import rewrite, sole_producer
from dsim.op import Op, OpKind


@dataclass(frozen=True, slots=True)
class FoldBatchNorm:
    """Remove every batch norm that a conv2d or linear alone feeds, channel for channel."""

    name: str = "fold_batch_norm"
    removes: frozenset[OpKind] = frozenset({OpKind.BATCH_NORM})

    def __call__(self, graph: Graph) -> Graph:
        """Rewrite ``graph``; what cannot be folded stays."""
        ops: dict[int, Op] = {}
        gone = {}
        for index, node in enumerate(graph.nodes):
            if node.op.kind is not OpKind.BATCH_NORM:
                continue
            before = sole_producer(graph, index)
            if before is None or before in gone:
                continue
            op = ops.get(before, graph.nodes[before].op)
            # a batch norm works on axis 1; a linear writes its channels on the last axis
            fits = op.kind is OpKind.CONV2D or (op.kind is OpKind.LINEAR and len(op.outputs[0].shape) == 2)
            if fits and op.activation is None:
                assert isinstance(op.attrs, ConvAttrs | LinearAttrs)
                ops[before] = Op(op.kind, replace(op.attrs, bias=True), op.inputs, op.outputs)
                gone[index] = node.inputs[0]
        return rewrite(graph, ops, gone)
