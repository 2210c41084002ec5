"""What a kernel's time is made of: an additive vector of milliseconds at nominal rates, one entry per cost.

A network's vector is the sum of its kernels' vectors, so the vectors of pieces add up to those of the whole. The model
learns one factor per entry; a factor of 1 means that the nominal rate was right. Nominal rates are orders of size of
a phone's neural engine (several TMAC/s, tens of GB/s, some microseconds to start a kernel), not measurements.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dsim.attrs import AxisAttrs, ConstantAttrs, SliceAttrs, SplitAttrs
from dsim.graph.graph import Graph
from dsim.graph.passes import run_passes
from dsim.op import ACTIVATIONS, BINARY, Op, OpKind

FloatArray = NDArray[np.float64]
BYTES = 2  # the iPhone profiles run in 16-bit floats
START_MS = 0.004
# scale and shift per channel are a step that the engine attaches to the kernel before or after; channels lie outermost in
# its memory, so joining and cutting them moves nothing
START_ATTACHED_MS = 0.0005
# ms per MAC: conv2d by the shape of its weights, linear over tokens, matmul between activations. Where weights stream in
# while the engine computes, the longer of the two counts (the roofline, doi 10.1145/1498765.1498785), and a part of the other
HIDDEN = 0.3
MACS = {"dense": 1 / 3e9, "pointwise": 1 / 3e9, "depthwise": 1 / 1e9, "linear": 1 / 3e9, "matmul": 1 / 5e8}
# ms per byte read and written, by what the kernel does with it
MOVED = {
    "conv": 1 / 6e7, "depthwise": 1 / 6e7, "tokens": 1 / 6e7, "softmax": 1 / 2e7, "norm": 1 / 2e7, "pool": 1 / 2e7,
    "groupnorm": 1 / 2e7, "layout": 1 / 2e7, "layout5": 1 / 2e7, "move": 1 / 2e7, "reduce": 1 / 2e7, "elementwise": 1 / 4e7, "affine": 1 / 1e9,
    "channels": 1 / 1e9, "unknown": 1 / 1e7,
}  # fmt: skip
WEIGHTS = 1 / 4e7  # ms per byte of weights, which stream from memory
# ms per byte by which what a kernel reads and writes exceeds these sizes: it no longer fits on the chip, and goes there and
# back through memory. The chip's own memory is not published; three sizes let the data choose
SPILL_BYTES = (1_000_000, 2_000_000, 4_000_000)
SPILL = 1 / 6e7
# ms per byte of output for activations beyond relu, which rides along with the kernel that writes
ACTIVATION = 1 / 1e8
PRICED_ACTIVATIONS = tuple(sorted(ACTIVATIONS - {OpKind.RELU}))
STARTS = ("conv", "depthwise", "linear", "matmul", "vector", "elementwise", "affine", "channels", "norm", "groupnorm", "pool",
          "softmax", "layout", "layout5", "move", "reduce", "unknown")  # fmt: skip

PRICED: tuple[str, ...] = (
    *(f"start_{kind}" for kind in STARTS),
    *(f"bound_{kind}" for kind in ("dense", "pointwise", "linear")),
    "hidden",
    "macs_depthwise",
    "macs_matmul",
    "weights",
    *(f"bytes_{kind}" for kind in MOVED),
    *(f"spill_{size // 1000}k" for size in SPILL_BYTES),
    *(f"act_{kind}" for kind in PRICED_ACTIVATIONS),
)
# counts that carry no price; the chance of a cliff is read from them
COUNTED: tuple[str, ...] = ("n_kernels", "n_hardswish", "n_gate", "n_rank5", "n_tokens", "n_unknown")
COLUMNS: tuple[str, ...] = PRICED + COUNTED
INDEX: dict[str, int] = {name: i for i, name in enumerate(COLUMNS)}
# outside ops that cost nothing at run time
FREE_UNKNOWN = frozenset({"_assert_tensor_metadata"})
# outside ops that work like a known kind; they are priced like it and still reported as unsupported
ALIKE = {
    "addcmul": "elementwise",
    "avg_pool1d": "pool",
    "clamp": "elementwise",
    "clamp_min": "elementwise",
    "linalg_vector_norm": "reduce",
    "pow": "elementwise",
    "rsqrt": "elementwise",
    "sqrt": "elementwise",
}
_LAYOUT = frozenset({OpKind.RESHAPE, OpKind.TRANSPOSE})
_SIMPLE = {
    OpKind.SOFTMAX: "softmax", OpKind.LAYER_NORM: "norm", OpKind.GROUP_NORM: "groupnorm", OpKind.AVG_POOL: "pool",
    OpKind.MAX_POOL: "pool", OpKind.GLOBAL_POOL: "reduce", OpKind.MEAN: "reduce", OpKind.SUM: "reduce",
    OpKind.RESHAPE: "layout", OpKind.TRANSPOSE: "layout", OpKind.INDEX: "move", OpKind.PAD: "move", OpKind.UPSAMPLE: "move",
}  # fmt: skip
_AXIS = {OpKind.CONCAT, OpKind.SPLIT, OpKind.SLICE}


@dataclass(frozen=True, slots=True)
class Work:
    """A kernel's class of start, and its amounts by column name (milliseconds at nominal rates, or counts)."""

    start: str
    amounts: tuple[tuple[str, float], ...]


@lru_cache(maxsize=65536)
def work(op: Op) -> Work:
    """Split one kernel's work into costs.

    Parameters
    ----------
    op
        An op that is left after the device's fusion passes.
    """
    read = sum(spec.numel for spec in op.inputs)
    written = sum(spec.numel for spec in op.outputs)
    moved = BYTES * (read + written)
    out: list[tuple[str, float]] = []
    if op.kind is OpKind.UNKNOWN and op.label in FREE_UNKNOWN:
        return Work("", ())
    if op.kind is OpKind.CONV2D or op.kind is OpKind.LINEAR:
        start = _compute(op, moved, out)
    elif op.kind is OpKind.MATMUL:
        start = "matmul"
        out += [("macs_matmul", op.macs * MACS["matmul"]), ("bytes_tokens", moved * MOVED["tokens"])]
    else:
        start, kind = _other(op)
        out.append((f"bytes_{kind}", moved * MOVED[kind]))
        if op.params:
            out.append(("weights", BYTES * op.params * WEIGHTS))
    out.append((f"start_{start}", START_ATTACHED_MS if start in ("affine", "channels") else START_MS))
    activation = op.activation or (op.kind if op.kind in ACTIVATIONS else None)
    if activation is not None and activation is not OpKind.RELU:
        out.append((f"act_{activation}", BYTES * written * ACTIVATION))
    out += [(f"spill_{size // 1000}k", (moved - size) * SPILL) for size in SPILL_BYTES if moved > size]
    return Work(start, (*out, *_counts(op, activation)))


def _compute(op: Op, moved: int, out: list[tuple[str, float]]) -> str:
    """Price conv2d and linear; give the class of start."""
    weights = BYTES * op.params * WEIGHTS
    shape = op.outputs[0].shape
    if op.kind is OpKind.LINEAR:
        # a single vector does no work to speak of: its weights are read once
        kind = "vector" if op.outputs[0].numel == shape[-1] else "linear"
    elif shape[2] * shape[3] == 1:
        kind = "vector"
    elif op.is_depthwise:
        out += [
            ("macs_depthwise", op.macs * MACS["depthwise"]),
            ("bytes_depthwise", moved * MOVED["depthwise"]),
        ]
        kind = "depthwise"
    else:
        kind = "pointwise" if op.is_pointwise else "dense"
    if kind in ("vector", "depthwise"):
        out.append(("weights", weights))
        return kind
    compute = op.macs * MACS[kind]
    out += [(f"bound_{kind}", max(compute, weights)), ("hidden", HIDDEN * min(compute, weights))]
    out.append(
        ("bytes_tokens", moved * MOVED["tokens"])
        if kind == "linear"
        else ("bytes_conv", moved * MOVED["conv"])
    )
    return "linear" if kind == "linear" else "conv"


def _other(op: Op) -> tuple[str, str]:
    """Return the class of start and of bytes for kernels without MACs."""
    if op.kind in _AXIS:
        axis = op.attrs.axis if isinstance(op.attrs, AxisAttrs | SplitAttrs | SliceAttrs) else -1
        return ("channels", "channels") if axis == 1 and len(op.outputs[0].shape) == 4 else ("move", "move")
    if op.kind is OpKind.BATCH_NORM or per_channel(op):
        return "affine", "affine"
    if op.kind in BINARY or op.kind in ACTIVATIONS:
        return "elementwise", "elementwise"
    kind = ALIKE.get(op.label, "unknown") if op.kind is OpKind.UNKNOWN else _SIMPLE[op.kind]
    if kind == "layout" and _rank(op) >= 5:
        kind = "layout5"
    return kind, kind


def priced_macs(op: Op) -> int:
    """Return the MACs that prices are learned from: none of an op without a kind, which no evidence prices by MACs."""
    return 0 if op.kind is OpKind.UNKNOWN else op.macs


def _rank(op: Op) -> int:
    """Return the largest number of axes that the op reads or writes."""
    return max(len(spec.shape) for spec in (*op.inputs, *op.outputs))


def per_channel(op: Op) -> bool:
    """Tell a mul or add by a constant with one number per channel (or one in all)."""
    if (
        op.kind not in (OpKind.MUL, OpKind.ADD)
        or not isinstance(op.attrs, ConstantAttrs)
        or op.attrs.constant is None
    ):
        return False
    shape = op.attrs.constant
    return math.prod(shape) == 1 or max(shape) == math.prod(shape)


def _counts(op: Op, activation: OpKind | None) -> list[tuple[str, float]]:
    out = [("n_kernels", 1.0)]
    if activation is OpKind.HARDSWISH:
        out.append(("n_hardswish", 1.0))
    if activation in (OpKind.SIGMOID, OpKind.HARDSIGMOID):
        out.append(("n_gate", 1.0))
    if op.kind in _LAYOUT and _rank(op) >= 5:
        out.append(("n_rank5", 1.0))
    if op.kind in (OpKind.LINEAR, OpKind.MATMUL) and len(op.outputs[0].shape) >= 3:
        out.append(("n_tokens", 1.0))
    if op.kind is OpKind.UNKNOWN:
        out.append(("n_unknown", 1.0))
    return out


def kernel_vector(op: Op) -> FloatArray:
    """Return the vector (F,) of one kernel."""
    vector = np.zeros(len(COLUMNS))
    for name, amount in work(op).amounts:
        vector[INDEX[name]] += amount
    return vector


def kernels(graph: Graph, passes: tuple[str, ...]) -> Graph:
    """Return the graph whose ops are the kernels that run, after the device's passes."""
    return run_passes(graph, passes)


def total(run: Graph) -> FloatArray:
    """Return the vector (F,) of a graph that the passes have been over: the sum over its kernels."""
    vector = np.zeros(len(COLUMNS))
    for op in run.ops:
        for name, amount in work(op).amounts:
            vector[INDEX[name]] += amount
    return vector


def featurise(graph: Graph, passes: tuple[str, ...]) -> FloatArray:
    """Return the vector (F,) of a network: the sum over its kernels.

    Parameters
    ----------
    graph
        Any graph, before the device's passes.
    passes
        Names of the passes that the device's profile lists.
    """
    return total(kernels(graph, passes))
