"""Operators on one tensor, element by element, and the activation that another operator ends in."""

from __future__ import annotations

from typing import Any

from dsim.graph.tflite.tables import Operator
from dsim.graph.tflite.walk import Order, Translate, Walk

# the schema's ActivationFunctionType: bounds of a clip, None for what is none
BOUNDS: dict[int, tuple[float, float]] = {2: (-1.0, 1.0), 3: (0.0, 6.0)}
PLAIN: dict[int, str] = {1: "Relu", 4: "Tanh", 5: "Sign"}


def finish(walk: Walk, op: Operator, made: str, order: Order | None = None) -> None:
    """Say what an operator writes, behind the activation that is fused into it."""
    kind = op.option("FusedActivationFunction")
    if kind in BOUNDS:
        made = _clipped(walk, made, *BOUNDS[kind])
    elif kind in PLAIN:
        made = walk.made.add(PLAIN[kind], [made], walk.scope)
    walk.put(op.outputs[0], made, order)


def _clipped(walk: Walk, name: str, low: float, high: float) -> str:
    return walk.made.add("Clip", [name, walk.made.number(low), walk.made.number(high)], walk.scope)


def unary(name: str, **attrs: Any) -> Translate:
    """Make the translation of an operator that ONNX has too."""

    def translate(walk: Walk, op: Operator) -> None:
        held = walk.get_batched(op.inputs[0])
        walk.put(op.outputs[0], walk.made.add(name, [held.name], walk.scope, **attrs), held.order)

    return translate


def clip(low: float, high: float) -> Translate:
    """Make the translation of a clip to fixed bounds."""

    def translate(walk: Walk, op: Operator) -> None:
        held = walk.get_batched(op.inputs[0])
        walk.put(op.outputs[0], _clipped(walk, held.name, low, high), held.order)

    return translate


def same(walk: Walk, op: Operator) -> None:
    """Look through what only changes how numbers are stored: QUANTIZE, DEQUANTIZE, DENSIFY."""
    held = walk.get_batched(op.inputs[0])
    walk.put(op.outputs[0], held.name, held.order)
    if op.inputs[0] in walk.padded:
        walk.padded[op.outputs[0]] = walk.padded[op.inputs[0]]


def gelu(walk: Walk, op: Operator) -> None:
    """GELU, by tanh where the file says approximate."""
    formula = {"approximate": "tanh"} if op.option("Approximate", False) else {}
    unary("Gelu", **formula)(walk, op)


def leaky(walk: Walk, op: Operator) -> None:
    """LEAKY_RELU."""
    unary("LeakyRelu", alpha=float(op.option("Alpha", 0.0)))(walk, op)


def inverse_root(walk: Walk, op: Operator) -> None:
    """RSQRT."""
    held = walk.get_batched(op.inputs[0])
    root = walk.made.add("Sqrt", [held.name], walk.scope)
    walk.put(op.outputs[0], walk.made.add("Reciprocal", [root], walk.scope), held.order)


def square(walk: Walk, op: Operator) -> None:
    """SQUARE."""
    held = walk.get_batched(op.inputs[0])
    walk.put(op.outputs[0], walk.made.add("Mul", [held.name, held.name], walk.scope), held.order)


def softmax(name: str) -> Translate:
    """Make the translation of a softmax over the last axis."""

    def translate(walk: Walk, op: Operator) -> None:
        held = walk.get_batched(op.inputs[0])
        axis = held.order.index(len(walk.shape(op.inputs[0])) - 1)
        walk.put(op.outputs[0], walk.made.add(name, [held.name], walk.scope, axis=axis), held.order)

    return translate
