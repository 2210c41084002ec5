"""Group norm, which exporters write as an instance norm of groups.

Reshape (n, groups, -1) -> InstanceNormalization -> Reshape (n, c, h, w) -> Mul(weight) -> Add(bias)

coremltools writes a layer norm of groups, and a batch norm that holds weight and bias:

Reshape (n, groups, -1, h, w) -> LayerNormalization -> Reshape (n, c, h, w) -> BatchNormalization
"""

from __future__ import annotations

import math

from dsim.graph.onnx.network import Item
from dsim.graph.onnx.patterns.finder import Finder, Match
from dsim.op import Writing

NORM = "GroupNormalization"


def plain(finder: Finder, item: Item) -> Match | None:
    """Find the norm without its weights, from the view back to channels."""
    norm = finder.writer(item.inputs[0], "InstanceNormalization") if item.op == "Reshape" else None
    view = finder.writer(norm.inputs[0], "Reshape") if norm else None
    if norm is None or view is None:
        return None
    shape = finder.network.shape(view.inputs[0])
    grouped = finder.network.shape(norm.inputs[0])
    if finder.network.shape(item.outputs[0]) != shape or grouped[0] != shape[0] or shape[1] % grouped[1]:
        return None
    return Match(NORM, (view.inputs[0],), (item.inputs[0], norm.inputs[0]), {"num_groups": grouped[1]})


def _weighted(finder: Finder, item: Item, op: str, weights: int) -> Match | None:
    if item.op != op or len(item.inputs) != 2:
        return None
    for name, other in (item.inputs, item.inputs[::-1]):
        norm = finder.writer(name, NORM)
        constant = finder.network.constants.get(other)
        if norm is None or constant is None or len(norm.inputs) != weights:
            continue
        shape = finder.network.shape(norm.inputs[0])
        per_channel = constant.shape[-len(shape) + 1 :] == (shape[1],) + (1,) * (len(shape) - 2)
        if per_channel and math.prod(constant.shape) == shape[1]:
            return Match(NORM, (*norm.inputs, other), (name,), norm.attrs, norm.writing)
    return None


def scale(finder: Finder, item: Item) -> Match | None:
    """Find the weight of a norm."""
    return _weighted(finder, item, "Mul", 1)


def shift(finder: Finder, item: Item) -> Match | None:
    """Find the bias of a norm."""
    return _weighted(finder, item, "Add", 2)


def by_batch_norm(finder: Finder, item: Item) -> Match | None:
    """Find the norm whose weights are those of a batch norm."""
    back = finder.writer(item.inputs[0], "Reshape") if item.op == "BatchNormalization" else None
    norm = finder.writer(back.inputs[0], "LayerNormalization") if back else None
    view = finder.writer(norm.inputs[0], "Reshape") if norm else None
    if back is None or norm is None or view is None or len(norm.inputs) > 1:
        return None
    shape, grouped = finder.network.shape(view.inputs[0]), finder.network.shape(norm.inputs[0])
    whole = finder.network.shape(back.outputs[0]) == shape and len(shape) > 2 and grouped[0] == shape[0]
    if not whole or norm.attrs["axis"] % len(grouped) != 2 or shape[1] != grouped[1] * grouped[2]:
        return None
    inside = (item.inputs[0], back.inputs[0], norm.inputs[0])
    attrs = {"num_groups": grouped[1]}
    return Match(NORM, (view.inputs[0], *item.inputs[1:3]), inside, attrs, Writing.CHAIN)
