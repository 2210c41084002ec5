"""Rules for activations, arithmetic and softmax."""

from __future__ import annotations

from typing import Any

from dsim.attrs import AxisAttrs, ConvAttrs, LinearAttrs
from dsim.graph.aten.arguments import Rule, axis_of
from dsim.graph.graph import Ref
from dsim.graph.tracing import Constant, Trace, Value
from dsim.op import OpKind, Writing


def unary(kind: OpKind) -> Rule:
    """Make the rule of an op on one tensor."""
    return lambda t, x, *_, **__: t.add(kind, x)


def binary(kind: OpKind) -> Rule:
    """Make the rule of an op on two operands."""
    return lambda t, a, b, *_, **__: t.binary(kind, a, b)


def reverse(kind: OpKind) -> Rule:
    """Make the rule of an op that names its right operand first."""
    return lambda t, a, b, *_, **__: t.binary(kind, b, a)


def gelu(t: Trace, x: Ref, approximate: str = "none") -> Ref:
    """Write a GELU, by its formula."""
    before = t.writing
    t.writing = Writing.TANH if approximate == "tanh" else before
    try:
        return t.add(OpKind.GELU, x)
    finally:
        t.writing = before


def clamp(t: Trace, x: Ref, low: float | None = None, high: float | None = None, **named: Any) -> Value:
    """Know ReLU and ReLU6 in other clothes; any other bounds stay unknown."""
    low, high = named.get("min", low), named.get("max", high)
    if low == 0 and high == 6:
        return t.add(OpKind.RELU6, x)
    return t.add(OpKind.RELU, x) if low == 0 and high is None else None


def hardtanh(t: Trace, x: Ref, low: float = -1, high: float = 1) -> Value:
    """Know ReLU6, which some write as hardtanh."""
    return clamp(t, x, low, high)


def power(t: Trace, x: Value, exponent: Value) -> Value:
    """Write a square as a product; other powers stay unknown."""
    return t.binary(OpKind.MUL, x, x) if exponent == 2 and isinstance(x, Ref) else None


def addcmul(t: Trace, x: Value, left: Value, right: Value, *_: Any, **__: Any) -> Value:
    """Write x + left * right (the factor in front belongs to the product)."""
    if not (isinstance(left, Ref) or isinstance(right, Ref)):
        return None
    return t.binary(OpKind.ADD, x, t.binary(OpKind.MUL, left, right))


def softmax(t: Trace, x: Ref, axis: int, *_: Any, **__: Any) -> Ref:
    """Write a softmax."""
    return t.add(OpKind.SOFTMAX, x, attrs=AxisAttrs(axis_of(axis, len(t.shape(x)))))


def divided(t: Trace, x: Value, y: Value, *_: Any, **named: Any) -> Value:
    """Write a division; one that undoes a scale folded into the weights before is looked through.

    Training with fake quantisation computes conv(x, weight * s) / s, so that the batch norm behind it reads what it did.
    """
    if isinstance(x, Ref) and isinstance(y, Constant) and y.owners and named.get("rounding_mode") is None:
        op = t.builder.op(x)
        if (
            op is not None
            and isinstance(op.attrs, ConvAttrs | LinearAttrs)
            and op.attrs.params is not None
            and t.has_claimed(y)
        ):
            t.unscaled.add(x)
            return x
    return t.binary(OpKind.DIV, x, y)


def added(t: Trace, x: Value, y: Value, *_: Any, **__: Any) -> Value:
    """Write a sum; fake quantisation adds a convolution's bias behind such a division, and zeros in its place."""
    if isinstance(x, Ref) and x in t.unscaled and isinstance(y, Constant) and y.owners and t.has_claimed(y):
        return x
    return t.binary(OpKind.ADD, x, y)


def fresh_scales(t: Trace, *_: Any, **__: Any) -> Value:
    """Look through the choice of a quantisation's scale: precision belongs to the device profile."""
    return [Constant(shape) for shape in t.expected]


def same(t: Trace, x: Ref, *_: Any, **__: Any) -> Ref:
    """Look through an op that does nothing at inference."""
    return x
