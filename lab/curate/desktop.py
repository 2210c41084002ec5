"""Make the desktop profiles from timm's benchmark results, one for each chip, compiler, memory layout and precision.

Networks that merge branches before use were timed unmerged by torch 2.4 and merged by torch 2.9; the row's parameters tell, and
the graph's key says so (``+unfused``).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from lab.curate.profiles import about, filled, save
from lab.curate.raw_tables import raw_frame
from lab.curate.read_rules import read_toml
from lab.curate.stored_sizes import graph_key, stored_sizes

PROTOCOL = ("timm", "timm's benchmark script: samples per second at a fixed batch, after warm-up")
BIGGEST_M = 170.0  # million parameters; larger networks are no subject of this project


def curate(raw: Path, out: Path) -> None:
    """Write the profiles; say which rows have no graph."""
    rules = read_toml("desktop.toml")
    frame = raw_frame(raw, "latency_desktop.csv")
    frame = frame.filter(pl.col("params_m") < BIGGEST_M)
    sizes = stored_sizes()
    without: set[str] = set()
    for wanted in rules["profiles"]:
        keys = [key for key in ("device", "runtime", "precision") if key in wanted]
        part = frame.filter(pl.col(key) == wanted[key] for key in keys)
        cpu = part["compute_unit"][0] == "cpu"
        rows = []
        for row in part.iter_rows(named=True):
            stated = (row["timm_name"], row["resolution"], row["params_m"])
            key = graph_key(*stated, row["macs_g"], wanted["runtime"], sizes)
            if not key:
                without.add(" ".join(map(str, stated)))
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
        save(out, _about(wanted, part, cpu, rules["precision_texts"]), filled(rows))
    for text in sorted(without):
        print("no graph:", text)


def _about(
    wanted: Mapping[str, str], part: pl.DataFrame, cpu: bool, precisions: Mapping[str, str]
) -> dict[str, Any]:
    first = part.row(0, named=True)
    compiled = "inductor" in wanted["runtime"]
    px = part["resolution"].sort()
    chosen = f"NCHW as given, chosen anew by the compiler ({first['compute_unit']})"
    batches = part["batch"].sort()
    return about(
        wanted["name"],
        wanted["title"],
        wanted["device"],
        wanted["device"],
        PROTOCOL,
        (int(px[0]), int(px[-1])),
        soc=first["soc"],
        compute_unit="CPU" if cpu else "GPU",
        runtime=wanted["runtime"],
        precision=precisions.get(first["precision"], first["precision"]),
        layout=wanted.get("layout") or (chosen if compiled else wanted["runtime"].rpartition(" ")[2].upper()),
        batch="1" if cpu else f"{batches[0]} to {batches[-1]}, in each row; milliseconds are per image",
        threads="unstated" if cpu else "none: a GPU",
        measures="latency" if cpu else "throughput",
        group="desktop",
        method="fine",
        pool="desktop-cpu" if cpu else "desktop-gpu",
        passes=["drop_identities", "fuse_attention"]
        + (["fold_batch_norm", "fuse_activation"] if compiled else []),
        licence="Apache-2.0, timm benchmark results; see NOTICE",
        defaults={
            "lab": "timm",
            "source": first["source"],
            "table": "milliseconds per image = 1000 / samples per second",
            "licence": "Apache-2.0",
        },
    )
