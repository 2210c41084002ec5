"""The scale of fused attention, which torch.onnx.export shares out between query and key.

(q * s) @ (k * s)      is      (q * s**2) @ k
"""

from __future__ import annotations

import math

from dsim.graph.onnx.network import Item
from dsim.graph.onnx.patterns.finder import Finder, Match


def scale(finder: Finder, item: Item) -> Match | None:
    """Find a product of two tensors that are scaled by the same number."""
    if item.op != "MatMul":
        return None
    scales, bare = [], []
    for name in item.inputs:
        product = finder.writer(name, "Mul")
        known = [n for n in product.inputs if finder.network.scalar(n) is not None] if product else []
        if product is None or len(known) != 1:
            return None
        scales.append(finder.network.scalar(known[0]))
        bare.append(next(n for n in product.inputs if n != known[0]))
    if not math.isclose(scales[0] or 0.0, scales[1] or 0.0, rel_tol=1e-6):
        return None
    return Match("MatMul", (item.inputs[0], bare[1]), (item.inputs[1],))
