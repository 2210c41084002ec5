"""A linear layer over tokens: exporters write MatMul(x, W) -> Add(bias)."""

from __future__ import annotations

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
