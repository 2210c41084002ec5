"""Make the profiles of phones of which one published table is all there is; each is adapted from another profile."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

import polars as pl

from lab.curate.falls import mark_falls
from lab.curate.profiles import about, filled, save
from lab.curate.published import LICENCE, graph_key, own_side, stem_of
from lab.curate.raw_tables import raw_frame
from lab.curate.read_rules import read_toml

PX = (192, 288)  # every network of these tables ran between them


def curate(raw: Path, out: Path) -> None:
    """Write the profiles."""
    rules = read_toml("one_table.toml")
    frame = raw_frame(raw, "latency_published.csv")
    for wanted in rules["profiles"]:
        part = frame.filter(pl.col(key) == wanted[key] for key in ("device", "compute_unit", "runtime"))
        rows = []
        for row in part.iter_rows(named=True):
            side = str(row["resolution"] or own_side(row["network"]))
            rows.append(
                {
                    "network": row["network"],
                    "graph": graph_key(stem_of(row["network"], row["timm_name"] or ""), side),
                    "resolution": side,
                    **{
                        key: row[key]
                        for key in ("latency_ms", "source", "table", "top1", "params_m", "macs_g")
                    },
                }
            )
        name, device, runtime = wanted["name"], wanted["device"], wanted["runtime"]
        floats, own = rules["as_floats"], bool(wanted.get("as_floats"))
        parted = own or name in floats["profiles"]
        if parted:
            rows = [row for row in rows if _fits(row["graph"], floats["graphs"]) == own]
        mark_falls(rows, [one for one in rules["falls"] if name in one["profiles"]])
        title = f"{device.removeprefix('Samsung ')}, {wanted['unit_text']}"
        stated = f"{runtime}, as the table's paper states it"
        texts = about(
            name,
            title + (floats["title"] if own else ""),
            wanted["chip"],
            device,
            ("paper", stated + (floats["without"] if parted and not own else "")),
            PX,
            compute_unit=wanted["unit_text"],
            runtime=runtime,
            precision=floats["precision"]
            if own
            else rules["precision_texts"][part["precision"][0] or "fp16"],
            group="one-table",
            method="adapted",
            donor=wanted["donor"],
            pool=wanted.get("pool", name),
            licence="Figures quoted from the sources named in each row; see NOTICE",
            defaults={"lab": "paper", "licence": LICENCE},
        )
        save(out, texts, filled(rows), under="_evidence" if wanted.get("few") else "")


def _fits(graph: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(graph, like) for like in patterns)
