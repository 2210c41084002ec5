"""Rules for layers with weights."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dsim.attrs import PadAttrs, UnknownAttrs
from dsim.graph.aten import weighted
from dsim.graph.aten.arguments import transposed
from dsim.graph.aten.einsum import einsum as aten_einsum
from dsim.graph.graph import Ref
from dsim.graph.onnx.network import Known
from dsim.graph.onnx.rules.arguments import Attributes, number, pads_of
from dsim.graph.tracing import Constant, Trace, Value
from dsim.op import OpKind


def padded(t: Trace, x: Ref, pads: Sequence[tuple[int, int]]) -> tuple[Ref, list[int]]:
    """Return what is left to pad evenly; uneven padding becomes a pad of its own."""
    if all(before == after for before, after in pads):
        return x, [before for before, _ in pads]
    return t.add(OpKind.PAD, x, attrs=PadAttrs(((0, 0), (0, 0), *pads))), [0] * len(pads)


def conv(t: Trace, attrs: Attributes, x: Ref, weight: Value, bias: Value = None) -> Value:
    """Write a convolution over one or two axes."""
    if not isinstance(weight, Constant) or len(t.shape(x)) not in (3, 4):
        return None
    kernel = weight.shape[2:]
    two = len(kernel) == 2
    pads = pads_of(t, attrs, x, kernel)
    x, even = padded(t, x, pads)
    ones = [1] * len(kernel)
    rule = weighted.conv2d if two else weighted.conv1d
    strides, dilations = attrs.get("strides") or ones, attrs.get("dilations") or ones
    return rule(t, x, weight, bias, strides, even, dilations, attrs.get("group", 1))


def matmul(t: Trace, attrs: Attributes, left: Value, right: Value) -> Value:
    """Write a product: with a constant matrix on the right it is a linear layer."""
    if isinstance(left, Ref) and isinstance(right, Constant) and len(right.shape) == 2:
        return weighted.linear(t, left, Constant(right.shape[::-1], right.owners))
    if min(len(t.shape(left)), len(t.shape(right))) < 2:
        return None
    return t.binary(OpKind.MATMUL, left, right)


def linear(t: Trace, attrs: Attributes, x: Ref, weight: Known, bias: Value) -> Value:
    """Write a product and the bias added to it, which a pattern brought together."""
    return weighted.linear(t, x, Constant(weight.shape[::-1], weight.owners), bias)


def gemm(t: Trace, attrs: Attributes, left: Value, right: Value, bias: Value = None) -> Value:
    """Write the matrix product of linear algebra libraries, a linear layer where the right matrix is constant."""
    if attrs.get("transA", 0):
        left = transposed(t, left, (1, 0))
    if isinstance(right, Constant) and isinstance(left, Ref):
        shape = right.shape if attrs.get("transB", 0) else right.shape[::-1]
        vector = bias is None or (isinstance(bias, Constant) and math.prod(bias.shape) == shape[0])
        if vector:
            return weighted.linear(t, left, Constant(shape, right.owners), bias)
        return t.binary(OpKind.ADD, weighted.linear(t, left, Constant(shape, right.owners)), number(bias))
    if attrs.get("transB", 0):
        right = transposed(t, right, (1, 0))
    made = t.binary(OpKind.MATMUL, left, right)
    return made if bias is None else t.binary(OpKind.ADD, made, number(bias))


def batch_norm(
    t: Trace, attrs: Attributes, x: Ref, weight: Value, bias: Value, mean: Value, variance: Value
) -> Value:
    """Write a batch norm with its running statistics; one that computes them from the batch has no kind of its own, and has as many learned numbers."""
    if attrs.get("training_mode", 0):
        params = sum(t.claim(value) for value in (weight, bias) if isinstance(value, Constant))
        return t.add(OpKind.UNKNOWN, x, attrs=UnknownAttrs("batch_norm", (t.shape(x),), params, 0))
    return weighted.batch_norm(t, x, weight, bias, mean, variance)


def layer_norm(t: Trace, attrs: Attributes, x: Ref, weight: Value = None, bias: Value = None) -> Value:
    """Write a layer norm over trailing axes."""
    shape = t.shape(x)
    axis = attrs.get("axis", -1) % len(shape)
    return weighted.layer_norm(t, x, shape[axis:], _scale(weight), bias)


def _scale(weight: Value) -> Value:
    """Return no weight for a scale of ones that is not learned: exporters write it where a norm has none."""
    plain = isinstance(weight, Known) and weight.array is not None and bool((weight.array == 1).all())
    return None if plain and not weight.owners else weight


def group_norm(t: Trace, attrs: Attributes, x: Ref, weight: Value = None, bias: Value = None) -> Value:
    """Write a group norm."""
    return weighted.group_norm(t, x, attrs["num_groups"], weight, bias)


def instance_norm(t: Trace, attrs: Attributes, x: Ref, weight: Value, bias: Value) -> Value:
    """Write an instance norm."""
    return weighted.instance_norm(t, x, weight, bias)


def einsum(t: Trace, attrs: Attributes, *operands: Value) -> Value:
    """Write an einsum as the matmul that runtimes make of it."""
    return aten_einsum(t, attrs["equation"], operands)
