"""Make the profiles of boards, modules and older phones from the tables that vendors and projects publish of them.

Which rows make a profile, what a network's name stands for and what a source says of itself lie in ``rules/boards.toml``.
Networks without a stored graph are left out: most are detectors and segmenters. A network that one source times twice under
two names counts once, and the second figure says which one it repeats.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from dsim.graph.key import split_key
from dsim.latency.networks import shared_keys
from lab.curate.falls import mark_falls
from lab.curate.profiles import about, filled, save
from lab.curate.raw_tables import raw_rows
from lab.curate.read_rules import read_toml

SAID = ("latency_ms", "table", "top1", "params_m", "macs_g")


def curate(raw: Path, out: Path) -> None:
    """Write the profiles."""
    rules = read_toml("boards.toml")
    for wanted in rules["profiles"]:
        source = {"method": "adapted"} | rules["sources"][wanted["source"]] | wanted
        rows = figures_of(_figures(raw, source["file"]), source, rules["graphs"].get(wanted["source"], {}))
        mark_falls(rows, [one for one in rules["falls"] if one["profile"] == wanted["name"]])
        save(out, _about(source, rows), filled(rows))


@cache
def _figures(raw: Path, file: str) -> tuple[dict[str, str], ...]:
    return tuple(raw_rows(raw, file))


def _fits(row: Mapping[str, str], source: Mapping[str, Any]) -> bool:
    """Tell whether a row of the raw figures belongs to a profile."""
    same = all(row[key] == str(source[f"raw_{key}"]) for key in ("device", "compute_unit", "batch"))
    return (
        same
        and row["source"].startswith(source["starts"])
        and row["runtime"].startswith(source["raw_runtime"])
        and row["precision"] == source.get("raw_precision", row["precision"])
        and row["network"] not in source.get("without", ())
        and bool(row["latency_ms"])
    )


def figures_of(
    raw: Iterable[Mapping[str, str]], source: Mapping[str, Any], graphs: Mapping[str, str]
) -> list[dict[str, str]]:
    """Return rows of networks.csv.

    Parameters
    ----------
    raw
        The raw figures.
    source
        What a profile and its source say: which rows are its own.
    graphs
        Names of graphs by what the source calls a network.
    """
    rows: list[dict[str, str]] = []
    first: dict[str, str] = {}
    found = sorted((row for row in raw if _fits(row, source)), key=lambda row: row["network"])
    sides = {
        row["network"]: {other["resolution"] for other in found if other["network"] == row["network"]}
        for row in found
    }
    for row in found:
        # a network at another side is another network
        name = row["network"] + (f", {row['resolution']} px" if len(sides[row["network"]]) > 1 else "")
        key = f"{graphs.get(row['network'], row['timm_name'])}@{row['resolution']}"
        if key not in shared_keys():
            continue
        known = first.setdefault(key, name)
        rows.append(
            {"network": name, "graph": key, "resolution": row["resolution"]}
            | {said: row[said] for said in SAID}
            | {
                "source": row["source"].split(" [")[0],
                "repeats": "" if known == name else f"the same network as {known}",
            }
        )
    return rows


def _about(source: Mapping[str, Any], rows: list[dict[str, str]]) -> dict[str, Any]:
    """Return the keys of profile.toml."""
    sides = [int(split_key(row["graph"])[1]) for row in rows]
    keys = ("layout", "threads", "donor", "batch", "measures", "passes")
    optional = {key: source[key] for key in keys if key in source}
    rounded = {"rounded_to_ms": source["rounded_to_ms"]} if "rounded_to_ms" in source else {}
    licence = source["licence"]
    return about(
        source["name"],
        source["title"],
        source["chip"],
        source["model"],
        (source["protocol"], source["stated"]),
        (min(sides), max(sides)),
        compute_unit=source["unit"],
        runtime=source["runtime"],
        precision=source["precision"],
        group="boards",
        method=source["method"],
        pool=source.get("pool", source["name"]),
        licence=f"{licence}; see NOTICE",
        defaults={"lab": source["lab"], "licence": licence} | rounded,
        **optional,
    )
