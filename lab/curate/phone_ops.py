"""Turn rows of ops_mobile_gpu.parquet into measured operators: op kinds, typed attributes, square shapes."""

from __future__ import annotations

from typing import Any

from dsim.attrs import (
    AxisAttrs,
    ConstantAttrs,
    ConvAttrs,
    LinearAttrs,
    NoAttrs,
    NormAttrs,
    PoolAttrs,
    ReduceAttrs,
)
from dsim.device.profile import MeasuredOp
from dsim.graph.builder import make_op
from dsim.op import BINARY, Op, OpKind, TensorSpec

SOURCE = "qed-usc/mobile-ml-benchmark, GPU operator traces"
LICENCE = "MIT"
CONVS = ("CONV_2D", "CONV_2D_GROUP", "DEPTHWISE_CONV_2D", "vulkan_prepack::run_conv2d_context")
LINEARS = ("FULLY_CONNECTED", "vulkan_prepack::run_linear_context")
POOLS = {
    "AVERAGE_POOL_2D": "avg_pool",
    "aten::avg_pool2d": "avg_pool",
    "MAX_POOL_2D": "max_pool",
    "aten::max_pool2d": "max_pool",
}
MEANS = ("MEAN", "aten::adaptive_avg_pool2d")
ELEMENTWISE = {
    "aten::add": "add",
    "aten::mul": "mul",
    "aten::relu": "relu",
    "aten::clamp": "relu6",
    "aten::hardswish": "hardswish",
    "aten::sigmoid": "sigmoid",
    "vulkan_prepack::run_batchnorm_context": "batch_norm",
}
# the first op that a TFLite kernel's name says is linked to it
LINKED = {"hard_swish": "hardswish", "relu": "relu", "sigmoid": "sigmoid", "tanh": "tanh"}


def measured_op(row: dict[str, Any]) -> MeasuredOp | None:
    """Return a row as a measured operator, None where the source's shapes contradict each other."""
    op = _op_of(row, OpKind(kind) if (kind := _activation_of(row)) else None)
    if op is None:
        return None
    network, ms = f"cv-{row['model']}@224", row["latency_us"] / 1000.0
    return MeasuredOp(op, ms, 1, network, row["op_index"], "in situ", SOURCE, LICENCE)


def _op_of(row: dict[str, Any], activation: OpKind | None) -> Op | None:
    op = row["op"]
    if op in CONVS:
        return _conv(row, activation)
    if op in LINEARS:
        # PyTorch Mobile's rows carry features where others carry sides
        c_in = row["in_c"] or row["in_h"]
        c_out = row["out_c"] or row["out_h"]
        if not c_in or not c_out:
            return None
        return make_op(OpKind.LINEAR, LinearAttrs(int(c_out)), (TensorSpec((1, int(c_in))),), activation)
    c_in, side = _whole(row, "in_c"), _whole(row, "in_h")
    image = TensorSpec((1, c_in, side, side))
    if op in MEANS or (op in POOLS and not (row["kernel_h"] and row["out_h"])):
        return make_op(OpKind.GLOBAL_POOL, ReduceAttrs((2, 3), True), (image,))
    if op in POOLS:
        kernel, stride = _whole(row, "kernel_h"), _whole(row, "stride")
        pad = min(_padding(side, _whole(row, "out_h"), kernel, stride), kernel // 2)
        return make_op(OpKind(POOLS[op]), PoolAttrs((kernel, kernel), (stride, stride), (pad, pad)), (image,))
    if op == "CONCATENATION":
        rest = _whole(row, "out_c") - c_in
        parts = tuple(TensorSpec((1, c, side, side)) for c in (c_in, rest) if c > 0)
        return make_op(OpKind.CONCAT, AxisAttrs(1), parts)
    kind = OpKind(ELEMENTWISE[op])
    if kind in BINARY:
        return make_op(kind, ConstantAttrs(), (image, image))
    return make_op(kind, NormAttrs() if kind is OpKind.BATCH_NORM else NoAttrs(), (image,))


def _conv(row: dict[str, Any], activation: OpKind | None) -> Op | None:
    side, out, c_in, c_out = (_whole(row, c) for c in ("in_h", "out_h", "in_c", "out_c"))
    kernel, stride, groups = (_whole(row, c) for c in ("kernel_h", "stride", "groups"))
    if row["op"] == "DEPTHWISE_CONV_2D":
        groups, c_out = c_in, c_in * c_out  # the source gives the multiplier as output channels
    if c_in % groups or c_out % groups:
        return None
    pad = _padding(side, out, kernel, stride)
    attrs = ConvAttrs(c_out, (kernel, kernel), (stride, stride), (pad, pad), groups=groups)
    return make_op(OpKind.CONV2D, attrs, (TensorSpec((1, c_in, side, side)),), activation)


def _activation_of(row: dict[str, Any]) -> str:
    """Return the activation that a TFLite kernel carries first; empty where it carries none or something else first."""
    _, linked, rest = (row["gpu_kernel"] or "").partition("_linked_:_")
    if not linked or row["op"] not in (*CONVS, *LINEARS):
        return ""
    return next((kind for word, kind in LINKED.items() if rest.startswith(word)), "")


def _whole(row: dict[str, Any], column: str, least: int = 1) -> int:
    return max(int(row[column] or 0), least)


def _padding(side: int, out: int, kernel: int, stride: int) -> int:
    return max(0, -(-((out - 1) * stride + kernel - side) // 2))
