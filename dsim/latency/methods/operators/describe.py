"""Describe a kernel by numbers that a regression can learn from: class, work, bytes, channels, how parallel it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from dsim.attrs import ConvAttrs, PoolAttrs
from dsim.latency.features import FloatArray, priced_macs
from dsim.latency.kernel import Kernel
from dsim.op import ACTIVATIONS, BINARY, NORMS, Op, OpKind

CLASSES: tuple[str, ...] = (
    "dense",
    "pointwise",
    "vector",
    "depthwise",
    "grouped",
    "matmul",
    "avg_pool",
    "max_pool",
    "reduce",
    "concat",
    "elementwise",
    "activation",
    "norm",
    "softmax",
    "layout",
    "other",
)
# the narrowest vector unit of the devices here; a group of fewer output channels leaves lanes empty
LANES = 4
ACTIVATION_ORDER: tuple[OpKind | None, ...] = (
    None,
    OpKind.RELU,
    OpKind.RELU6,
    OpKind.HARDSIGMOID,
    OpKind.HARDSWISH,
    OpKind.SIGMOID,
    OpKind.SILU,
    OpKind.TANH,
    OpKind.GELU,
)
NAMES: tuple[str, ...] = (
    "class", "side_in", "channels_in", "side_out", "channels_out", "kernel", "stride", "group_in", "log_macs",
    "log_read", "log_written", "log_weights", "log_moved", "log_intensity", "slices_4", "slices_16", "waste_4",
    "log_threads", "log_padded_macs", "joins", "scales", "activation", "inputs", "winograd",
    "kernel_width", "width_out", "group_out", "log_groups", "log_row", "kind",
)  # fmt: skip
_KINDS = tuple(OpKind)
_ON_LAST = (OpKind.LINEAR, OpKind.MATMUL, OpKind.SOFTMAX)
_KIND_CLASS: dict[OpKind, str] = {
    OpKind.MATMUL: "matmul",
    OpKind.MAX_POOL: "max_pool",
    OpKind.AVG_POOL: "avg_pool",
    OpKind.GLOBAL_POOL: "reduce",
    OpKind.MEAN: "reduce",
    OpKind.SUM: "reduce",
    OpKind.CONCAT: "concat",
    OpKind.SOFTMAX: "softmax",
    OpKind.RESHAPE: "layout",
    OpKind.TRANSPOSE: "layout",
    **dict.fromkeys(BINARY, "elementwise"),
    **dict.fromkeys(ACTIVATIONS, "activation"),
    **dict.fromkeys(NORMS, "norm"),
}


def class_of(op: Op) -> str:
    """Return the class that an op's cost is learned in."""
    if op.kind is OpKind.LINEAR:
        return "vector" if op.outputs[0].numel == op.outputs[0].shape[-1] else "pointwise"
    if isinstance(op.attrs, ConvAttrs):
        if op.is_depthwise:
            return "depthwise"
        if op.attrs.groups > 1:
            return "grouped"
        if math.prod(op.outputs[0].shape[2:]) == 1:
            return "vector"
        return "pointwise" if op.is_pointwise else "dense"
    if isinstance(op.attrs, PoolAttrs) and math.prod(op.outputs[0].shape[2:]) == 1:
        return "reduce"
    return _KIND_CLASS.get(op.kind, "other")


def _extent(op: Op, shape: tuple[int, ...]) -> tuple[int, float]:
    """Return channels and the side of the square with as many pixels, of NCHW or of channels last.

    Linear layers and matrix products work on the last axis. Of other ops on four axes the shape has to tell: pictures
    are square, so (1, 56, 56, 128) holds 128 channels.
    """
    last = op.kind in _ON_LAST or (len(shape) == 4 and shape[1] == shape[2] != shape[3])
    if len(shape) == 4 and not last:
        return shape[1], math.sqrt(shape[2] * shape[3])
    return (shape[-1] if shape else 1), math.sqrt(max(math.prod(shape[:-1]), 1))


def _up(size: float, step: int) -> int:
    return -(-int(size) // step)


@lru_cache(maxsize=65536)
def numbers(kernel: Kernel) -> tuple[float, ...]:
    """Describe one kernel; entries in the order of `NAMES`. Element counts, not bytes: a profile has one precision."""
    op = kernel.op
    kind, macs = class_of(op), priced_macs(op)
    (c_out, side_out) = _extent(op, op.outputs[0].shape)
    (c_in, side_in) = _extent(op, op.inputs[0].shape) if op.inputs else (c_out, side_out)
    attrs = op.attrs
    size = stride = 1.0
    if isinstance(attrs, ConvAttrs | PoolAttrs):
        size, stride = math.sqrt(math.prod(attrs.kernel)), math.sqrt(math.prod(attrs.stride))
    if isinstance(attrs, ConvAttrs):
        # runtimes differ in whether they pad before: what is read is what the output needs
        side_in = side_out * stride
        c_in = op.inputs[0].shape[1]
        group_in, groups = c_in // attrs.groups, attrs.groups
    else:
        group_in, groups = c_in, 1
    read = sum(spec.numel for spec in op.inputs) if not isinstance(attrs, ConvAttrs) else side_in**2 * c_in
    written = op.elements_written
    weights = op.weights if macs else 0
    moved = read + written * (1 + kernel.joins) + weights
    pixels = side_out**2
    reduced = group_in * size * size if macs else 1.0
    padded = pixels * 4 * _up(c_out, 4) * reduced * 4 * _up(group_in, 4) / group_in
    if kind == "grouped":  # lanes of a vector hold output channels of one group
        padded = pixels * groups * LANES * _up(c_out / groups, LANES) * reduced
    return (
        float(CLASSES.index(kind)),
        side_in,
        float(c_in),
        side_out,
        float(c_out),
        size,
        stride,
        float(group_in),
        math.log(macs + 1.0),
        math.log(read + 1.0),
        math.log(written + 1.0),
        math.log(weights + 1.0),
        math.log(moved + 1.0),
        math.log((macs + 1.0) / (moved + 1.0)),
        float(_up(c_out, 4)),
        float(_up(c_out, 16)),
        4.0 * _up(c_out, 4) / c_out,
        math.log(pixels * _up(c_out, 4) + 1.0),
        math.log(padded + 1.0),
        float(kernel.joins),
        float(kernel.scales),
        float(ACTIVATION_ORDER.index(op.kind if op.kind in ACTIVATIONS else op.activation)),
        float(len(op.inputs)),
        float(kind == "dense" and size == 3.0 and stride == 1.0),
        float(attrs.kernel[1]) if isinstance(attrs, ConvAttrs | PoolAttrs) else 1.0,
        float(op.outputs[0].shape[-1]),
        c_out / groups,
        math.log(groups),
        math.log(reduced),
        float(_KINDS.index(op.kind)),
    )


def describe(kernels: Sequence[Kernel]) -> FloatArray:
    """Describe kernels, (N, len(NAMES))."""
    return np.array([numbers(kernel) for kernel in kernels]).reshape(-1, len(NAMES))
