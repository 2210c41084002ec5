"""Softmax, written out in steps.

e = exp(x - max(x));  e / sum(e), or exp(x) / sum(exp(x))
"""

from __future__ import annotations

from dsim.graph.onnx.network import Item
from dsim.graph.onnx.patterns.finder import Finder, Match
from dsim.graph.onnx.patterns.layer_norm import axes_of
from dsim.op import Writing


def softmax(finder: Finder, item: Item) -> Match | None:
    """Find a softmax over the last axis, from its division."""
    if item.op != "Div":
        return None
    name, below = item.inputs
    power, total = finder.writer(name, "Exp"), finder.writer(below, "ReduceSum")
    if power is None or total is None or total.inputs[0] != name:
        return None
    axes = axes_of(finder.network, total)
    if axes is None or len(axes) != 1:
        return None
    x, inside = power.inputs[0], [name, below]
    less = finder.writer(x, "Sub")
    most = finder.writer(less.inputs[1], "ReduceMax") if less else None
    if less is not None and most is not None and most.inputs[0] == less.inputs[0]:
        if axes_of(finder.network, most) != axes:
            return None
        inside += [x, less.inputs[1]]
        x = less.inputs[0]
    return Match("Softmax", (x,), tuple(inside), {"axis": axes[0]}, Writing.CHAIN)
