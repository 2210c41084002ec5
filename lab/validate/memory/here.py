"""Predicted peak memory beside what ONNX Runtime and torch take on this machine."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from dsim.graph.memory import peak_memory_bytes
from dsim.graph.passes import run_passes
from dsim.latency.networks import read_graph
from dsim.report.table import table

# of many families, chosen before anything was measured; each has a graph
NETWORKS = (
    "efficientformer_l1", "efficientformer_l3", "efficientformerv2_s0", "efficientformerv2_s1", "poolformer_s12", "resnet18",
    "resnet50", "mobilenetv2_100", "mobilenetv3_large_100", "mobilenetv4_conv_small", "mobilenetv4_conv_medium",
    "mobilenetv4_hybrid_medium", "efficientnet_b0", "tf_efficientnetv2_b0", "regnetx_008", "repvit_m1", "repvgg_a0",
    "convnext_tiny", "convnextv2_atto", "mobileone_s0", "vit_tiny_patch16_224", "deit_small_patch16_224",
    "swin_tiny_patch4_window7_224", "levit_192", "mobilevit_s", "coat_lite_tiny", "ghostnet_100", "densenet121", "rexnet_100",
    "mnasnet_100",
)  # fmt: skip
PASSES = ("drop_identities", "fold_batch_norm")  # what ONNX Runtime does that changes which maps there are
GIVE_BACK = {"MALLOC_MMAP_THRESHOLD_": "65536", "OMP_NUM_THREADS": "1"}
MB = 1e6


def _run(*words: str) -> int | None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "lab.validate.memory.measure_one", *words],
        env={**os.environ, **GIVE_BACK},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        print(f"{' '.join(words)} left out: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return None
    return int(done.stdout.split()[-1])


def compare_here() -> str:
    """Measure all networks, and return a table in Markdown."""
    rows, errors = [], dict[str, list[float]]({"onnxruntime": [], "torch": []})
    for name in NETWORKS:
        key = f"{name}@224"
        graph = read_graph(key)
        predicted = {
            "onnxruntime": peak_memory_bytes(run_passes(graph, PASSES)),
            "torch": peak_memory_bytes(graph, in_place=False),
        }
        with tempfile.TemporaryDirectory() as folder:
            file = str(Path(folder) / "network.onnx")
            measured = {"torch": _run("torch", key, file)}
            measured["onnxruntime"] = _run("onnxruntime", file) if measured["torch"] is not None else None
        cells = [name]
        for runtime, errors_of in errors.items():
            value = measured[runtime]
            cells.append(f"{predicted[runtime] / MB:.1f}")
            cells.append("-" if value is None else f"{value / MB:.1f}")
            if value is not None:
                errors_of.append(predicted[runtime] / value - 1)
        rows.append(tuple(cells))
        print(*cells, file=sys.stderr)
    columns = ("network", "ONNX Runtime: predicted MB", "measured", "torch: predicted MB", "measured ")
    return table(
        "What activations take at once, in float32 at 224 px", columns, rows, columns[1:], _words(errors)
    ).markdown()


def _words(errors: dict[str, list[float]]) -> str:
    parts = []
    for runtime, title in (("onnxruntime", "ONNX Runtime"), ("torch", "torch")):
        found = errors[runtime]
        size = statistics.median(abs(one) for one in found)
        parts.append(
            f"{title}: median error {size:.0%}, median of predicted over measured "
            f"{1 + statistics.median(found):.2f}, {len(found)} networks"
        )
    return "; ".join(parts) + "."
