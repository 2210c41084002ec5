"""Make the rough profile galaxy-s26-npu-litert: a few whole networks that give the scale of the probes' contrasts.

The probes themselves are contrasts (contrasts.py). Of the whole networks two have a graph here, so that prices come from another
runtime on the same chip; that is why the profile is rough.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lab.curate.profiles import about, filled, save
from lab.curate.raw_tables import raw_rows

FILE = "more/latency_galaxy_s26.csv"
CHIP, MODEL = "snapdragon-8-elite-gen5", "Galaxy S26"
# networks whose graphs come with dsim, but for a head of another width
GRAPHS = ("resnet18", "vit_pe_core_base_patch16_224")
STATED = "LiteRT's CompiledModel, median of 20 or 50 runs, one backend in a process, no throttling reported"
ROUGH = (
    "two networks with a known graph set its scale, and the prices are those of another runtime on its chip; what it knows well "
    "is what another written form or length does, as contrasts"
)


def curate(raw: Path, out: Path) -> None:
    """Write the profile."""
    rows = [_row(r) for r in raw_rows(raw, FILE) if r["compute_unit"] == "npu"]
    texts = about(
        "galaxy-s26-npu-litert",
        "Galaxy S26, NPU, LiteRT",
        CHIP,
        MODEL,
        ("compiled-model", STATED),
        (224, 224),
        compute_unit="NPU (Hexagon v81)",
        runtime="LiteRT 2.2.0, QNN HTP, compiled on the device",
        precision="float16",
        group="boards",
        method="adapted",
        donor="8-elite-gen5-tflite-float",
        pool="galaxy-s26-npu-litert",
        licence="Apache-2.0, john-rocky/edge-compat and LiteRT-Models; see NOTICE",
        rough=ROUGH,
    )
    save(out, texts, filled(rows))


def _row(raw: Mapping[str, str]) -> dict[str, object]:
    source, _, where = raw["source"].partition(" ")
    return {
        "network": raw["network"],
        "graph": f"{raw['timm_name']}@{raw['resolution']}" if raw["timm_name"] in GRAPHS else "",
        "resolution": raw["resolution"],
        "latency_ms": raw["latency_ms"],
        "model": MODEL,
        "protocol": "compiled-model",
        "lab": "john-rocky",
        "source": source,
        "table": f"{where}, {raw['table']}",
        "licence": raw["licence"],
    }
