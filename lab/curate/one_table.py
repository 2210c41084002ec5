"""Make the profiles of phones for which one published table is all there is; each names the profile that it is adapted from.

Usage: python -m lab.curate.one_table FOLDER        (FOLDER holds latency_published.csv)
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import polars as pl

from lab.curate.profile_files import write_profile
from lab.curate.rules import OWN_KEYS, OWN_RESOLUTION

LICENCE = "figures quoted from the source; the source states no licence for them"
UNSTATED = "unstated"
# name: device, compute unit and runtime of the rows, what the title says, chip, donor
TABLES = {
    "pixel6-cpu": ("Pixel 6", "cpu", "TFLite XNNPACK", "CPU", "Google Tensor", "pixel4-cpu-1large-quant"),
    "pixel7-gpu": ("Pixel 7", "gpu", "TFLite GPU", "GPU", "Google Tensor G2", "pixel4-gpu-tflite"),
    "pixel8-edgetpu": ("Pixel 8", "npu", "TFLite EdgeTPU", "Edge TPU", "Google Tensor G3", "galaxy-s24-tflite-w8a8"),
    "pixel4-dsp": ("Pixel 4", "npu", "TFLite Hexagon DSP", "Hexagon DSP", "Snapdragon 855", "galaxy-s24-tflite-w8a8"),
    "galaxy-s23-cpu": (
        "Samsung Galaxy S23",
        "cpu",
        "TFLite XNNPACK",
        "CPU",
        "Snapdragon 8 Gen 2",
        "pixel4-cpu-1large-quant",
    ),
    "galaxy-s23-gpu": ("Samsung Galaxy S23", "gpu", "TFLite GPU", "GPU", "Snapdragon 8 Gen 2", "pixel4-gpu-tflite"),
    "iphone14-pro-max": (
        "iPhone 14 Pro Max",
        "npu",
        "CoreML (Xcode 14 report; iOS 16; ANE)",
        "Neural Engine",
        "A16",
        "iphone12",
    ),
}  # fmt: skip
PRECISION = {"int8": "8-bit integers", "fp16": "float16", None: "float16"}


def graph_of(row: dict[str, Any]) -> tuple[str, int | None]:
    """Return a row's graph key and resolution; the key is empty where the network has no graph."""
    size = row["resolution"] or next(
        (px for start, px in OWN_RESOLUTION.items() if row["network"].startswith(start)), None
    )
    name = OWN_KEYS.get(row["network"]) or row["timm_name"]
    return (f"{name}@{int(size)}" if name and size else ""), size


def main() -> None:
    """Write the profiles."""
    frame = pl.read_csv(Path(sys.argv[1]) / "latency_published.csv", infer_schema_length=None)
    for name, (device, unit, runtime, short, chip, donor) in TABLES.items():
        part = frame.filter(
            (pl.col("device") == device) & (pl.col("compute_unit") == unit) & (pl.col("runtime") == runtime)
        )
        rows = []
        for row in part.iter_rows(named=True):
            key, size = graph_of(row)
            rows.append(
                {
                    "network": row["network"],
                    "graph": key,
                    "resolution": size,
                    "latency_ms": row["latency_ms"],
                    "source": row["source"],
                    "table": row["table"],
                    "top1": row["top1"],
                    "params_m": row["params_m"],
                    "macs_g": row["macs_g"],
                }
            )
        write_profile(
            {
                "name": name,
                "title": f"{device.removeprefix('Samsung ')}, {short}",
                "soc": chip,
                "chip": chip,
                "compute_unit": short,
                "runtime": runtime,
                "precision": PRECISION[part["precision"][0]],
                "layout": "chosen by the runtime",
                "batch": "1",
                "threads": UNSTATED,
                "measures": "latency",
                "group": "one-table",
                "method": "adapted",
                "donor": donor,
                "pool": name,
                "passes": ["drop_identities", "fold_batch_norm", "fold_layer_scale", "fuse_activation"],
                "licence": "Figures quoted from the sources named in each row; see NOTICE",
                "reference": {
                    "protocol": "paper",
                    "model": device,
                    "stated": f"{runtime}, as the table's paper states it",
                },
                "resolution": {"low_px": 192, "high_px": 288},
                "models": {device: chip},
                "protocols": {"paper": f"{runtime}, as the table's paper states it"},
            },
            rows,
            {"lab": "paper", "licence": LICENCE},
        )
        print(f"{name}: {len(rows)} rows, {sum(bool(r['graph']) for r in rows)} with a graph, from {donor}")


if __name__ == "__main__":
    main()
