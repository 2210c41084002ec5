"""Make the Snapdragon profiles from Qualcomm AI Hub's performance files.

One profile for each device, runtime and precision with at least MIN_NETWORKS networks. The rest goes to
device_profiles/_evidence: read with the pool, listed nowhere. A network of which layers ran beside the NPU is a cliff.
Which graph a name stands for, and at which resolution it ran, is `dsim.device.add.aihub_names`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from dsim.device.add.aihub_names import aihub_graph
from dsim.graph.key import NetworkKey
from lab.curate.profiles import about, filled, save
from lab.curate.raw_tables import raw_frame
from lab.curate.read_rules import read_toml
from lab.curate.stored_sizes import PARAMS_SHARE, stored_sizes

MIN_NETWORKS = 8
FAILED_MS = 4000.0  # values above count as failures there (not one is left in the collected rows)
PROTOCOL = ("aihub", "Qualcomm AI Hub's profile job on a hosted device, as its perf.yaml states it")


def curate(raw: Path, out: Path) -> None:
    """Write the profiles; say which networks' stored graphs disagree with the stated parameters."""
    rules = read_toml("aihub.toml")
    frame = raw_frame(raw, "latency_aihub.csv")
    for _, part in frame.group_by(["device", "runtime", "precision"], maintain_order=True):
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
        few = part["network"].n_unique() < MIN_NETWORKS
        save(out, _about(part, on_cpu, rules), filled(rows), under="_evidence" if few else "")
    sizes = stored_sizes()
    known = {graph_of(row): row for row in frame.iter_rows(named=True)}
    for key, row in known.items():
        params, stated = sizes.get(key, (0.0, 0.0))[0], row["params_m"]
        if abs(params - stated) > PARAMS_SHARE * stated:
            print(f"{row['network']} {key or '(no graph)'}: stored {params:.2f} M, stated {stated} M")


def _about(part: pl.DataFrame, on_cpu: bool, rules: Mapping[str, Any]) -> dict[str, Any]:
    first = part.row(0, named=True)
    device, runtime, precision = first["device"], first["runtime"], first["precision"]
    said = rules["runtime_texts"][runtime]
    px = part["resolution"].sort()
    return about(
        f"{rules['devices'][device]}-{rules['runtimes'][runtime]}-{precision.replace('_', '-')}",
        f"{device}, {said}, {precision}",
        chip_of(first["soc"], rules["same_silicon"]),
        device,
        PROTOCOL,
        (int(px[0]), int(px[-1])),
        soc=first["soc"],
        compute_unit="CPU: every network ran there, none reached the NPU" if on_cpu else "NPU (Hexagon)",
        runtime=said,
        precision=rules["precision_texts"][precision],
        group="snapdragon-npu",
        method="adapted",
        donor="pixel4-cpu-1large-quant" if on_cpu else "iphone12",
        pool="snapdragon-cpu" if on_cpu else f"snapdragon-npu-{numbers_of(precision)}",
        licence="BSD-3-Clause, Qualcomm AI Hub Models; see NOTICE",
        defaults={"lab": "qualcomm", "source": first["source"], "licence": "BSD-3-Clause"},
    )


def graph_of(row: Mapping[str, Any]) -> str:
    """Return the key of a row's network, empty where there is no source for it.

    Raises
    ------
    ValueError
        The row's resolution is not the one that AI Hub ran the network at.
    """
    key = aihub_graph(row["network"].removeprefix("aihub:"))
    if key and NetworkKey.of(key).px != row["resolution"]:
        raise ValueError(
            f"{row['network']} must have the side that it ran at, {key}, got {row['resolution']}; mend the row"
        )
    return key


def cliff_of(row: Mapping[str, Any], on_cpu: bool) -> str:
    """Say how a network left the NPU, empty where it did not or where the whole profile is the CPU's."""
    if row["latency_ms"] > FAILED_MS:
        return f"counts as a failure: above {FAILED_MS:.0f} ms"
    npu, gpu, cpu = (row[f"layers_on_{unit}"] or 0 for unit in ("npu", "gpu", "cpu"))
    if on_cpu or not gpu + cpu:
        return ""
    return f"{gpu + cpu} of {npu + gpu + cpu} layers left the NPU: {gpu} on the GPU, {cpu} on the CPU"


def chip_of(soc: str, same_silicon: Mapping[str, str]) -> str:
    """Return the chip without the words for where it is sold."""
    plain = soc.removesuffix("-proxy").removesuffix("-for-galaxy")
    return same_silicon.get(plain, plain)


def numbers_of(precision: str) -> str:
    """Return the numbers that most of a network is computed in: profiles of one pool share them."""
    return next(name for name in ("float", "w8a16", "w8a8") if name in precision.replace("_", "-"))
