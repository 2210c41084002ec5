"""Rules for layers with weights: convolutions, linear layers, norms.

Attributes imply how many weights a layer has. Where not all of them are learned, or they belong to an earlier layer
(shared, standardised, or in part fixed), the rule records the count that was found.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from dsim.attrs import ConvAttrs, LinearAttrs, NormAttrs, PadAttrs
from dsim.graph.aten.arguments import pair, reshaped
from dsim.graph.graph import Ref
from dsim.graph.tracing import Constant, Trace, Value
from dsim.op import OpKind


def _learned(t: Trace, implied: int, *constants: Value) -> int | None:
    """Claim the parameters behind constants; None where they are what the attributes imply."""
    found = sum(t.claim(value) for value in constants if isinstance(value, Constant))
    return None if found == implied else found


def _paddings(
    padding: Any, kernel: tuple[int, int], dilation: tuple[int, int]
) -> tuple[tuple[int, int], ...]:
    """Return (before, after) for height and width; "same" with an even kernel pads one more after."""
    if padding == "valid":
        return ((0, 0), (0, 0))
    if padding == "same":
        totals = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
        return tuple((total // 2, total - total // 2) for total in totals)
    return tuple((size, size) for size in pair(padding))


def conv2d(
    t: Trace,
    x: Ref,
    weight: Value,
    bias: Value = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Value:
    """Write a convolution; uneven padding becomes a pad of its own."""
    if not isinstance(weight, Constant) or len(weight.shape) != 4 or isinstance(bias, Ref):
        return None
    out, _, *sides = weight.shape
    kernel, dilations = pair(sides), pair(dilation)
    pads = _paddings(padding, kernel, dilations)
    if any(before != after for before, after in pads):
        x = t.add(OpKind.PAD, x, attrs=PadAttrs(((0, 0), (0, 0), *pads)))
        pads = ((0, 0), (0, 0))
    has_bias = bias is not None
    params = _learned(t, math.prod(weight.shape) + (out if has_bias else 0), weight, bias)
    before = (pads[0][0], pads[1][0])
    attrs = ConvAttrs(out, kernel, pair(stride), before, dilations, groups, has_bias, params)
    return t.add(OpKind.CONV2D, x, attrs=attrs)


def conv1d(
    t: Trace,
    x: Ref,
    weight: Value,
    bias: Value = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Value:
    """Write a 1-D convolution as the 2-D one over a map of height 1 that runtimes make of it."""
    if not isinstance(weight, Constant) or len(t.shape(x)) != 3:
        return None
    out, inner, size = weight.shape
    flat = reshaped(t, x, (*t.shape(x)[:2], 1, t.shape(x)[2]))
    wide = Constant((out, inner, 1, size), weight.owners)
    strides, dilations = ((1, pair(value)[-1]) for value in (stride, dilation))
    pads = padding if isinstance(padding, str) else (0, pair(padding)[-1])
    made = conv2d(t, flat, wide, bias, strides, pads, dilations, groups)
    if made is None:
        return None
    n, c, _, length = t.shape(made)
    return reshaped(t, made, (n, c, length))


def convolution(
    t: Trace,
    x: Ref,
    weight: Value,
    bias: Value,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    output_padding: Any,
    groups: int,
) -> Value:
    """Rule for the general operator that decomposed programs hold."""
    rule = {3: conv1d, 4: conv2d}.get(len(t.shape(x)))
    return None if transposed or rule is None else rule(t, x, weight, bias, stride, padding, dilation, groups)


def linear(t: Trace, x: Value, weight: Value, bias: Value = None) -> Value:
    """Write a linear layer."""
    if not isinstance(weight, Constant) or not isinstance(x, Ref) or isinstance(bias, Ref):
        return None
    out, has_bias = weight.shape[0], bias is not None
    params = _learned(t, math.prod(weight.shape) + (out if has_bias else 0), weight, bias)
    return t.add(OpKind.LINEAR, x, attrs=LinearAttrs(out, has_bias, params))


def matmul(t: Trace, left: Value, right: Value) -> Value:
    """Write a product: with a learned matrix on the right it is a linear layer."""
    if isinstance(left, Ref) and isinstance(right, Constant) and len(right.shape) == 2 and right.owners:
        return linear(t, left, Constant(right.shape[::-1], right.owners))
    if min(len(t.shape(left)), len(t.shape(right))) < 2:
        return None
    return t.binary(OpKind.MATMUL, left, right)


def addmm(t: Trace, bias: Value, left: Value, right: Value, **_: Any) -> Value:
    """Write bias + left x right."""
    if isinstance(bias, Constant) and isinstance(right, Constant) and len(bias.shape) == 1:
        return linear(t, left, Constant(right.shape[::-1], right.owners), bias)
    return t.binary(OpKind.ADD, t.binary(OpKind.MATMUL, left, right), bias)


def _norm_attrs(
    t: Trace, width: int, weight: Value, bias: Value, groups: int = 1, axes: int = 1
) -> NormAttrs:
    affine, shift = weight is not None or bias is not None, bias is not None
    params = _learned(t, width * (affine + shift) if affine else 0, weight, bias)
    return NormAttrs(affine, groups, axes, shift or not affine, params)


def batch_norm(
    t: Trace,
    x: Ref,
    weight: Value = None,
    bias: Value = None,
    mean: Value = None,
    variance: Value = None,
    training: bool = False,
    *_: Any,
    **__: Any,
) -> Value:
    """Write a batch norm that uses its running statistics; one that computes them from the batch stays unknown."""
    if training or mean is None:
        return None
    return t.add(OpKind.BATCH_NORM, x, attrs=_norm_attrs(t, t.shape(x)[1], weight, bias))


def batch_norm_inference(
    t: Trace, x: Ref, weight: Value, bias: Value, mean: Value, variance: Value, *_: Any
) -> Value:
    """Rule for the decomposed batch norms that have no training flag."""
    return batch_norm(t, x, weight, bias, mean, variance)


def layer_norm(
    t: Trace, x: Ref, shape: Sequence[int], weight: Value = None, bias: Value = None, *_: Any, **__: Any
) -> Ref:
    """Write a layer norm over trailing axes."""
    return t.add(OpKind.LAYER_NORM, x, attrs=_norm_attrs(t, math.prod(shape), weight, bias, axes=len(shape)))


def group_norm(
    t: Trace, x: Ref, groups: int, weight: Value = None, bias: Value = None, *_: Any, **__: Any
) -> Ref:
    """Write a group norm."""
    return t.add(OpKind.GROUP_NORM, x, attrs=_norm_attrs(t, t.shape(x)[1], weight, bias, groups))


def instance_norm(
    t: Trace,
    x: Ref,
    weight: Value = None,
    bias: Value = None,
    mean: Value = None,
    variance: Value = None,
    use_input_stats: bool = True,
    *_: Any,
    **__: Any,
) -> Value:
    """Write an instance norm as what it is: a group norm with one channel a group."""
    return group_norm(t, x, t.shape(x)[1], weight, bias) if use_input_stats else None
