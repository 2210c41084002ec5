"""Layer norm, written out by exporters of operator sets before 17.

d = x - mean(x);  d / sqrt(mean(d**2) + eps) * weight + bias, or d * (1 / sqrt(...))
"""

from __future__ import annotations

import math

from dsim.graph.onnx.network import Item, Network
from dsim.graph.onnx.patterns.finder import Finder, Match
from dsim.op import Writing

NORM = "LayerNormalization"


def axes_of(network: Network, item: Item) -> list[int] | None:
    """Return the axes of a reduction if they are the last ones, counted from the end."""
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
    """Find the norm without its weights, from its division or its product with the inverse."""
    if item.op not in ("Div", "Mul") or len(item.inputs) != 2:
        return None
    found = (_plain(finder, item, *names) for names in (item.inputs, item.inputs[::-1]))
    return next((one for one in found if one is not None), None)


def _plain(finder: Finder, item: Item, centred: str, deviation: str) -> Match | None:
    inverse: set[str] = set()
    if item.op == "Mul":
        one = finder.writer(deviation, "Reciprocal")
        if one is None:
            return None
        inverse, deviation = {deviation}, one.inputs[0]
    elif centred != item.inputs[0]:
        return None
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
    axes = axes_of(finder.network, first)
    same = twin is not None and twin.inputs == sub.inputs
    if not same or not squared or first.inputs[0] != sub.inputs[0] or axes is None:
        return None
    if axes_of(finder.network, second) != axes:
        return None
    inside = {*inverse, centred, again, deviation, root.inputs[0], variance, second.inputs[0], sub.inputs[1]}
    epsilon = next((finder.network.scalar(name) for name in plus.inputs if name != variance), None)
    attrs = {"axis": axes[0]} | ({} if epsilon is None else {"epsilon": epsilon})
    return Match(NORM, (sub.inputs[0],), tuple(sorted(inside)), attrs, Writing.CHAIN)


def _weighted(finder: Finder, item: Item, op: str, weights: int) -> Match | None:
    if item.op != op or len(item.inputs) != 2:
        return None
    for name, other in (item.inputs, item.inputs[::-1]):
        norm = finder.writer(name, NORM)
        constant = finder.network.constants.get(other)
        if norm is None or constant is None or len(norm.inputs) != weights:
            continue
        shape = finder.network.shape(norm.inputs[0])
        wanted = shape[norm.attrs["axis"] % len(shape) :]
        if constant.shape[-len(wanted) :] == wanted and math.prod(constant.shape) == math.prod(wanted):
            return Match(NORM, (*norm.inputs, other), (name,), norm.attrs, norm.writing)
    return None


def scale(finder: Finder, item: Item) -> Match | None:
    """Find the weight of a norm."""
    return _weighted(finder, item, "Mul", 1)


def shift(finder: Finder, item: Item) -> Match | None:
    """Find the bias of a norm."""
    return _weighted(finder, item, "Add", 2)
