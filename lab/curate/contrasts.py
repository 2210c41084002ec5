"""Make the packs of graded contrasts (``device_profiles/_contrasts``) from published pairs and probes.

Which two figures are a contrast, what was exchanged, and with which grade lies in ``rules/contrasts.toml``; figures, source, table
and licence are those of the raw rows. A spread is what the source gives: the smallest and largest run of a probe, or what a figure
was rounded to. A row that none names is no contrast: a folded batch norm against none, for instance, says nothing about norms.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from dsim.device.graded import COLUMNS, FOLDER
from lab.curate.published import LICENCE
from lab.curate.raw_tables import raw_rows
from lab.curate.read_rules import read_toml
from lab.curate.tables import write_table

# file, what names a row of it, and its column of milliseconds
FILES = {
    "probes": ("more/ops_hexagon_v81_probes.csv", "{probe}|{compute_unit}|{table}", "median_ms"),
    "experiments": ("more/natural_experiments_new.csv", "{pair}|{variant}", "latency_ms"),
    "ablations": ("ablations.csv", "{base_model}|{variant}|{device}", "latency_ms"),
}
_PARTS = 5  # of a pair, before what differs from its group
Raw = Mapping[str, str]


def curate(raw: Path, out: Path) -> None:
    """Write a file for each pack."""
    read = {name: _by_key(raw_rows(raw, file), key, ms) for name, (file, key, ms) in FILES.items()}
    for pack in read_toml("contrasts.toml")["pack"]:
        rows = [
            contrast_row(dict(zip(("kind", "before", "after"), pair, strict=False)) | _texts(pack, group, *pair[_PARTS:]),
                         _figure(read[pack["raw"]], pair[3]), _figure(read[pack["raw"]], pair[4]))
            for group in pack["group"]
            for pair in group["pairs"]
        ]  # fmt: skip
        columns = [[row[name] for name in COLUMNS] for row in rows]
        write_table(out / "device_profiles" / FOLDER / f"{pack['name']}.csv", COLUMNS, columns)


def _texts(*levels: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a pack, its group and a pair say, the nearest last."""
    return {key: value for level in levels for key, value in level.items() if key not in ("pairs", "group")}


def contrast_row(said: Mapping[str, Any], before: Raw, after: Raw) -> dict[str, str]:
    """Return a row of a pack from what the rules say and the two raw rows."""
    row = {name: str(said.get(name, "")) for name in COLUMNS}
    place = before["table"] if before["table"] == after["table"] else f"{before['table']}; {after['table']}"
    row |= {
        "batch": row["batch"] or "1",
        "measures": row["measures"] or "latency",
        "device": row["device"] or before["device"].replace("  @", " @"),
        "unit": row["unit"] or before["compute_unit"],
        "version": row["version"] or before["runtime"].removeprefix(f"{said['runtime']} "),
        # where the rules name the source in short, all that the raw row says of it stands beside the table
        "source": row["source"] or before["source"].split(" [")[0],
        "table": f"{before['source']}, {place}" if row["source"] else place,
        "licence": before.get("licence") or LICENCE,
    }
    for side, figure in (("before", before), ("after", after)):
        low, high = _ends(figure, said)
        row |= {f"{side}_ms": figure["ms"], f"{side}_low_ms": low, f"{side}_high_ms": high}
        row[f"{side}_top1"] = figure.get("top1", "")
    if not (row["before_low_ms"] or row["after_low_ms"]):
        row["spread"] = ""
    elif before.get("min_ms"):
        row["spread"] = f"smallest and largest of {before['runs']} runs"
    return row


def _ends(figure: Raw, said: Mapping[str, Any]) -> tuple[str, str]:
    """Return the ends of a figure's spread, empty where the source gives none."""
    if figure.get("min_ms"):
        return figure["min_ms"], figure["max_ms"]
    ms = float(figure["ms"])
    if "round_ms" in said:
        off = said["round_ms"] / 2
        return f"{ms - off:.6g}", f"{ms + off:.6g}"
    if "round_fps" in said:
        fps, off = 1000.0 / ms, said["round_fps"] / 2
        return f"{1000.0 / (fps + off):.6g}", f"{1000.0 / (fps - off):.6g}"
    return "", ""


def _figure(rows: Mapping[str, list[Raw]], key: str) -> Raw:
    """Return the row of a key; several must agree in their figure."""
    found = rows.get(key, [])
    if len({row["ms"] for row in found}) != 1:
        raise ValueError(
            f"rules/contrasts.toml must name rows with one figure, and {key!r} has {len(found)} rows; correct it"
        )
    return found[0]


def _by_key(rows: Iterable[Raw], key: str, ms: str) -> dict[str, list[Raw]]:
    out: dict[str, list[Raw]] = {}
    for row in rows:
        if row[ms]:
            out.setdefault(key.format(**row), []).append({**row, "ms": row[ms]})
    return out
