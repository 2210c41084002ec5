"""Layers element by element, softmax and reductions."""

from __future__ import annotations

import math
from typing import Any

from dsim.graph.coreml.older.walk import MICROSOFT, Translate, Walk

CHANNELS = -3  # the axis of channels, in the older way of five axes too


def unary(op: str, **attrs: Any) -> Translate:
    """Make the translation of a layer on one tensor that ONNX has too."""
    return lambda walk, layer, p: walk.add(op, [walk.name(layer.input[0])], **attrs)


def same(walk: Walk, layer: Any, p: Any) -> str:
    """Look through a copy."""
    return walk.name(layer.input[0])


def folded(op: str) -> Translate:
    """Make the translation of a layer on two or more tensors that are broadcast, or on one and a number."""
    return lambda walk, layer, p: _folded(walk, layer, p, op)


def _folded(walk: Walk, layer: Any, p: Any, op: str) -> str:
    names = [walk.name(blob) for blob in layer.input]
    if len(names) == 1:
        names.append(walk.number(p.alpha))
    made = names[0]
    for name in names[1:]:
        made = walk.add(op, [made, name])
    return made


def add(walk: Walk, layer: Any, p: Any) -> str:
    """Write a sum, or a difference: converters write one as a minus and a sum."""
    plain = [blob for blob in layer.input if blob not in walk.negated]
    minus = [blob for blob in layer.input if blob in walk.negated]
    if not minus:
        return _folded(walk, layer, p, "Add")
    return walk.add("Sub", [walk.name(plain[0]), walk.name(minus[0])])


def activation(walk: Walk, layer: Any, p: Any) -> str:
    """Write one of the activations that share a kind of layer."""
    kind, name = p.WhichOneof("NonlinearityType"), walk.name(layer.input[0])
    one = getattr(p, kind)
    match kind:
        case "ReLU":
            return _relu(walk, layer, name)
        case "linear":
            if _is_minus(layer) and _takes_one_minus(walk, walk.reader(layer)):
                walk.negated.add(layer.output[0])
                return name
            made = walk.add("Mul", [name, walk.number(one.alpha)]) if one.alpha != 1.0 else name
            return walk.add("Add", [made, walk.number(one.beta)]) if one.beta else made
        case "leakyReLU":
            return walk.add("LeakyRelu", [name], alpha=one.alpha)
        case "thresholdedReLU":
            return walk.add("ThresholdedRelu", [name], alpha=one.alpha)
        case "PReLU":
            channels = walk.shape(name)[CHANNELS]
            return walk.add("PRelu", [name, walk.weight([channels, 1, 1], one.alpha)])
        case "sigmoidHard":
            return walk.add("HardSigmoid", [name], alpha=one.alpha, beta=one.beta)
        case "ELU":
            return walk.add("Elu", [name], alpha=one.alpha)
        case "tanh" | "sigmoid" | "softsign" | "softplus":
            return walk.add(kind.capitalize(), [name])
    raise ValueError(f"activation {kind}")


def _relu(walk: Walk, layer: Any, name: str) -> str:
    """Write a ReLU, or the four layers by which converters write a ReLU that ends at six: ReLU, minus, at least -6, minus."""
    chain, most = [], math.inf
    at = layer
    for wanted in (_is_minus, _is_threshold, _is_minus):
        at = walk.only_reader(at)
        if at is None or not wanted(at):
            return walk.add("Relu", [name])
        chain.append(at)
        if wanted is _is_threshold:
            most = -float(at.unary.alpha)
    made = walk.add("Clip", [name, walk.number(0.0), walk.number(most)])
    walk.together(chain, made)
    return made


def _is_minus(layer: Any) -> bool:
    if (
        layer.WhichOneof("layer") != "activation"
        or layer.activation.WhichOneof("NonlinearityType") != "linear"
    ):
        return False
    return bool(layer.activation.linear.alpha == -1.0 and layer.activation.linear.beta == 0.0)


def _takes_one_minus(walk: Walk, layer: Any) -> bool:
    """Tell whether a layer is a sum of two, of which none has a minus yet."""
    if layer is None or layer.WhichOneof("layer") not in ("add", "addBroadcastable"):
        return False
    blobs = set(layer.input)
    return len(layer.input) == len(blobs) == 2 and not blobs & walk.negated


def _is_threshold(layer: Any) -> bool:
    if layer.WhichOneof("layer") != "unary":
        return False
    one = layer.unary
    return bool(
        one.type == one.THRESHOLD and one.alpha < 0.0 and one.shift == 0.0 and one.scale in (0.0, 1.0)
    )


def unary_function(walk: Walk, layer: Any, p: Any) -> str:
    """Write f(scale x + shift) for one of eight functions."""
    name = walk.name(layer.input[0])
    if p.scale not in (0.0, 1.0):
        name = walk.add("Mul", [name, walk.number(p.scale)])
    if p.shift:
        name = walk.add("Add", [name, walk.number(p.shift)])
    if p.type == p.POWER:
        return (
            walk.add("Mul", [name, name]) if p.alpha == 2.0 else walk.add("Pow", [name, walk.number(p.alpha)])
        )
    if p.type == p.THRESHOLD:
        return walk.add("Max", [name, walk.number(p.alpha)])
    if p.type == p.RSQRT:
        return walk.add("Reciprocal", [walk.add("Sqrt", [name])])
    return walk.add(
        {p.SQRT: "Sqrt", p.INVERSE: "Reciprocal", p.EXP: "Exp", p.LOG: "Log", p.ABS: "Abs"}[p.type], [name]
    )


def gelu(walk: Walk, layer: Any, p: Any) -> str:
    """Write a GELU by erf, by tanh or by a sigmoid."""
    name = walk.name(layer.input[0])
    if p.mode == p.SIGMOID_APPROXIMATION:
        return walk.add("QuickGelu", [name], domain=MICROSOFT)
    return walk.add("Gelu", [name], **({"approximate": "tanh"} if p.mode == p.TANH_APPROXIMATION else {}))


def clip(walk: Walk, layer: Any, p: Any) -> str:
    """Write limits."""
    return walk.add("Clip", [walk.name(layer.input[0]), walk.number(p.minVal), walk.number(p.maxVal)])


def scale(walk: Walk, layer: Any, p: Any) -> str:
    """Write a factor for each channel or element, and a summand where there is one."""
    made = walk.add("Mul", [walk.name(layer.input[0]), walk.weight(p.shapeScale, p.scale)])
    return walk.add("Add", [made, walk.weight(p.shapeBias, p.bias)]) if p.hasBias else made


def bias(walk: Walk, layer: Any, p: Any) -> str:
    """Write a summand for each channel or element."""
    return walk.add("Add", [walk.name(layer.input[0]), walk.weight(p.shape, p.bias)])


def softmax(walk: Walk, layer: Any, p: Any) -> str:
    """Write a softmax over channels."""
    name = walk.name(layer.input[0])
    return walk.add("Softmax", [name], axis=max(len(walk.shape(name)) + CHANNELS, 0) if walk.exact else 1)


def softmax_on_axis(walk: Walk, layer: Any, p: Any) -> str:
    """Write a softmax over any axis."""
    return walk.add("Softmax", [walk.name(layer.input[0])], axis=int(p.axis))


def reduce(op: str) -> Translate:
    """Make the translation of a mean, sum and the like over stated axes."""

    def translate(walk: Walk, layer: Any, p: Any) -> str:
        name = walk.name(layer.input[0])
        axes = range(len(walk.shape(name))) if p.reduceAll else [int(axis) for axis in p.axes]
        return walk.add(op, [name, walk.ints(axes)], keepdims=int(p.keepDims))

    return translate


def older_reduce(walk: Walk, layer: Any, p: Any) -> str:
    """Write a reduction over channels, height and width, or some of them."""
    op = {
        p.SUM: "ReduceSum",
        p.AVG: "ReduceMean",
        p.L1: "ReduceL1",
        p.L2: "ReduceL2",
        p.MAX: "ReduceMax",
        p.MIN: "ReduceMin",
    }
    axes = {p.CHW: [-3, -2, -1], p.HW: [-2, -1], p.C: [-3], p.H: [-2], p.W: [-1]}[p.axis]
    return walk.add(op[p.mode], [walk.name(layer.input[0]), walk.ints(axes)], keepdims=1)
