"""Turn the published phone latencies into the evidence of the bundled iPhone profiles.

Usage: python -m lab.curate.iphones FOLDER_WITH_THE_COLLECTION

Writes device_profiles/iphone*/networks.csv and contrasts.csv. The judgements are in
rules.py and contrasts.py.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import defaultdict
from pathlib import Path

from lab.curate.contrasts import CONTRASTS
from lab.curate.rules import (
    CLIFFS,
    LABS,
    OWN_KEYS,
    OWN_RESOLUTION,
    PROTOCOLS,
    REPEATS,
    REPEATS_NOT_IN_TABLE,
    SOURCES,
)

ROOT = Path(__file__).resolve().parents[2]
PROFILE_OF = {
    "iPhone 12": "iphone12",
    "iPhone 12 Pro": "iphone12",
    "iPhone 12 Pro Max": "iphone12",
    "iPhone 13": "iphone13",
    "iPhone 14": "iphone14",
    "iPhone 14 Pro": "iphone14",
    "iPhone 14 Pro Max": "iphone14",
}
COLUMNS = (
    "network",
    "graph",
    "resolution",
    "latency_ms",
    "error_ms",
    "model",
    "protocol",
    "lab",
    "source",
    "table",
    "top1",
    "params_m",
    "macs_g",
    "repeats",
    "cliff",
    "licence",
)
# two sources with one protocol differ by a median of 6%; half as much again is far outside that
CONFLICT = 1.5
LICENCE = "figures quoted from the source; the source states no licence for them"


def _source(text: str) -> str:
    return next(short for prefix, short in SOURCES.items() if text.startswith(prefix))


def _graph(row: dict[str, str]) -> tuple[str, str]:
    name = OWN_KEYS.get(row["network"]) or row["timm_name"]
    size = row["resolution"]
    if row["source"].startswith("MobileOne paper") and row["network"].startswith("MobileViT"):
        size = (
            "256"  # the collection's 224 is a default; the published MACs (0.94 G for XS) are those at 256 px
        )
    dense = "dense" in row["table"] or "detector" in row["table"]
    if not size and not dense:
        size = next((str(s) for prefix, s in OWN_RESOLUTION.items() if row["network"].startswith(prefix)), "")
    if row["network"].startswith("MobileCLIP2-B"):
        size = "224"
    if "unstated" in row["table"] or "DeepLab" in row["network"] or "SSD" in row["network"]:
        name = ""
    if row["network"].startswith("iFormer") and size == "512":
        name = ""  # the paper changes the attention there (windows or chunked channels, its Table 17): not timm's graph
    if "(8,4,2)" in row["network"] or "patch 8,4,2" in row["network"]:
        name = ""
    return (f"{name}@{size}" if name and size else ""), size


def _match(rules: dict[tuple[str, str], str], source: str, network: str, table: str) -> str:
    if any(mark in table for mark in REPEATS_NOT_IN_TABLE):
        return ""
    for (wanted, prefix), why in rules.items():
        if wanted == source and (prefix == "*" or network.startswith(prefix)):
            return why
    return ""


def _cliff(source: str, network: str, device: str, resolution: str) -> str:
    for prefix, wanted, where, why in CLIFFS:
        here = where in ("*", device, resolution) or device.startswith(f"{where} P")
        if network.startswith(prefix) and wanted == source and here:
            return why
    return ""


def _error(table: str) -> str:
    found = re.search(r"\+-\s?([0-9.]+)", table)
    return found.group(1).rstrip(".") if found and "DIGITISED" in table else ""


def curate(folder: Path) -> dict[str, list[dict[str, str]]]:
    """Return the rows of every profile."""
    rows: dict[str, list[dict[str, str]]] = defaultdict(list)
    with (folder / "latency_published.csv").open(newline="") as file:
        for raw in csv.DictReader(file):
            profile = PROFILE_OF.get(raw["device"])
            if profile is None or raw["compute_unit"] != "npu" or not raw["latency_ms"]:
                continue
            source = _source(raw["source"])
            graph, resolution = _graph(raw)
            protocol = PROTOCOLS[raw["runtime"]]
            lab = LABS.get(source, source)
            if source == "efficientformer-readme" and "V2" in raw["network"]:
                lab = "efficientformer-v2"
            if source == "efficientformerv2-fig1":
                lab = "efficientformer-v2"
            repeats = _match(REPEATS, source, raw["network"], raw["table"])
            if source == "efficientformerv2-fig1" and "V2" in raw["network"]:
                repeats = "the README's table again"
            if source == "efficientformer-fig1" and raw["network"].startswith("EfficientFormer"):
                repeats = "the README's table again"
            rows[profile].append(
                {
                    "network": raw["network"],
                    "graph": graph,
                    "resolution": resolution,
                    "latency_ms": raw["latency_ms"],
                    "error_ms": _error(raw["table"]),
                    "model": raw["device"],
                    "protocol": protocol,
                    "lab": lab,
                    "source": raw["source"].split(" [")[0],
                    "table": raw["table"],
                    "top1": raw["top1"],
                    "params_m": raw["params_m"],
                    "macs_g": raw["macs_g"],
                    "repeats": repeats,
                    "cliff": _cliff(source, raw["network"], raw["device"], resolution),
                    "licence": LICENCE,
                }
            )
    for found in rows.values():
        _conflicts(found)
    return rows


def _conflicts(rows: list[dict[str, str]]) -> None:
    """Mark figures that another source contradicts: at least CONFLICT times its figure for the same network and phone."""
    best: dict[str, dict[str, str]] = {}
    for row in rows:
        if row["graph"] and not row["repeats"] and not row["cliff"]:
            known = best.get(row["graph"])
            if known is None or float(row["latency_ms"]) < float(known["latency_ms"]):
                best[row["graph"]] = row
    for row in rows:
        low = best.get(row["graph"]) if row["graph"] else None
        if low is None or row["cliff"]:
            continue
        ratio = float(row["latency_ms"]) / float(low["latency_ms"])
        if ratio >= CONFLICT:
            row["cliff"] = (
                f"{ratio:.1f} times the {low['latency_ms']} ms of {low['source']} on an {low['model']}"
            )


def _write(path: Path, columns: tuple[str, ...], rows: list[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{path.relative_to(ROOT)}: {len(rows)} rows")


def main() -> None:
    """Write every file."""
    rows = curate(Path(sys.argv[1]))
    for profile, found in rows.items():
        found.sort(key=lambda r: (r["graph"] or "~", r["network"], r["model"], r["protocol"], r["source"]))
        _write(ROOT / "device_profiles" / profile / "networks.csv", COLUMNS, found)
        contrasts = [c for c in CONTRASTS if c["profile"] == profile]
        if contrasts:
            columns = tuple(k for k in contrasts[0] if k != "profile")
            _write(
                ROOT / "device_profiles" / profile / "contrasts.csv",
                columns,
                [{k: v for k, v in c.items() if k != "profile"} for c in contrasts],
            )


if __name__ == "__main__":
    main()
