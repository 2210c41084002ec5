"""What a kernel costs, in more kinds than `dsim.latency.features` tells apart: additive amounts in natural units.

Units: billions of MACs, millions of elements moved, millions of weights, counts. Nothing here is a rate; rates are learned,
from the centres in `dsim.latency.methods.fine.prior`. Hundreds of networks pay for the finer split, thirty would not.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from dsim.attrs import ConvAttrs
from dsim.graph.graph import Graph
from dsim.latency.features import ALIKE, COUNTED, FREE_UNKNOWN, FloatArray, per_channel, priced_macs, work
from dsim.op import ACTIVATIONS, BINARY, Op, OpKind

DENSE = ("pointwise", "dense3", "dense5")
GROUPED = ("8", "16", "32", "wide")  # input channels per group, up to
DEPTHWISE = ("depthwise3", "depthwise5", "depthwise7")
TILE = 64  # matrix units work on tiles; channels are filled up to a multiple
NARROW = {"conv": 32, "linear": 64}  # below this many channels a matrix unit starves
LOW_PIXELS, HIGH_PIXELS = 196, 2500  # output pixels: little parallel work below, little reuse above
INTENSITIES = (
    8,
    32,
    128,
)  # MACs per element moved above which a kernel may be bound by computing (a roofline's knees)
SPILLS = (0.25, 1.0, 4.0)  # millions of elements that a kernel may move before it leaves a cache
_ACTIVATIONS = tuple(sorted(str(kind) for kind in ACTIVATIONS))
_MOVES = ("avg_pool", "max_pool", "concat", "cut", "index", "pad", "upsample", "reduce", "reshape", "transpose", "softmax",
          "layer_norm", "group_norm", "batch_norm", "unknown")  # fmt: skip
# what an outside op that works like a known kind is priced as
_LIKE_NAMES = {"elementwise": "elementwise_binary", "pool": "avg_pool"}
_CONVS = ("stem", *DENSE, "grouped", "depthwise")
_MOVE_OF = {
    OpKind.SPLIT: "cut", OpKind.SLICE: "cut", OpKind.GLOBAL_POOL: "reduce", OpKind.MEAN: "reduce", OpKind.SUM: "reduce",
}  # fmt: skip

PRICED: tuple[str, ...] = (
    *(f"start_{kind}" for kind in (*_CONVS, "group", "vector", "linear", "matmul", "elementwise", *_MOVES)),
    *(f"macs_{kind}" for kind in ("stem", *DENSE, *DEPTHWISE, "grouped", "vector", "linear", "matmul")),
    *(f"macs_grouped_{size}" for size in GROUPED),
    "grouped_padding", "conv_padding", "linear_padding", "narrow_conv", "narrow_linear", "unit_stride3",
    *(f"{size}_{kind}" for size in ("low", "high") for kind in DENSE),
    *(f"strided_{kind}" for kind in (*DENSE, "grouped", "depthwise")),
    *(f"bytes_{kind}" for kind in ("stem", *DENSE, *DEPTHWISE, "grouped", "vector", "linear", "matmul", *_MOVES)),
    *(f"bytes_elementwise_{kind}" for kind in (*_ACTIVATIONS, "binary", "broadcast", "per_channel")),
    "weights_conv", "weights_linear", "weights_vector",
    *(f"intense_{knee}" for knee in INTENSITIES),
    *(f"spill_{size}" for size in SPILLS),
    *(f"act_{kind}" for kind in _ACTIVATIONS),
    "fused_activations",
)  # fmt: skip
COLUMNS: tuple[str, ...] = PRICED + COUNTED
INDEX: dict[str, int] = {name: i for i, name in enumerate(COLUMNS)}
Amounts = tuple[tuple[str, float], ...]


@lru_cache(maxsize=65536)
def costs(op: Op) -> Amounts:
    """Split one kernel's work into amounts by column name.

    Parameters
    ----------
    op
        An op that is left after the device's passes.
    """
    if op.kind is OpKind.UNKNOWN and op.label in FREE_UNKNOWN:
        return ()
    moved = (sum(s.numel for s in op.inputs) + sum(s.numel for s in op.outputs)) / 1e6
    if op.kind is OpKind.CONV2D:
        out = _conv(op, moved)
    elif op.kind is OpKind.LINEAR:
        out = _linear(op, moved)
    elif op.kind is OpKind.MATMUL:
        out = [("start_matmul", 1.0), ("bytes_matmul", moved), ("macs_matmul", op.macs / 1e9)]
    else:
        out = _move(op, moved)
    if not any(name == "start_vector" for name, _ in out):
        million = priced_macs(op) / 1e6
        out += [(f"intense_{knee}", million / knee - moved) for knee in INTENSITIES if million > knee * moved]
    out += [(f"spill_{size}", moved - size) for size in SPILLS if moved > size]
    if op.activation is not None:
        out += [
            (f"act_{op.activation}", sum(s.numel for s in op.outputs) / 1e6),
            ("fused_activations", 1.0),
        ]
    return (*out, *((name, amount) for name, amount in work(op).amounts if name in COUNTED))


def _conv(op: Op, moved: float) -> list[tuple[str, float]]:
    attrs, macs = op.attrs, op.macs / 1e9
    assert isinstance(attrs, ConvAttrs)
    inp, out_channels = op.inputs[0].shape[1], attrs.out_channels
    pixels = op.outputs[0].shape[2] * op.outputs[0].shape[3]
    side = max(attrs.kernel)
    if pixels == 1:
        return [
            ("start_vector", 1.0),
            ("bytes_vector", moved),
            ("weights_vector", op.params / 1e6),
            ("macs_vector", macs),
        ]
    kind = _conv_kind(op, inp, side)
    start = "depthwise" if kind in DEPTHWISE else kind
    out = [
        (f"start_{start}", 1.0),
        (f"bytes_{kind}", moved),
        ("weights_conv", op.params / 1e6),
        (f"macs_{kind}", macs),
    ]
    if max(attrs.stride) > 1 and kind != "stem":
        out.append((f"strided_{start}", moved))
    if kind in DENSE:
        out.append(("conv_padding", macs * _excess(inp, out_channels)))
        out.append(("narrow_conv", macs * min(1.0, NARROW["conv"] / min(inp, out_channels))))
        if side == 3 and max(attrs.stride) == 1:
            out.append(("unit_stride3", macs))
        if pixels <= LOW_PIXELS:
            out.append((f"low_{kind}", macs))
        if pixels >= HIGH_PIXELS:
            out.append((f"high_{kind}", macs))
    if kind == "grouped":
        width = inp // attrs.groups
        size = next((s for s in GROUPED[:-1] if width <= int(s)), GROUPED[-1])
        out += [(f"macs_grouped_{size}", macs), ("grouped_padding", macs * 32 / min(32, width))]
        # some runtimes take a grouped convolution apart and run its groups one by one
        out.append(("start_group", float(attrs.groups)))
    return out


def _conv_kind(op: Op, inp: int, side: int) -> str:
    assert isinstance(op.attrs, ConvAttrs)
    if op.attrs.groups == 1:
        if inp <= 4:
            return "stem"
        return "pointwise" if side == 1 else "dense3" if side <= 3 else "dense5"
    if op.is_depthwise:
        return "depthwise3" if side <= 3 else "depthwise5" if side <= 5 else "depthwise7"
    return "grouped"


def _linear(op: Op, moved: float) -> list[tuple[str, float]]:
    features, inp = op.outputs[0].shape[-1], op.inputs[0].shape[-1]
    kind = "vector" if op.outputs[0].numel == features else "linear"
    out = [
        (f"start_{kind}", 1.0),
        (f"bytes_{kind}", moved),
        (f"weights_{kind}", op.params / 1e6),
        (f"macs_{kind}", op.macs / 1e9),
    ]
    if kind == "linear":
        out.append(("linear_padding", op.macs / 1e9 * _excess(inp, features)))
        out.append(("narrow_linear", op.macs / 1e9 * min(1.0, NARROW["linear"] / min(inp, features))))
    return out


def _excess(inp: int, out: int) -> float:
    """Share of work added by filling both channel counts up to whole tiles."""
    return -(-inp // TILE) * TILE * -(-out // TILE) * TILE / (inp * out) - 1.0


def _move(op: Op, moved: float) -> list[tuple[str, float]]:
    if op.kind in ACTIVATIONS:
        return [("start_elementwise", 1.0), (f"bytes_elementwise_{op.kind}", moved)]
    if op.kind in BINARY:
        unequal = len(op.inputs) == 2 and op.inputs[0].numel != op.inputs[1].numel
        kind = "broadcast" if unequal else "per_channel" if per_channel(op) else "binary"
        return [("start_elementwise", 1.0), (f"bytes_elementwise_{kind}", moved)]
    if op.kind is OpKind.UNKNOWN:
        kind = ALIKE.get(op.label, "unknown")
        start = "avg_pool" if kind == "pool" else kind
        return [(f"start_{start}", 1.0), (f"bytes_{_LIKE_NAMES.get(kind, kind)}", moved)]
    kind = _MOVE_OF.get(op.kind, str(op.kind))
    return [(f"start_{kind}", 1.0), (f"bytes_{kind}", moved)]


def vector(op: Op) -> FloatArray:
    """Return the amounts (F,) of one kernel."""
    out = np.zeros(len(COLUMNS))
    for name, amount in costs(op):
        out[INDEX[name]] += amount
    return out


def total(run: Graph) -> FloatArray:
    """Return the amounts (F,) of a graph that the passes have been over: the sum over its kernels."""
    out = np.zeros(len(COLUMNS))
    for op in run.ops:
        for name, amount in costs(op):
            out[INDEX[name]] += amount
    return out
