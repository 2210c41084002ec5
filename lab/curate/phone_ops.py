"""Turn rows of ops_mobile_gpu.parquet into rows of ops.parquet: op kinds, typed attributes, square shapes."""

from __future__ import annotations

import json
from typing import Any

from dsim.attrs import (
    Attrs,
    AxisAttrs,
    ConstantAttrs,
    ConvAttrs,
    LinearAttrs,
    NoAttrs,
    NormAttrs,
    PoolAttrs,
    ReduceAttrs,
)
from dsim.records import to_plain

Shapes = list[list[int]]
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


def _whole(row: dict[str, Any], column: str, least: int = 1) -> int:
    return max(int(row[column] or 0), least)


def _padding(side: int, out: int, kernel: int, stride: int) -> int:
    return max(0, -(-((out - 1) * stride + kernel - side) // 2))


def _conv(row: dict[str, Any]) -> tuple[str, Attrs, Shapes] | None:
    side, out, c_in, c_out = (_whole(row, c) for c in ("in_h", "out_h", "in_c", "out_c"))
    kernel, stride, groups = (_whole(row, c) for c in ("kernel_h", "stride", "groups"))
    if row["op"] == "DEPTHWISE_CONV_2D":
        groups, c_out = c_in, c_in * c_out  # the source gives the multiplier as output channels
    if c_in % groups or c_out % groups:
        return None
    pad = _padding(side, out, kernel, stride)
    attrs = ConvAttrs(c_out, (kernel, kernel), (stride, stride), (pad, pad), groups=groups)
    return "conv2d", attrs, [[1, c_in, side, side]]


def _pool(row: dict[str, Any]) -> tuple[str, Attrs, Shapes]:
    side, c_in = _whole(row, "in_h"), _whole(row, "in_c")
    if not row["kernel_h"] or not row["out_h"]:
        return "global_pool", ReduceAttrs((2, 3), True), [[1, c_in, side, side]]
    kernel, stride = _whole(row, "kernel_h"), _whole(row, "stride")
    pad = min(_padding(side, _whole(row, "out_h"), kernel, stride), kernel // 2)
    attrs = PoolAttrs((kernel, kernel), (stride, stride), (pad, pad))
    return POOLS[row["op"]], attrs, [[1, c_in, side, side]]


def op_of(row: dict[str, Any]) -> tuple[str, Attrs, Shapes] | None:
    """Return (kind, attributes, input shapes) of a row, None where its shapes contradict each other."""
    op = row["op"]
    if op in CONVS:
        return _conv(row)
    if op in LINEARS:
        # PyTorch Mobile's rows carry features where others carry sides
        c_in = row["in_c"] or row["in_h"]
        c_out = row["out_c"] or row["out_h"]
        return ("linear", LinearAttrs(int(c_out)), [[1, int(c_in)]]) if c_in and c_out else None
    if op in POOLS:
        return _pool(row)
    c_in, side = _whole(row, "in_c"), _whole(row, "in_h")
    if op in MEANS:
        return "global_pool", ReduceAttrs((2, 3), True), [[1, c_in, side, side]]
    if op == "CONCATENATION":
        rest = _whole(row, "out_c") - c_in
        return "concat", AxisAttrs(1), [[1, c, side, side] for c in (c_in, rest) if c > 0]
    kind = ELEMENTWISE[op]
    shape = [1, c_in, side, side]
    if kind in ("add", "mul"):
        return kind, ConstantAttrs(), [shape, shape]
    return kind, NormAttrs() if kind == "batch_norm" else NoAttrs(), [shape]


def activation_of(row: dict[str, Any]) -> str:
    """Return the activation that a TFLite kernel carries first; empty where it carries none or something else first."""
    _, linked, rest = (row["gpu_kernel"] or "").partition("_linked_:_")
    if not linked or row["op"] not in (*CONVS, *LINEARS):
        return ""
    return next((kind for word, kind in LINKED.items() if rest.startswith(word)), "")


def ops_row(row: dict[str, Any]) -> dict[str, object] | None:
    """Return a row of ops.parquet, None where the source's shapes contradict each other."""
    read = op_of(row)
    if read is None:
        return None
    kind, attrs, shapes = read
    return {
        "op": kind,
        "attrs": json.dumps(to_plain(attrs), separators=(",", ":")),
        "inputs": json.dumps(shapes, separators=(",", ":")),
        "activation": activation_of(row),
        "latency_ms": row["latency_us"] / 1000.0,
        "count": 1,
        "network": f"cv-{row['model']}@224",
        "position": row["op_index"],
        "how": "in situ",
        "source": SOURCE,
        "licence": LICENCE,
    }
