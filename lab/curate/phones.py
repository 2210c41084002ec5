"""Make the phone CPU and GPU profiles from the mobile benchmark.

Usage: python -m lab.curate.phones FOLDER     (FOLDER holds latency_mobile_e2e.parquet and ops_mobile_gpu.parquet)

CPU: the largest core alone, and the largest setting of several big cores; TFLite float and quantised, PyTorch Mobile float.
GPU: whole networks and the operators inside them. The phone that the source does not name further is left out.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import polars as pl

from lab.curate.phone_networks import graph_of
from lab.curate.phone_ops import LICENCE, ops_row
from lab.curate.profile_files import write_profile

SOURCE = "qed-usc/mobile-ml-benchmark"
PROTOCOL = {"benchmark": "mean of repeated runs by the framework's own benchmark tool"}
# device: profile, title, chip, core settings
PHONES = {
    "pixel4": ("pixel4", "Pixel 4", "Snapdragon 855", ("1large", "1large1med", "3med")),
    "s10": ("galaxy-s10", "Galaxy S10", "Exynos 9820", ("1large", "2large")),
    "mi8se": ("mi8se", "Mi 8 SE", "Snapdragon 710", ("1large", "2large")),
    "a03s": ("galaxy-a03s", "Galaxy A03s", "Helio P35", ("1large", "4large")),
    "iphonexs": ("iphonexs", "iPhone XS", "A12", ("1large", "2large")),
    "iphone7": ("iphone7", "iPhone 7", "A10", ("1large", "2large")),
}
RUNTIMES = {"tflite": "TensorFlow Lite", "torch": "PyTorch Mobile"}
FOLDS = ["drop_identities", "fold_batch_norm"]


def rows_of(part: pl.DataFrame, framework: str, precision: str) -> list[dict[str, object]]:
    """Return rows of networks.csv."""
    rows: list[dict[str, object]] = []
    for row in part.iter_rows(named=True):
        plain = precision == "float"
        rows.append(
            {
                "network": row["model"],
                "graph": graph_of(row["model"], row["model_family"]),
                "latency_ms": round(row["latency_mean_us"] / 1000.0, 6),
                "params_m": round(float(row["model_size_bytes_col"]) / 4e6, 3) if plain else "",
                "macs_g": round(float(row["macs_or_flops_col"]) / 2e9, 4) if plain else "",
            }
        )
    return rows


def texts(name: str, title: str, chip: str, framework: str, model: str, **more: Any) -> dict[str, Any]:
    """Return profile.toml's keys; ``more`` overrides."""
    return {
        "name": name,
        "title": title,
        "soc": chip,
        "chip": chip,
        "compute_unit": "CPU",
        "runtime": RUNTIMES[framework],
        "precision": "float32",
        "layout": "NHWC" if framework == "tflite" else "NCHW",
        "batch": "1",
        "threads": "unstated",
        "measures": "latency",
        "group": "phone-cpu",
        "method": "fine",
        "donor": "i7-12700h",
        "pool": f"phone-cpu-{framework}",
        "passes": [*FOLDS, "fold_layer_scale", "fuse_activation"],
        "licence": "MIT, qed-usc/mobile-ml-benchmark; see NOTICE",
        "reference": {"protocol": "benchmark", "model": model, "stated": PROTOCOL["benchmark"]},
        "resolution": {"low_px": 192, "high_px": 384},
        "models": {model: chip},
        "protocols": PROTOCOL,
    } | more


def main() -> None:
    """Write the profiles."""
    folder = Path(sys.argv[1])
    whole = pl.read_parquet(folder / "latency_mobile_e2e.parquet")
    ops = pl.read_parquet(folder / "ops_mobile_gpu.parquet")
    defaults = {"lab": "usc", "source": SOURCE, "licence": LICENCE}
    for device, (short, title, chip, settings) in PHONES.items():
        for framework, precision, cores in (
            *(("tflite", precision, cores) for precision in ("float", "quant") for cores in settings),
            ("torch", "float", "1large"),
        ):
            part = whole.filter(
                (pl.col("device") == device)
                & (pl.col("framework") == framework)
                & (pl.col("cores_or_gpu") == cores)
                & (pl.col("precision") == precision)
            )
            if part.is_empty():
                continue
            tag = "torch-" if framework == "torch" else ""
            write_profile(
                texts(
                    f"{short}-cpu-{cores}-{tag}{precision}",
                    f"{title} CPU ({chip}), {cores}, {RUNTIMES[framework]}, {precision}",
                    chip,
                    framework,
                    title,
                    precision="float32" if precision == "float" else "8-bit quantised",
                    threads=f"{sum(int(c) for c in cores if c.isdigit())}, pinned to {cores} cores",
                ),
                rows_of(part, framework, precision),
                defaults | {"table": f"{cores}, {precision}"},
            )
        for framework, runtime in RUNTIMES.items():
            here = (pl.col("device") == device) & (pl.col("framework") == framework)
            part = whole.filter(here & (pl.col("cores_or_gpu") == "gpu"))
            found = ops.filter(here)
            if part.is_empty():
                continue
            kernels = [r for r in map(ops_row, found.iter_rows(named=True)) if r]
            if len(kernels) < found.height:
                print(f"{short} {framework}: {found.height - len(kernels)} operators contradict themselves")
            write_profile(
                texts(
                    f"{short}-gpu-{framework}",
                    f"{title} GPU ({chip}), {runtime}",
                    chip,
                    framework,
                    title,
                    compute_unit="GPU",
                    runtime=f"{runtime}, {found['runtime'][0]}",
                    precision="float16 (as the source's README says)",
                    layout="chosen by the runtime",
                    threads="none: a GPU",
                    group="phone-gpu",
                    method="operators",
                    pool=f"phone-gpu-{framework}",
                    passes=[*FOLDS, "fuse_activation"] if framework == "tflite" else FOLDS,
                ),
                rows_of(part, framework, "float"),
                defaults | {"table": "gpu, float"},
                kernels,
            )


if __name__ == "__main__":
    main()
