"""Make the Apple Neural Engine operator profiles m1-ane, m5-ane and m6-ane.

Usage: python -m lab.curate.ane FOLDER        (FOLDER holds ops_ane_*.csv and ops_aneforge_*.csv)

``slope`` rows are least-squares slopes over the length of a chain of one op, so that no launch is in them. ``dispatch`` rows
are single calls, which include a launch of about 74 us. Left out: chains that ran on the CPU or have one length only, 8-bit
chains (another precision), calls that the source marks as jitter, and ops without a kind or a stated shape here (attention blocks,
rms and l2 norm, pooling without a window, pixel shuffle, argmax, top-k, chains of 16 timed once).
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from dsim.attrs import (
    Attrs,
    AxisAttrs,
    ConstantAttrs,
    ConvAttrs,
    LinearAttrs,
    NoAttrs,
    NormAttrs,
)
from dsim.records import to_plain
from lab.curate.profile_files import write_profile

MIT = "MIT"
MIT_STATED = "MIT, as stated by the M6 study"
Read = tuple[str, Attrs, list[list[int]]]
RISE = 0.1  # a chain whose time rises by less than this share tells nothing of one link
PROTOCOLS = {
    "firmware": "firmware time stamps (kdebug), slope over chain length",
    "chain": "Core ML, wall clock, slope over chain length",
    "dispatch": "direct dispatch without Core ML; a launch of about 74 us is in every call",
}


def conv(
    channels: tuple[int, int], shape: tuple[int, int, int], kernel: tuple[int, int], stride: int
) -> Read:
    """Return a same-padded convolution; an even window loses one column, since padding is symmetric here."""
    batch, height, width = shape
    pads = ((kernel[0] - 1) // 2, (kernel[1] - 1) // 2)
    attrs = ConvAttrs(channels[1], kernel, (stride, stride), pads)
    return "conv2d", attrs, [[batch, channels[0], height, width]]


def row_of(
    read: Read, latency_us: float, count: int, how: str, source: str, licence: str
) -> dict[str, object]:
    """Return a row of ops.parquet."""
    kind, attrs, shapes = read
    return {
        "op": kind,
        "attrs": json.dumps(to_plain(attrs), separators=(",", ":")),
        "inputs": json.dumps(shapes, separators=(",", ":")),
        "activation": "",
        "latency_ms": latency_us / 1000.0,
        "count": count,
        "network": "",
        "position": 0,
        "how": how,
        "source": source,
        "licence": licence,
    }


def firmware_convs(folder: Path) -> list[dict[str, object]]:
    """Convolutions of the M6, from firmware time stamps; the source fitted the slopes."""
    return [
        row_of(
            conv(
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


def slopes(
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


def elementwise(folder: Path) -> list[dict[str, object]]:
    """Return sums of two tensors and products with a scalar on the M6."""
    frame = pl.read_csv(folder / "ops_ane_m6_elementwise_kdebug.csv")
    rows = []
    by = ["op_label_in_source", "channels", "h", "w", "source"]
    for g, slope, count in slopes(frame, by, "n_ops_in_chain", "ane_busy_per_call_us"):
        shape = [1, g["channels"], g["h"], g["w"]]
        two = str(g["op_label_in_source"]).startswith("add")
        read: Read = ("add", ConstantAttrs(), [shape, shape]) if two else ("mul", ConstantAttrs(()), [shape])
        rows.append(row_of(read, slope, count, "slope", g["source"], MIT))
    return rows


def chains(folder: Path) -> list[dict[str, object]]:
    """Chains of convolutions on the M6 through Core ML."""
    frame = pl.read_csv(folder / "ops_ane_m6_chain_coreml_wallclock.csv").filter(
        ~pl.col("ran_on").str.starts_with("cpu") & (pl.col("dtype") == "float16")
    )
    by = ["channels", "h", "w", "kernel_h", "kernel_w", "ran_on", "source"]
    return [
        row_of(
            conv((g["channels"],) * 2, (1, g["h"], g["w"]), (g["kernel_h"], g["kernel_w"]), 1),
            slope,
            count,
            "slope",
            g["source"],
            MIT,
        )
        for g, slope, count in slopes(frame, by, "n_layers_in_chain", "latency_call_median_us")
    ]


def single_op(op: str, shape: str) -> Read | None:
    """Read ANEForge's names of ops and shapes; None for those without a kind or a full description here."""
    named = {k: int(v) for k, v in re.findall(r"(\w+)=(\d+)", shape)}
    plain = [int(v) for v in re.findall(r"\d+", shape)]
    if op.startswith(("matmul_constW", "gemm", "gemv")):
        return "linear", LinearAttrs(named["N"], bias=False), [[named["M"], named["K"]]]
    if op.startswith("conv2d"):
        size = (named["N"], named["H"], named["W"])
        return conv((named["Cin"], named["Cout"]), size, (named["k"],) * 2, named["s"])
    if op == "conv_chain" and shape.endswith("depth1"):
        return conv((named["C"],) * 2, (1, plain[1], plain[2]), (3, 3), 1)
    if op in ("relu", "gelu", "sigmoid"):
        return op, NoAttrs(), [plain]
    if op == "softmax":
        return op, AxisAttrs(len(plain) - 1), [plain]
    if op in ("layer_norm", "group_norm"):
        return op, NormAttrs(groups=32 if op == "group_norm" else 1), [plain]
    return None


def dispatched(folder: Path) -> dict[str, list[dict[str, object]]]:
    """Single ops by chip; the same op timed more than once counts once, by its median."""
    alone = pl.read_csv(folder / "ops_aneforge_ane_singleop.csv").filter(~pl.col("jitter_dominated"))
    found: dict[tuple[str, str, str], list[tuple[Read, float]]] = {}
    for r in alone.iter_rows(named=True):
        read = single_op(r["op"], r["shape"])
        if read:
            found.setdefault(("m5", repr(read), r["source"]), []).append((read, r["latency_min_us"]))
    cross = pl.read_csv(folder / "ops_aneforge_crosschip.csv").filter(pl.col("processor") == "ANE")
    for r in cross.iter_rows(named=True):
        read = single_op(r["op"], r["shape"])
        chip = r["chip"].split()[1].partition("-")[0].lower()
        if read:
            source = f"sbryngelson/ANEForge {r['source_file']}"
            found.setdefault((chip, repr(read), source), []).append((read, r["latency_ms"] * 1000.0))
    out: dict[str, list[dict[str, object]]] = {}
    for (chip, _, source), timed in found.items():
        median = float(np.median([us for _, us in timed]))
        out.setdefault(chip, []).append(
            row_of(timed[0][0], median, len(timed), "dispatch", source, MIT_STATED)
        )
    return out


def main() -> None:
    """Write the three profiles."""
    folder = Path(sys.argv[1])
    singles = dispatched(folder)
    m6 = [*firmware_convs(folder), *elementwise(folder), *chains(folder)]
    for chip, rows in (
        ("m1", singles["m1"]),
        ("m5", singles["m5"]),
        ("m6", m6 + singles["m6"]),
    ):
        protocol = "firmware" if chip == "m6" else "dispatch"
        name = chip.upper()
        write_profile(
            {
                "name": f"{chip}-ane",
                "title": f"Apple {name}, Neural Engine, single operators",
                "soc": name,
                "chip": name,
                "compute_unit": "Neural Engine",
                "runtime": "Core ML chains and direct dispatch"
                if chip == "m6"
                else "direct dispatch, no Core ML",
                "precision": "float16",
                "layout": "chosen by the engine",
                "batch": "1; larger where an op's shape says so",
                "threads": "none: a neural engine",
                "measures": "latency",
                "group": "apple-ne",
                "method": "operators",
                "pool": "apple-ne",
                "passes": ["drop_identities", "fold_batch_norm", "fold_layer_scale", "fuse_activation"],
                "licence": "MIT; see NOTICE",
                "reference": {"protocol": protocol, "model": name, "stated": PROTOCOLS[protocol]},
                "resolution": {"low_px": 128, "high_px": 512},
                "models": {name: name},
                "protocols": PROTOCOLS,
            },
            ops=rows,
        )
        print(f"{chip}-ane: {len(rows)} operators")


if __name__ == "__main__":
    main()
