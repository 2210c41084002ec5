"""Make the phone CPU and GPU profiles from the mobile benchmark.

CPU: the largest core alone, and the largest setting of several big cores; TFLite float and quantised, PyTorch Mobile float.
GPU: whole networks and the operators inside them. The phone that the source does not name further is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from lab.curate.phone_ops import LICENCE, measured_op
from lab.curate.profiles import FOLDED, about, filled, save
from lab.curate.read_rules import read_toml

SOURCE = "qed-usc/mobile-ml-benchmark"
PROTOCOL = ("benchmark", "mean of repeated runs by the framework's own benchmark tool")
RUNTIMES = {"tflite": "TensorFlow Lite", "torch": "PyTorch Mobile"}
PX = (192, 384)


def curate(raw: Path, out: Path) -> None:
    """Write the profiles; say where operators of the source contradict themselves."""
    whole = pl.read_parquet(raw / "latency_mobile_e2e.parquet")
    ops = pl.read_parquet(raw / "ops_mobile_gpu.parquet")
    rules = read_toml("phones.toml")
    for phone in rules["phones"]:
        here = pl.col("device") == phone["device"]
        for texts, part in _on_cores(phone, whole.filter(here)):
            save(out, texts, _rows(part, rules))
        for framework, runtime in RUNTIMES.items():
            of = pl.col("framework") == framework
            part = whole.filter(here & of & (pl.col("cores_or_gpu") == "gpu"))
            found = ops.filter(here & of)
            if part.is_empty():
                continue
            kernels = [op for op in map(measured_op, found.iter_rows(named=True)) if op]
            name = f"{phone['name']}-gpu-{framework}"
            if len(kernels) < found.height:
                print(f"{name}: {found.height - len(kernels)} operators contradict themselves")
            texts = _about(
                phone,
                name,
                f"{phone['title']} GPU ({phone['chip']}), {runtime}",
                "gpu, float",
                compute_unit="GPU",
                runtime=f"{runtime}, {found['runtime'][0]}",
                precision="float16 (as the source's README says)",
                threads="none: a GPU",
                group="phone-gpu",
                method="operators",
                pool=f"phone-gpu-{framework}",
                passes=["drop_identities", "fold_batch_norm"]
                + (["fuse_activation"] if framework == "tflite" else []),
            )
            save(out, texts, _rows(part, rules), kernels)


def _on_cores(phone: Mapping[str, Any], whole: pl.DataFrame) -> Iterator[tuple[dict[str, Any], pl.DataFrame]]:
    """Yield keys of profile.toml and rows of the source for every profile of a phone's CPU."""
    for framework, precision, cores in (
        *(("tflite", precision, cores) for precision in ("float", "quant") for cores in phone["cores"]),
        ("torch", "float", "1large"),
    ):
        part = whole.filter(
            (pl.col("framework") == framework)
            & (pl.col("cores_or_gpu") == cores)
            & (pl.col("precision") == precision)
        )
        if part.is_empty():
            continue
        tag = "torch-" if framework == "torch" else ""
        texts = _about(
            phone,
            f"{phone['name']}-cpu-{cores}-{tag}{precision}",
            f"{phone['title']} CPU ({phone['chip']}), {cores}, {RUNTIMES[framework]}, {precision}",
            f"{cores}, {precision}",
            compute_unit="CPU",
            runtime=RUNTIMES[framework],
            precision="float32" if precision == "float" else "8-bit quantised",
            layout="NHWC" if framework == "tflite" else "NCHW",
            threads=f"{sum(int(c) for c in cores if c.isdigit())}, pinned to {cores} cores",
            group="phone-cpu",
            method="fine",
            donor="i7-12700h",
            pool=f"phone-cpu-{framework}",
            passes=list(FOLDED),
        )
        yield texts, part


def _about(phone: Mapping[str, Any], name: str, title: str, table: str, **more: Any) -> dict[str, Any]:
    return about(
        name,
        title,
        phone["chip"],
        phone["title"],
        PROTOCOL,
        PX,
        licence="MIT, qed-usc/mobile-ml-benchmark; see NOTICE",
        defaults={"lab": "usc", "source": SOURCE, "licence": LICENCE, "table": table},
        **more,
    )


def _rows(part: pl.DataFrame, rules: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return rows of networks.csv; the source's size and work hold for networks that are not quantised."""
    rows: list[dict[str, object]] = []
    for row in part.iter_rows(named=True):
        plain = row["precision"] == "float"
        rows.append(
            {
                "network": row["model"],
                "graph": graph_of(row["model"], row["model_family"], rules),
                "latency_ms": round(row["latency_mean_us"] / 1000.0, 6),
                "params_m": round(float(row["model_size_bytes_col"]) / 4e6, 3) if plain else "",
                "macs_g": round(float(row["macs_or_flops_col"]) / 2e9, 4) if plain else "",
            }
        )
    return filled(rows)


def graph_of(model: str, family: str, rules: Mapping[str, Any]) -> str:
    """Return the graph key of a network of the benchmark, empty where there is none: pytorchcv's, timm's, or one of our own.

    Raises
    ------
    ValueError
        The rules do not name the network.
    """
    if family == "cnn":
        return f"cv-{model}@224"
    if model in rules["graphs"]:
        return str(rules["graphs"][model])
    if model.startswith(tuple(rules["written_here"])):
        plain = model.removesuffix("-384").removesuffix("-224")
        return f"hf-{plain}@{384 if model.endswith('-384') else 224}"
    if model in rules["left_out"]:
        return ""
    raise ValueError(
        f"network {model!r} must have a graph or a place under left_out, and has neither; add it to rules/phones.toml"
    )
