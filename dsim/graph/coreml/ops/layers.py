"""Operations with weights, products and pools.

Source: https://apple.github.io/coremltools/source/coremltools.converters.mil.mil.ops.defs.html
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dsim.graph.coreml.walk import Translate, Walk
from dsim.graph.onnx.windows import same_padding


def _pads(walk: Walk, op: Any, kernel: list[int], strides: list[int], dilations: list[int]) -> list[int]:
    """Return padding as ONNX writes it: all the starts before all the ends."""
    kind, sides = walk.text(op, "pad_type", "valid"), walk.shape(op)[2:]
    if kind == "valid":
        return [0] * 2 * len(kernel)
    if kind == "custom":
        flat = walk.ints(op, "pad")
        return [*flat[::2], *flat[1::2]]
    pairs = [same_padding(*side) for side in zip(sides, kernel, strides, dilations, strict=True)]
    return [before for before, _ in pairs] + [after for _, after in pairs]


def conv(walk: Walk, op: Any) -> None:
    """conv(x, weight, bias, strides, pad_type, pad, dilations, groups)."""
    kernel = list(walk.shape(op, "weight")[2:])
    ones = [1] * len(kernel)
    strides, dilations = walk.ints(op, "strides", ones), walk.ints(op, "dilations", ones)
    inputs = [walk.name(op, "x"), walk.name(op, "weight"), *_bias(walk, op)]
    attrs = {
        "kernel_shape": kernel,
        "strides": strides,
        "dilations": dilations,
        "pads": _pads(walk, op, kernel, strides, dilations),
        "group": int(walk.number(op, "groups", 1)),
    }
    walk.put(op, walk.made.add("Conv", inputs, walk.scope, **attrs))


def conv_transpose(walk: Walk, op: Any) -> None:
    """conv_transpose(x, weight, bias, strides, ...)."""
    kernel = list(walk.shape(op, "weight")[2:])
    inputs = [walk.name(op, "x"), walk.name(op, "weight"), *_bias(walk, op)]
    sizes = walk.shapes[op.outputs[0].name][2:]
    attrs = {
        "kernel_shape": kernel,
        "strides": walk.ints(op, "strides", [1] * len(kernel)),
        "output_shape": sizes,
    }
    made = walk.made.add(
        "ConvTranspose", inputs, walk.scope, **attrs, group=int(walk.number(op, "groups", 1))
    )
    walk.put(op, made)


def _bias(walk: Walk, op: Any) -> list[str]:
    """Return a bias, but one of zeros: converters write it where a layer has none."""
    if not walk.has(op, "bias"):
        return []
    known = walk.array(op, "bias")
    return [] if known is not None and not np.any(known) else [walk.name(op, "bias")]


def linear(walk: Walk, op: Any) -> None:
    """linear(x, weight (outputs, inputs), bias)."""
    turned = walk.made.add("Transpose", [walk.name(op, "weight")], perm=(1, 0))
    made = walk.made.add("MatMul", [walk.name(op, "x"), turned], walk.scope)
    bias = _bias(walk, op)
    walk.put(op, walk.made.add("Add", [made, *bias], walk.scope) if bias else made)


def matmul(walk: Walk, op: Any) -> None:
    """matmul(x, y), each transposed where the program says so."""
    names = []
    for side in "xy":
        name, rank = walk.name(op, side), len(walk.shape(op, side))
        if walk.flag(op, f"transpose_{side}"):
            name = walk.made.add("Transpose", [name], walk.scope, perm=[*range(rank - 2), rank - 1, rank - 2])
        names.append(name)
    walk.put(op, walk.made.add("MatMul", names, walk.scope))


def attention(walk: Walk, op: Any) -> None:
    """scaled_dot_product_attention(query, key, value, attn_mask)."""
    key = walk.name(op, "key")
    rank = len(walk.shape(op, "key"))
    turned = walk.made.add("Transpose", [key], walk.scope, perm=[*range(rank - 2), rank - 1, rank - 2])
    scale = walk.made.number(float(walk.shape(op, "query")[-1]) ** -0.5)
    scores = walk.made.add("MatMul", [walk.name(op, "query"), turned], walk.scope)
    scores = walk.made.add("Mul", [scores, scale], walk.scope)
    if walk.has(op, "attn_mask"):
        scores = walk.made.add("Add", [scores, walk.name(op, "attn_mask")], walk.scope)
    weights = walk.made.add("Softmax", [scores], walk.scope, axis=-1)
    walk.put(op, walk.made.add("MatMul", [weights, walk.name(op, "value")], walk.scope))


def batch_norm(walk: Walk, op: Any) -> None:
    """batch_norm(x, mean, variance, gamma, beta)."""
    channels = walk.shape(op)[1:2]
    filled = {
        "gamma": np.ones(channels, np.float32),
        "beta": np.zeros(channels, np.float32),
    }
    names = [
        walk.name(op, one) if walk.has(op, one) else walk.made.constant(walk.made.fresh(), filled[one])
        for one in ("gamma", "beta")
    ]
    inputs = [walk.name(op, "x"), *names, walk.name(op, "mean"), walk.name(op, "variance")]
    walk.put(op, walk.made.add("BatchNormalization", inputs, walk.scope))


def layer_norm(walk: Walk, op: Any) -> None:
    """layer_norm(x, axes, gamma, beta), over the last axes."""
    shape = walk.shape(op)
    axes = sorted(axis % len(shape) for axis in walk.ints(op, "axes", list(range(len(shape)))))
    if axes != list(range(axes[0], len(shape))):
        raise ValueError("a norm over other axes than the last")
    weight = walk.name(op, "gamma")
    if not weight:
        ones = walk.made.constant(walk.made.fresh(), np.ones(1, np.float32))
        weight = walk.made.add("Expand", [ones, walk.made.ints(shape[axes[0] :])])
    inputs = [walk.name(op, "x"), weight, *([walk.name(op, "beta")] if walk.has(op, "beta") else [])]
    walk.put(op, walk.made.add("LayerNormalization", inputs, walk.scope, axis=axes[0]))


def pool(name: str) -> Translate:
    """Make the translation of a pool."""

    def translate(walk: Walk, op: Any) -> None:
        kernel = walk.ints(op, "kernel_sizes")
        strides = walk.ints(op, "strides", [1] * len(kernel))
        attrs: dict[str, Any] = {
            "kernel_shape": kernel,
            "strides": strides,
            "pads": _pads(walk, op, kernel, strides, [1] * len(kernel)),
            "ceil_mode": int(walk.flag(op, "ceil_mode")),
        }
        if name == "AveragePool":
            attrs["count_include_pad"] = int(not walk.flag(op, "exclude_padding_from_average"))
        walk.put(op, walk.made.add(name, [walk.name(op, "x")], walk.scope, **attrs))

    return translate


def resize(mode: str) -> Translate:
    """Make the translation of resizing, to the size that the program states."""

    def translate(walk: Walk, op: Any) -> None:
        sizes = walk.made.ints(walk.shapes[op.outputs[0].name])
        walk.put(op, walk.made.add("Resize", [walk.name(op, "x"), "", "", sizes], walk.scope, mode=mode))

    return translate
