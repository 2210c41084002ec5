"""A bias that stands behind its layer: MatMul(x, W) -> Add(bias), and what quantisation makes of a convolution."""

from __future__ import annotations

import math

from dsim.graph.onnx.network import Item
from dsim.graph.onnx.patterns.finder import Finder, Match


def bias(finder: Finder, item: Item) -> Match | None:
    """Find the bias of a product with a constant matrix."""
    if item.op != "Add":
        return None
    constants = finder.network.constants
    for name, other in (item.inputs, item.inputs[::-1]):
        product = finder.writer(name, "MatMul")
        vector = constants.get(other)
        if product is None or vector is None:
            continue
        matrix = constants.get(product.inputs[1])
        if matrix is not None and len(matrix.shape) == 2 and vector.shape == matrix.shape[1:]:
            return Match("Linear", (*product.inputs, other), (name,))
    return None


def convolution_bias(finder: Finder, item: Item) -> Match | None:
    """Find the bias of a convolution over integers, which has no place for one."""
    if item.op != "Add":
        return None
    for name, other in (item.inputs, item.inputs[::-1]):
        product = finder.writer(name, "Conv")
        vector = finder.network.constants.get(other)
        if product is None or vector is None or not product.attrs.get("integer") or len(product.inputs) > 2:
            continue
        channels = finder.network.shape(name)[1]
        if (
            vector.shape[1:2] == (channels,)
            and len(vector.owners) == 1
            and math.prod(vector.shape) == channels
        ):
            return Match("Conv", (*product.inputs, other), (name,), product.attrs)
    return None
