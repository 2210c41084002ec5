"""Rules for activations, arithmetic and softmax."""

from __future__ import annotations

import math

from dsim.graph.aten import elementwise
from dsim.graph.graph import Ref
from dsim.graph.onnx.network import Known
from dsim.graph.onnx.rules.arguments import Attributes, Rule, number
from dsim.graph.tracing import Trace, Value
from dsim.op import QUICK_FACTOR, OpKind, Writing


def unary(kind: OpKind) -> Rule:
    """Make the rule of an op on one tensor."""
    return lambda t, attrs, x: t.add(kind, x)


def binary(kind: OpKind) -> Rule:
    """Make the rule of an op on two operands."""
    return lambda t, attrs, a, b: t.binary(kind, number(a), number(b))


def total(t: Trace, attrs: Attributes, *parts: Value) -> Value:
    """Write a sum of any number of tensors."""
    out = parts[0]
    for part in parts[1:]:
        out = t.binary(OpKind.ADD, out, number(part))
    return out


def clip(t: Trace, attrs: Attributes, x: Ref, low: Value = None, high: Value = None) -> Value:
    """Know ReLU and ReLU6; bounds are attributes in old operator sets."""
    bounds = [_bound(attrs.get("min"), low, -math.inf), _bound(attrs.get("max"), high, math.inf)]
    if None in bounds:
        return None
    return elementwise.clamp(t, x, bounds[0], None if bounds[1] and bounds[1] > 1e30 else bounds[1])


def _bound(attribute: float | None, given: Value, default: float) -> float | None:
    if isinstance(given, Known):
        return given.scalar
    if given is not None:
        return None
    return default if attribute is None else float(attribute)


def hard_sigmoid(t: Trace, attrs: Attributes, x: Ref) -> Value:
    """Know torch's hard sigmoid, relu6(x + 3) / 6; ONNX's default slope is another."""
    usual = math.isclose(attrs.get("alpha", 0.2), 1 / 6, rel_tol=1e-3) and attrs.get("beta", 0.5) == 0.5
    return t.add(OpKind.HARDSIGMOID, x) if usual else None


def gelu(t: Trace, attrs: Attributes, x: Ref) -> Value:
    """Write a GELU, by its formula where the file names one."""
    if attrs.get("approximate") == "tanh":
        t.writing = Writing.TANH
    return t.add(OpKind.GELU, x)


def swish(t: Trace, attrs: Attributes, x: Ref) -> Value:
    """Know SiLU, which is Swish with a factor of 1, and QuickGELU: another factor, and as much work."""
    alpha = attrs.get("alpha", 1.0)
    if math.isclose(alpha, QUICK_FACTOR, rel_tol=1e-3):
        t.writing = Writing.QUICK
        return t.add(OpKind.SILU, x)
    return t.add(OpKind.SILU, x) if alpha == 1.0 else None


def quick_gelu(t: Trace, attrs: Attributes, x: Ref) -> Value:
    """Write x * sigmoid(alpha * x): SiLU where alpha is 1, and as much work elsewhere."""
    if math.isclose(attrs.get("alpha", QUICK_FACTOR), QUICK_FACTOR, rel_tol=1e-3):
        t.writing = Writing.QUICK
    return t.add(OpKind.SILU, x)


def power(t: Trace, attrs: Attributes, x: Ref, exponent: Value) -> Value:
    """Write a square as a product."""
    return elementwise.power(t, x, number(exponent))


def softmax(t: Trace, attrs: Attributes, x: Ref) -> Value:
    """Write a softmax."""
    return elementwise.softmax(t, x, attrs.get("axis", -1))
