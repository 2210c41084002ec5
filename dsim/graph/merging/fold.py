"""What is folded beside branches when a network is made ready to ship: batch norms, and a 0 that a sum began with."""

from __future__ import annotations

from dsim.attrs import ConvAttrs, LinearAttrs
from dsim.graph.graph import Graph, Ref
from dsim.graph.merging.terms import MAP_CHANNELS, channel_axis
from dsim.graph.passes.fold_batch_norm import FoldBatchNorm, with_bias
from dsim.graph.rewrite import rewrite, sole_producer
from dsim.op import Op, OpKind


def fold_the_rest(graph: Graph) -> Graph:
    """Fold batch norms into the layers before and behind them, and fixed numbers that are added to what a layer gives."""
    return _behind_norms(_before_numbers(FoldBatchNorm()(graph)))


def _before_numbers(graph: Graph) -> Graph:
    """Fold ``layer -> add(a fixed number)``: sums of branches often begin with a 0."""
    ops: dict[int, Op] = {}
    gone: dict[int, Ref] = {}
    for index, node in enumerate(graph.nodes):
        if node.op.kind is not OpKind.ADD or node.op.activation is not None or channel_axis(node.op) != -1:
            continue
        before = sole_producer(graph, index, gone)
        op = ops.get(before, graph.nodes[before].op) if before is not None else None
        if before is None or op is None or node.op.params or op.activation is not None:
            continue
        if isinstance(op.attrs, ConvAttrs | LinearAttrs):
            ops[before], gone[index] = with_bias(op), node.inputs[0]
    return rewrite(graph, ops, gone)


def _behind_norms(graph: Graph) -> Graph:
    """Fold ``batch_norm -> layer``, where the layer pads nothing: zeros that it pads would have to be shifted."""
    ops: dict[int, Op] = {}
    gone: dict[int, Ref] = {}
    for index, node in enumerate(graph.nodes):
        attrs, before = node.op.attrs, sole_producer(graph, index)
        if before is None or graph.nodes[before].op.kind is not OpKind.BATCH_NORM:
            continue
        if isinstance(attrs, ConvAttrs):
            fits = not any(attrs.padding)
        else:
            fits = isinstance(attrs, LinearAttrs) and len(node.op.inputs[0].shape) == MAP_CHANNELS + 1
        if fits and graph.nodes[before].op.activation is None:
            ops[index], gone[before] = with_bias(node.op), graph.nodes[before].inputs[0]
    return rewrite(graph, ops, gone)
