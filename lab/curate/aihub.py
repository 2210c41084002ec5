"""Make the Snapdragon profiles from Qualcomm AI Hub's performance files.

Usage: python -m lab.curate.aihub FOLDER        (FOLDER holds latency_aihub.csv)

One profile for each device, runtime and precision with at least MIN_NETWORKS networks. The rest goes to
device_profiles/_evidence: read with the pool, listed nowhere. A network of which layers ran beside the NPU is a cliff.
Which graph a name stands for, and at which resolution it ran, is `dsim.device.add.aihub_names`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import polars as pl

from dsim.device.add.aihub_names import aihub_graph
from dsim.graph.key import NetworkKey
from lab.curate.profile_files import write_profile
from lab.curate.stored_sizes import stored_sizes

MIN_NETWORKS = 8
FAILED_MS = 4000.0  # values above count as failures there (not one is left in the collected rows)
LICENCE = "BSD-3-Clause"
PROTOCOL = {"aihub": "Qualcomm AI Hub's profile job on a hosted device, as its perf.yaml states it"}
DEVICES = {
    "Samsung Galaxy S24": "galaxy-s24",
    "Samsung Galaxy S25": "galaxy-s25",
    "Snapdragon 8 Elite Gen 5 QRD": "8-elite-gen5",
    "Snapdragon 7 Gen 4 QRD": "7-gen4",
    "Snapdragon X Elite CRD": "x-elite",
    "Snapdragon X2 Elite CRD": "x2-elite",
    "QCS8550 (Proxy)": "qcs8550",
    "QCS8450 (Proxy)": "qcs8450",
    "QCS8275 (Proxy)": "qcs8275",
    "Dragonwing IQ-9075 EVK": "iq-9075",
    "Dragonwing Q-6690 MTP": "q-6690",
    "Dragonwing RB3 Gen 2 Vision Kit": "rb3-gen2",
    "SA8295P ADP": "sa8295p",
    "SA8775P ADP": "sa8775p",
    "SA7255P ADP": "sa7255p",
}
RUNTIMES = {
    "qnn_dlc": ("qnn", "QNN"),
    "tflite": ("tflite", "TensorFlow Lite, QNN delegate"),
    "onnx": ("onnx", "ONNX Runtime, QNN execution provider"),
    "precompiled_qnn_onnx": ("onnx-precompiled", "ONNX Runtime with a precompiled QNN context"),
    "qnn_context_binary": ("qnn-context", "QNN context binary"),
}
PRECISIONS = {
    "float": "float16",
    "w8a8": "8-bit weights and activations",
    "w8a16": "8-bit weights, 16-bit activations",
    "w8a16_mixed_int16": "8-bit weights, 16-bit activations, some weights of 16 bit",
    "w8a8_mixed_int16": "8-bit weights and activations, some of 16 bit",
}
SAME_SILICON = {"qcs9075": "sa8775p"}  # one die, sold for cars and for industry


def graph_of(row: dict[str, Any]) -> str:
    """Return the key of a row's network, empty where there is no source for it.

    Raises
    ------
    ValueError
        The row's resolution is not the one that AI Hub ran the network at.
    """
    key = aihub_graph(row["network"].removeprefix("aihub:"))
    if key and NetworkKey.of(key).px != row["resolution"]:
        raise ValueError(f"{row['network']} ran at {key}, the row says {row['resolution']}; mend it")
    return key


def cliff_of(row: dict[str, Any], on_cpu: bool) -> str:
    """Say how a network left the NPU, empty where it did not or where the whole profile is the CPU's."""
    if row["latency_ms"] > FAILED_MS:
        return f"counts as a failure: above {FAILED_MS:.0f} ms"
    npu, gpu, cpu = (row[f"layers_on_{unit}"] or 0 for unit in ("npu", "gpu", "cpu"))
    if on_cpu or not gpu + cpu:
        return ""
    return f"{gpu + cpu} of {npu + gpu + cpu} layers left the NPU: {gpu} on the GPU, {cpu} on the CPU"


def chip_of(soc: str) -> str:
    """Return the chip without the words for where it is sold."""
    plain = soc.removesuffix("-proxy").removesuffix("-for-galaxy")
    return SAME_SILICON.get(plain, plain)


def numbers_of(precision: str) -> str:
    """Return the numbers that most of a network is computed in: profiles of one pool share them."""
    return next(name for name in ("float", "w8a16", "w8a8") if name in precision.replace("_", "-"))


def main() -> None:
    """Write the profiles; print networks whose stored graph disagrees with the stated parameters."""
    frame = pl.read_csv(Path(sys.argv[1]) / "latency_aihub.csv", infer_schema_length=None)
    for (device, runtime, precision), part in frame.group_by(
        ["device", "runtime", "precision"], maintain_order=True
    ):
        first = part.row(0, named=True)
        short, said = RUNTIMES[str(runtime)]
        on_cpu = set(part["compute_unit"]) == {"cpu"}
        rows = [
            {
                "network": row["network"].removeprefix("aihub:"),
                "graph": graph_of(row),
                "resolution": row["resolution"],
                "latency_ms": row["latency_ms"],
                "table": row["table"],
                "params_m": row["params_m"],
                "cliff": cliff_of(row, on_cpu),
                "layers_npu": row["layers_on_npu"] or 0,
                "layers_other": (row["layers_on_gpu"] or 0) + (row["layers_on_cpu"] or 0),
            }
            for row in part.iter_rows(named=True)
        ]
        px = part["resolution"].sort()
        write_profile(
            {
                "name": f"{DEVICES[str(device)]}-{short}-{str(precision).replace('_', '-')}",
                "title": f"{device}, {said}, {precision}",
                "soc": first["soc"],
                "chip": chip_of(first["soc"]),
                "compute_unit": "CPU: every network ran there, none reached the NPU"
                if on_cpu
                else "NPU (Hexagon)",
                "runtime": said,
                "precision": PRECISIONS[str(precision)],
                "layout": "chosen by the runtime",
                "batch": "1",
                "threads": "unstated",
                "measures": "latency",
                "group": "snapdragon-npu",
                **(
                    {"method": "adapted", "donor": "pixel4-cpu-1large-quant", "pool": "snapdragon-cpu"}
                    if on_cpu
                    else {
                        "method": "adapted",
                        "donor": "iphone12",
                        "pool": f"snapdragon-npu-{numbers_of(str(precision))}",
                    }
                ),
                "passes": ["drop_identities", "fold_batch_norm", "fold_layer_scale", "fuse_activation"],
                "licence": "BSD-3-Clause, Qualcomm AI Hub Models; see NOTICE",
                "reference": {"protocol": "aihub", "model": device, "stated": PROTOCOL["aihub"]},
                "resolution": {"low_px": int(px[0]), "high_px": int(px[-1])},
                "models": {device: first["soc"]},
                "protocols": PROTOCOL,
            },
            rows,
            {"lab": "qualcomm", "source": first["source"], "licence": LICENCE},
            under="" if part["network"].n_unique() >= MIN_NETWORKS else "_evidence",
        )
    sizes = stored_sizes()
    known = {graph_of(row): row for row in frame.iter_rows(named=True)}
    for key, row in known.items():
        params = sizes.get(key, (0.0, 0.0))[0]
        if abs(params - row["params_m"]) > 0.02 * row["params_m"]:
            print(
                f"{row['network']} {key or '(no graph)'}: stored {params:.2f} M, stated {row['params_m']} M"
            )


if __name__ == "__main__":
    main()
