"""Make the desktop profiles from timm's benchmark results.

Usage: python -m lab.curate.desktop FOLDER        (FOLDER holds latency_desktop.csv)

One profile for each chip, compiler, memory layout and precision. Networks that merge branches before use were timed unmerged
by torch 2.4 and merged by torch 2.9; the row's parameters tell, and the graph's key says so (``+unfused``).
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

from lab.curate.profile_files import write_profile
from lab.curate.stored_sizes import graph_key, stored_sizes

LICENCE = "Apache-2.0"
PRECISION = {"amp-fp16": "float16 (AMP)", "bf16": "bfloat16", "fp32": "float32"}
BIGGEST_M = 170.0  # larger networks are no subject of this project
TIMER = {"timm": "timm's benchmark script: samples per second at a fixed batch, after warm-up"}
# name: device, runtime, precision of the rows, title, layout, batch, method
STACKS = {
    "i7-12700h": ("Core i7-12700H", "torch 2.4 inductor", "fp32", "Core i7-12700H (Alder Lake)"),
    "i9-10940x": ("Core i9-10940X", "torch 2.4 inductor", "fp32", "Core i9-10940X (Cascade Lake)"),
    "rtx3090-eager": ("RTX 3090", "torch 2.4 eager nchw", None, "GeForce RTX 3090, eager, NCHW"),
    "rtx3090-eager-nhwc": ("RTX 3090", "torch 2.4 eager nhwc", None, "GeForce RTX 3090, eager, NHWC"),
    "rtx4090-eager": ("RTX 4090", "torch 2.4 eager nchw", None, "GeForce RTX 4090, eager, NCHW"),
    "rtx4090-eager-nhwc": ("RTX 4090", "torch 2.4 eager nhwc", None, "GeForce RTX 4090, eager, NHWC"),
    "rtx4090-compiled": ("RTX 4090", "torch 2.4 inductor nchw", None, "GeForce RTX 4090, compiled"),
    "rtx5090-eager": ("RTX 5090", "torch 2.9 eager nchw", None, "GeForce RTX 5090, eager"),
    "rtx5090-compiled": ("RTX 5090", "torch 2.9 inductor nchw", None, "GeForce RTX 5090, compiled"),
    "rtxpro6000-compiled": (
        "RTX PRO 6000 Max-Q",
        "torch 2.9 inductor nchw",
        "amp-fp16",
        "RTX PRO 6000 Max-Q, compiled",
    ),
    "rtxpro6000-compiled-bf16": (
        "RTX PRO 6000 Max-Q",
        "torch 2.9 inductor nchw",
        "bf16",
        "RTX PRO 6000 Max-Q, compiled, bfloat16",
    ),
}
LIKE_NHWC = (
    "marked NCHW by the source, behaves like NHWC: resnet50 takes 0.25 of resnet50_gn's time, as in NHWC runs on other chips "
    "(0.21 there, 0.46 in NCHW)"
)


def layout_of(name: str, runtime: str, compute_unit: str) -> str:
    """Return a stack's memory layout in words."""
    if name == "rtx5090-eager":
        return LIKE_NHWC
    if "inductor" in runtime:
        return f"NCHW as given, chosen anew by the compiler ({compute_unit})"
    return runtime.rpartition(" ")[2].upper()


def main() -> None:
    """Write the profiles; say which rows have no graph."""
    frame = pl.read_csv(Path(sys.argv[1]) / "latency_desktop.csv", infer_schema_length=None)
    sizes = stored_sizes()
    left = set()
    for name, (device, runtime, precision, title) in STACKS.items():
        part = frame.filter((pl.col("device") == device) & (pl.col("runtime") == runtime))
        part = part.filter(pl.col("params_m") < BIGGEST_M)
        if precision:
            part = part.filter(pl.col("precision") == precision)
        first = part.row(0, named=True)
        cpu = first["compute_unit"] == "cpu"
        low, high = part["batch"].min(), part["batch"].max()
        rows = []
        for row in part.iter_rows(named=True):
            key = graph_key(
                row["timm_name"], row["resolution"], row["params_m"], row["macs_g"], runtime, sizes
            )
            if not key:
                left.add((row["timm_name"], row["resolution"], row["params_m"]))
            rows.append(
                {
                    "network": row["timm_name"],
                    "graph": key,
                    "resolution": "" if key else row["resolution"],
                    "latency_ms": row["latency_ms"],
                    "batch": "" if cpu else row["batch"],
                    "params_m": row["params_m"],
                    "macs_g": row["macs_g"],
                }
            )
        px = part["resolution"].sort()
        write_profile(
            {
                "name": name,
                "title": title,
                "soc": first["soc"],
                "chip": device,
                "compute_unit": "CPU" if cpu else "GPU",
                "runtime": runtime,
                "precision": PRECISION.get(first["precision"], first["precision"]),
                "layout": layout_of(name, runtime, first["compute_unit"]),
                "batch": "1" if cpu else f"{low} to {high}, in each row; milliseconds are per image",
                "threads": "unstated" if cpu else "none: a GPU",
                "measures": "latency" if cpu else "throughput",
                "group": "desktop",
                "method": "fine",
                "pool": "desktop-cpu" if cpu else "desktop-gpu",
                "passes": ["drop_identities", "fuse_attention"]
                + (["fold_batch_norm", "fuse_activation"] if "inductor" in runtime else []),
                "licence": "Apache-2.0, timm benchmark results; see NOTICE",
                "reference": {"protocol": "timm", "model": device, "stated": TIMER["timm"]},
                "resolution": {"low_px": int(px[0]), "high_px": int(px[-1])},
                "models": {device: first["soc"]},
                "protocols": TIMER,
            },
            rows,
            {
                "lab": "timm",
                "source": first["source"],
                "table": "milliseconds per image = 1000 / samples per second",
                "licence": LICENCE,
            },
        )
        print(f"{name}: {len(rows)} rows, {sum(bool(r['graph']) for r in rows)} with a graph")
    for item in sorted(left):
        print("no graph:", *item)


if __name__ == "__main__":
    main()
