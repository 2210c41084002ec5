"""Follow the channel axis back through views, from the op that works on it to the layer whose channels they are.

    linear (1, 196, 256) -> reshape (196, 256) -> batch_norm over axis 1

The batch norm's axis 1 is the linear layer's last axis: its channels.
"""

from __future__ import annotations

import math
from collections.abc import Container

from dsim.attrs import OrderAttrs
from dsim.graph.graph import Graph
from dsim.graph.rewrite import sole_producer
from dsim.op import Op, OpKind


def _axis_before(op: Op, axis: int) -> int | None:
    """Return the axis of a view's input that is ``axis`` of its output, size and all; None if it is cut or joined."""
    if isinstance(op.attrs, OrderAttrs):
        return op.attrs.order[axis]
    before, after = op.inputs[0].shape, op.outputs[0].shape
    ahead = math.prod(after[:axis])
    for place, size in enumerate(before):
        if size == after[axis] and math.prod(before[:place]) == ahead:
            return place
    return None


def layer_of_axis(graph: Graph, index: int, axis: int, gone: Container[int] = ()) -> tuple[int, int] | None:
    """Find the layer whose output axis is input axis ``axis`` of a node.

    Parameters
    ----------
    gone
        Nodes to look through, because a pass has just removed them.

    Returns
    -------
    tuple or None
        The layer's node and its axis; None where anybody else reads a tensor on the way, or the axis is not kept.
    """
    found = sole_producer(graph, index, gone)
    while found is not None:
        op = graph.nodes[found].op
        if op.kind not in (OpKind.RESHAPE, OpKind.TRANSPOSE) or op.activation is not None:
            return found, axis
        before = _axis_before(op, axis)
        if before is None:
            return None
        axis, found = before, sole_producer(graph, found, gone)
    return None
