"""Make the Apple Neural Engine operator profiles m5-ane and m6-ane.

``slope`` rows are least-squares slopes over the length of a chain of one op, so that no launch is in them. ``dispatch`` rows
are single calls, which include a launch of about 74 us. Left out: chains that ran on the CPU or have one length only, 8-bit
chains (another precision), calls that the source marks as jitter, and ops without a kind or a stated shape here (attention blocks,
rms and l2 norm, pooling without a window, pixel shuffle, argmax, top-k, chains of 16 timed once). Single calls
on an M1 and an M4 are too few for a profile (lab/notes/latency.md).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from dsim.attrs import Attrs, AxisAttrs, ConstantAttrs, ConvAttrs, LinearAttrs, NoAttrs, NormAttrs
from dsim.device.profile import MeasuredOp
from dsim.graph.builder import make_op
from dsim.op import Op, OpKind, TensorSpec
from lab.curate.profiles import about, save

MIT = "MIT"
MIT_STATED = "MIT, as stated by the M6 study"
RISE = 0.1  # a chain whose time rises by less than this share tells nothing of one link
PX = (128, 512)
PROTOCOLS = {
    "firmware": "firmware time stamps (kdebug), slope over chain length",
    "chain": "Core ML, wall clock, slope over chain length",
    "dispatch": "direct dispatch without Core ML; a launch of about 74 us is in every call",
}


def curate(raw: Path, out: Path) -> None:
    """Write the two profiles."""
    singles = _dispatched(raw)
    slopes = [*_firmware_convs(raw), *_elementwise(raw), *_chains(raw)]
    for chip, ops in (("m5", singles["m5"]), ("m6", slopes + singles["m6"])):
        key, name = "firmware" if chip == "m6" else "dispatch", chip.upper()
        texts = about(
            f"{chip}-ane",
            f"Apple {name}, Neural Engine, single operators",
            name,
            name,
            (key, PROTOCOLS[key]),
            PX,
            protocols=PROTOCOLS,
            compute_unit="Neural Engine",
            runtime="Core ML chains and direct dispatch" if chip == "m6" else "direct dispatch, no Core ML",
            precision="float16",
            layout="chosen by the engine",
            batch="1; larger where an op's shape says so",
            threads="none: a neural engine",
            group="apple-ne",
            method="operators",
            pool="apple-ne",
            licence="MIT; see NOTICE",
        )
        save(out, texts, ops=ops)


def _timed(op: Op, latency_us: float, count: int, how: str, source: str, licence: str) -> MeasuredOp:
    return MeasuredOp(op, latency_us / 1000.0, count, "", 0, how, source, licence)


def _conv(channels: tuple[int, int], shape: tuple[int, int, int], kernel: tuple[int, int], stride: int) -> Op:
    """Return a same-padded convolution; an even window loses one column, since padding is symmetric here."""
    batch, height, width = shape
    pads = ((kernel[0] - 1) // 2, (kernel[1] - 1) // 2)
    attrs = ConvAttrs(channels[1], kernel, (stride, stride), pads)
    return make_op(OpKind.CONV2D, attrs, (TensorSpec((batch, channels[0], height, width)),))


def _firmware_convs(folder: Path) -> list[MeasuredOp]:
    """Convolutions of the M6, from firmware time stamps; the source fitted the slopes."""
    return [
        _timed(
            _conv(
                (r["in_c"], r["out_c"]),
                (r["batch"], r["h"], r["w"]),
                (r["kernel_h_as_labelled"], r["kernel_w_as_labelled"]),
                r["stride"],
            ),
            r["latency_per_layer_us"],
            len(r["depths_used_in_fit"].split("|")),
            "slope",
            r["source"],
            MIT,
        )
        for r in pl.read_csv(folder / "ops_ane_m6_conv_kdebug.csv").iter_rows(named=True)
    ]


def _slopes(
    frame: pl.DataFrame, by: list[str], length: str, time: str
) -> list[tuple[dict[str, Any], float, int]]:
    """Fit a line over chain lengths for each group with at least two lengths; flat and falling lines are left out."""
    out = []
    for values, part in frame.group_by(by, maintain_order=True):
        x, y = part[length].to_numpy().astype(float), part[time].to_numpy()
        if len(set(x)) < 2:
            continue
        slope = float(np.polyfit(x, y, 1)[0])
        if y.max() - y.min() >= RISE * y.min() and slope > 0:
            out.append((dict(zip(by, values, strict=True)), slope, len(x)))
    return out


def _elementwise(folder: Path) -> list[MeasuredOp]:
    """Return sums of two tensors and products with a scalar on the M6."""
    frame = pl.read_csv(folder / "ops_ane_m6_elementwise_kdebug.csv")
    rows = []
    by = ["op_label_in_source", "channels", "h", "w", "source"]
    for g, slope, count in _slopes(frame, by, "n_ops_in_chain", "ane_busy_per_call_us"):
        shape = TensorSpec((1, g["channels"], g["h"], g["w"]))
        if str(g["op_label_in_source"]).startswith("add"):
            op = make_op(OpKind.ADD, ConstantAttrs(), (shape, shape))
        else:
            op = make_op(OpKind.MUL, ConstantAttrs(()), (shape,))
        rows.append(_timed(op, slope, count, "slope", g["source"], MIT))
    return rows


def _chains(folder: Path) -> list[MeasuredOp]:
    """Chains of convolutions on the M6 through Core ML."""
    frame = pl.read_csv(folder / "ops_ane_m6_chain_coreml_wallclock.csv").filter(
        ~pl.col("ran_on").str.starts_with("cpu") & (pl.col("dtype") == "float16")
    )
    by = ["channels", "h", "w", "kernel_h", "kernel_w", "ran_on", "source"]
    return [
        _timed(
            _conv((g["channels"],) * 2, (1, g["h"], g["w"]), (g["kernel_h"], g["kernel_w"]), 1),
            slope,
            count,
            "slope",
            g["source"],
            MIT,
        )
        for g, slope, count in _slopes(frame, by, "n_layers_in_chain", "latency_call_median_us")
    ]


def _single_op(op: str, shape: str) -> Op | None:
    """Read ANEForge's names of ops and shapes; None for those without a kind or a full description here."""
    named = {k: int(v) for k, v in re.findall(r"(\w+)=(\d+)", shape)}
    plain = [int(v) for v in re.findall(r"\d+", shape)]
    if op.startswith(("matmul_constW", "gemm", "gemv")):
        attrs = LinearAttrs(named["N"], bias=False)
        return make_op(OpKind.LINEAR, attrs, (TensorSpec((named["M"], named["K"])),))
    if op.startswith("conv2d"):
        size = (named["N"], named["H"], named["W"])
        return _conv((named["Cin"], named["Cout"]), size, (named["k"],) * 2, named["s"])
    if op == "conv_chain" and shape.endswith("depth1"):
        return _conv((named["C"],) * 2, (1, plain[1], plain[2]), (3, 3), 1)
    alone: dict[str, Attrs] = {
        **dict.fromkeys(("relu", "gelu", "sigmoid"), NoAttrs()),
        "softmax": AxisAttrs(len(plain) - 1),
        "layer_norm": NormAttrs(),
        "group_norm": NormAttrs(groups=32),
    }
    return make_op(OpKind(op), alone[op], (TensorSpec(tuple(plain)),)) if op in alone else None


def _dispatched(folder: Path) -> dict[str, list[MeasuredOp]]:
    """Single ops by chip; the same op timed more than once counts once, by its median."""
    alone = pl.read_csv(folder / "ops_aneforge_ane_singleop.csv").filter(~pl.col("jitter_dominated"))
    timed = [
        ("m5", r["op"], r["shape"], r["source"], r["latency_min_us"]) for r in alone.iter_rows(named=True)
    ]
    cross = pl.read_csv(folder / "ops_aneforge_crosschip.csv").filter(pl.col("processor") == "ANE")
    for r in cross.iter_rows(named=True):
        chip = r["chip"].split()[1].partition("-")[0].lower()
        source = f"sbryngelson/ANEForge {r['source_file']}"
        timed.append((chip, r["op"], r["shape"], source, r["latency_ms"] * 1000.0))
    found: dict[tuple[str, Op, str], list[float]] = {}
    for chip, name, shape, source, latency_us in timed:
        op = _single_op(name, shape)
        if op:
            found.setdefault((chip, op, source), []).append(latency_us)
    out: dict[str, list[MeasuredOp]] = {}
    for (chip, op, source), us in found.items():
        row = _timed(op, float(np.median(us)), len(us), "dispatch", source, MIT_STATED)
        out.setdefault(chip, []).append(row)
    return out
