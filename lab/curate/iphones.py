"""Make the iPhone profiles from the published phone latencies and from published contrasts.

Every judgement about a figure lies in ``rules``: who measured (iphone_sources.csv), which figure repeats another one
(iphone_repeats.csv), where a network left the Neural Engine (iphone_cliffs.csv), under which protocol it was timed and which
rows have no graph (iphones.toml). Contrasts were typed from the papers (iphone_contrasts.csv).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.curate.profiles import save
from lab.curate.published import LICENCE, graph_key, own_side, stem_of
from lab.curate.raw_tables import raw_rows
from lab.curate.read_rules import first_fit, read_csv, read_toml

# two sources with one protocol differ by a median of 6%; half as much again is far outside that
CONFLICT = 1.5
# RepViT quotes others in its tables of classifiers; those of dense prediction are its own measurements
OWN_TABLE = "dense-prediction"


def curate(raw: Path, out: Path) -> None:
    """Write the profiles."""
    rules, contrasts = read_toml("iphones.toml"), read_csv("iphone_contrasts.csv")
    published = raw_rows(raw, "latency_published.csv")
    figures = [r for r in published if r["compute_unit"] == "npu" and r["latency_ms"]]
    for texts in rules["profiles"]:
        rows = [_row(r, rules) for r in figures if r["device"] in texts["models"]]
        _mark_conflicts(rows)
        rows.sort(key=lambda r: (r["graph"] or "~", r["network"], r["model"], r["protocol"], r["source"]))
        own = [
            {k: v for k, v in row.items() if k != "profile"}
            for row in contrasts
            if row["profile"] == texts["name"]
        ]
        save(out, texts, rows, contrasts=own)


def _row(raw: Mapping[str, str], rules: Mapping[str, Any]) -> dict[str, str]:
    network, table = raw["network"], raw["table"]
    source = first_fit(read_csv("iphone_sources.csv"), source=raw["source"], network=network)
    if source is None:
        raise ValueError(
            f"source {raw['source']!r} must stand in rules/iphone_sources.csv, and does not; add it"
        )
    graph, side = _graph(raw, rules)
    repeats = first_fit(read_csv("iphone_repeats.csv"), id=source["id"], network=network, side=side)
    cliff = first_fit(
        read_csv("iphone_cliffs.csv"), id=source["id"], network=network, model=raw["device"], side=side
    )
    return {
        "network": network,
        "graph": graph,
        "resolution": side,
        "latency_ms": raw["latency_ms"],
        "error_ms": _error(table),
        "model": raw["device"],
        "protocol": rules["protocols"][raw["runtime"]],
        "lab": source["lab"],
        "source": raw["source"].split(" [")[0],
        "table": table,
        "top1": raw["top1"],
        "params_m": raw["params_m"],
        "macs_g": raw["macs_g"],
        "repeats": repeats["why"] if repeats and OWN_TABLE not in table else "",
        "cliff": cliff["why"] if cliff else "",
        "licence": LICENCE,
    }


def _graph(raw: Mapping[str, str], rules: Mapping[str, Any]) -> tuple[str, str]:
    """Return the key of a figure's graph, empty where it has none, and the input side."""
    network, side = raw["network"], raw["resolution"]
    mended = first_fit(rules["sides"], source=raw["source"], network=network)
    if mended is not None:
        side = str(mended["px"])
    dense = "dense" in raw["table"] or "detector" in raw["table"]
    side = side or ("" if dense else own_side(network))
    if first_fit(rules["no_graph"], network=network, side=side) is not None:
        return "", side
    return graph_key(stem_of(network, raw["timm_name"]), side), side


def _error(table: str) -> str:
    """Return the reading error of a figure read off a plot, empty for others."""
    found = re.search(r"\+-\s?([0-9.]+)", table)
    return found.group(1).rstrip(".") if found and "DIGITISED" in table else ""


def _mark_conflicts(rows: list[dict[str, str]]) -> None:
    """Mark figures that another source contradicts: at least CONFLICT times its figure for the same network and phone."""
    best: dict[str, dict[str, str]] = {}
    for row in rows:
        if row["graph"] and not row["repeats"] and not row["cliff"]:
            known = best.get(row["graph"])
            if known is None or float(row["latency_ms"]) < float(known["latency_ms"]):
                best[row["graph"]] = row
    for row in rows:
        low = best.get(row["graph"])
        if low is None or row["cliff"]:
            continue
        ratio = float(row["latency_ms"]) / float(low["latency_ms"])
        if ratio >= CONFLICT:
            row["cliff"] = (
                f"{ratio:.1f} times the {low['latency_ms']} ms of {low['source']} on an {low['model']}"
            )
