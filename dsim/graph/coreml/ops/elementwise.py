"""Operations element by element, softmax and reductions."""

from __future__ import annotations

import math
from typing import Any

from dsim.graph.coreml.walk import Translate, Walk

MICROSOFT = "com.microsoft"  # the domain in which ONNX has a QuickGELU


def unary(name: str, **attrs: Any) -> Translate:
    """Make the translation of an operation on one tensor that ONNX has too."""
    return lambda walk, op: walk.put(op, walk.made.add(name, [walk.name(op, "x")], walk.scope, **attrs))


def binary(name: str) -> Translate:
    """Make the translation of an operation on two tensors that are broadcast."""
    return lambda walk, op: walk.put(
        op, walk.made.add(name, [walk.name(op, "x"), walk.name(op, "y")], walk.scope)
    )


def same(walk: Walk, op: Any) -> None:
    """Look through what only changes how numbers are stored: cast, quantize, dequantize, identity."""
    walk.put(op, walk.name(op, "input" if walk.has(op, "input") else "x"))


def gelu(walk: Walk, op: Any) -> None:
    """gelu(x, mode)."""
    mode = walk.text(op, "mode", "EXACT")
    if mode == "SIGMOID_APPROXIMATION":
        unary("QuickGelu", domain=MICROSOFT)(walk, op)
        return
    unary("Gelu", **({"approximate": "tanh"} if mode == "TANH_APPROXIMATION" else {}))(walk, op)


def silu(walk: Walk, op: Any) -> None:
    """silu(x), in one op."""
    unary("QuickGelu", domain=MICROSOFT, alpha=1.0)(walk, op)


def clip(walk: Walk, op: Any) -> None:
    """clip(x, alpha, beta)."""
    low, high = walk.number(op, "alpha", 0.0), walk.number(op, "beta", math.inf)
    _clipped(walk, op, low, high)


def relu6(walk: Walk, op: Any) -> None:
    """relu6(x)."""
    _clipped(walk, op, 0.0, 6.0)


def _clipped(walk: Walk, op: Any, low: float, high: float) -> None:
    inputs = [walk.name(op, "x"), walk.made.number(low), walk.made.number(high)]
    walk.put(op, walk.made.add("Clip", inputs, walk.scope))


def hard_sigmoid(walk: Walk, op: Any) -> None:
    """sigmoid_hard(x, alpha, beta)."""
    attrs = {"alpha": walk.number(op, "alpha", 0.2), "beta": walk.number(op, "beta", 0.5)}
    unary("HardSigmoid", **attrs)(walk, op)


def leaky(walk: Walk, op: Any) -> None:
    """leaky_relu(x, alpha)."""
    unary("LeakyRelu", alpha=walk.number(op, "alpha", 0.01))(walk, op)


def thresholded(walk: Walk, op: Any) -> None:
    """thresholded_relu(x, alpha)."""
    unary("ThresholdedRelu", alpha=walk.number(op, "alpha", 1.0))(walk, op)


def prelu(walk: Walk, op: Any) -> None:
    """prelu(x, alpha), one slope for each channel."""
    sizes = walk.made.ints([-1, *[1] * (len(walk.shape(op)) - 2)])
    slopes = walk.made.add("Reshape", [walk.name(op, "alpha"), sizes])
    walk.put(op, walk.made.add("PRelu", [walk.name(op, "x"), slopes], walk.scope))


def square(walk: Walk, op: Any) -> None:
    """square(x)."""
    name = walk.name(op, "x")
    walk.put(op, walk.made.add("Mul", [name, name], walk.scope))


def inverse_root(walk: Walk, op: Any) -> None:
    """rsqrt(x)."""
    root = walk.made.add("Sqrt", [walk.name(op, "x")], walk.scope)
    walk.put(op, walk.made.add("Reciprocal", [root], walk.scope))


def softmax(walk: Walk, op: Any) -> None:
    """softmax(x, axis)."""
    unary("Softmax", axis=int(walk.number(op, "axis", -1)))(walk, op)


def select(walk: Walk, op: Any) -> None:
    """select(cond, a, b)."""
    inputs = [walk.name(op, one) for one in ("cond", "a", "b")]
    walk.put(op, walk.made.add("Where", inputs, walk.scope))


def reduce(name: str) -> Translate:
    """Make the translation of a mean, sum, maximum and the like over constant axes."""

    def translate(walk: Walk, op: Any) -> None:
        rank = len(walk.shape(op))
        axes = walk.made.ints([axis % rank for axis in walk.ints(op, "axes", list(range(rank)))])
        keep = int(walk.flag(op, "keep_dims"))
        walk.put(op, walk.made.add(name, [walk.name(op, "x"), axes], walk.scope, keepdims=keep))

    return translate
