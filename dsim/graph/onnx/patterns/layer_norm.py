"""Layer norm, written out by exporters of operator sets before 17.

d = x - mean(x);  d / sqrt(mean(d**2) + eps) * weight + bias
"""

from __future__ import annotations

from dsim.graph.onnx.network import Item, Network
from dsim.graph.onnx.patterns.finder import Finder, Match

NORM = "LayerNormalization"


def _axes(network: Network, item: Item) -> list[int] | None:
    """Return the axes of a mean if they are the last ones, counted from the end."""
    found = item.attrs.get("axes")
    if found is None and len(item.inputs) > 1 and item.inputs[1] in network.constants:
        array = network.constants[item.inputs[1]].array
        found = None if array is None else array.reshape(-1).tolist()
    if not found or not item.attrs.get("keepdims", 1):
        return None
    rank = len(network.shape(item.inputs[0]))
    axes = sorted(int(axis) % rank for axis in found)
    return axes if axes == list(range(axes[0], rank)) else None


def plain(finder: Finder, item: Item) -> Match | None:
    """Find the norm without its weights, from its division."""
    if item.op != "Div":
        return None
    centred, deviation = item.inputs
    sub, root = finder.writer(centred, "Sub"), finder.writer(deviation, "Sqrt")
    plus = finder.writer(root.inputs[0], "Add") if root else None
    if sub is None or root is None or plus is None:
        return None
    variance = next((name for name in plus.inputs if finder.writer(name, "ReduceMean")), None)
    second = finder.writer(variance, "ReduceMean") if variance else None
    square = finder.writer(second.inputs[0], "Pow", "Mul") if second else None
    first = finder.writer(sub.inputs[1], "ReduceMean")
    if variance is None or second is None or square is None or first is None:
        return None
    # some exporters write the difference twice, once for the square
    again = square.inputs[0]
    twin = finder.writer(again, "Sub")
    squared = (square.op == "Mul" and square.inputs[1] == again) or (
        square.op == "Pow" and finder.is_number(square.inputs[1], 2.0)
    )
    axes = _axes(finder.network, first)
    same = twin is not None and twin.inputs == sub.inputs
    if not same or not squared or first.inputs[0] != sub.inputs[0] or axes is None:
        return None
    if _axes(finder.network, second) != axes:
        return None
    inside = {centred, again, deviation, root.inputs[0], variance, second.inputs[0], sub.inputs[1]}
    return Match(NORM, (sub.inputs[0],), tuple(sorted(inside)), {"axis": axes[0]})


def _weighted(finder: Finder, item: Item, op: str, weights: int) -> Match | None:
    if item.op != op or len(item.inputs) != 2:
        return None
    for name, other in (item.inputs, item.inputs[::-1]):
        norm = finder.writer(name, NORM)
        constant = finder.network.constants.get(other)
        if norm is None or constant is None or len(norm.inputs) != weights:
            continue
        shape = finder.network.shape(norm.inputs[0])
        if constant.shape == shape[norm.attrs["axis"] % len(shape) :]:
            return Match(NORM, (*norm.inputs, other), (name,), norm.attrs)
    return None


def scale(finder: Finder, item: Item) -> Match | None:
    """Find the weight of a norm."""
    return _weighted(finder, item, "Mul", 1)


def shift(finder: Finder, item: Item) -> Match | None:
    """Find the bias of a norm."""
    return _weighted(finder, item, "Add", 2)
