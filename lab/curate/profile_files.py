"""Write a device profile's folder: profile.toml, networks.csv and ops.parquet, in dsim's own schema."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from dsim.device.ops import COLUMNS

ROOT = Path(__file__).resolve().parents[2]

PROFILES = ROOT / "device_profiles"
_ORDER = ("network", "graph", "resolution", "latency_ms", "error_ms", "model", "protocol", "lab", "source", "table", "top1",
          "params_m", "macs_g", "repeats", "cliff", "licence", "layers_npu", "layers_other")  # fmt: skip


def write_profile(
    texts: Mapping[str, Any],
    rows: Sequence[Mapping[str, object]] = (),
    defaults: Mapping[str, str] | None = None,
    ops: Sequence[Mapping[str, object]] = (),
    *,
    under: str = "",
) -> Path:
    """Write one profile.

    Parameters
    ----------
    texts
        The keys of profile.toml; tables are mappings.
    rows
        Fields of networks.csv; a column that no row fills is left out.
    defaults
        The table [defaults]: texts for columns that are left out.
    ops
        Rows of ops.parquet.
    under
        Folder below device_profiles.
    """
    folder = PROFILES / under / str(texts["name"])
    folder.mkdir(parents=True, exist_ok=True)
    lines, tables = ["schema_version = 1"], []
    for key, value in (dict(texts) | ({"defaults": defaults} if defaults else {})).items():
        if isinstance(value, Mapping):
            tables += [
                "",
                f"[{key}]",
                *(f"{_key(k)} = {json.dumps(v, ensure_ascii=False)}" for k, v in value.items()),
            ]
        else:
            lines.append(f"{key} = {json.dumps(value, ensure_ascii=False)}")
    (folder / "profile.toml").write_text("\n".join(lines + tables) + "\n", encoding="utf-8")
    if rows:
        needed = {"network", "graph", "latency_ms"}
        columns = [c for c in _ORDER if c in needed or any(row.get(c) not in (None, "") for row in rows)]
        with (folder / "networks.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            for row in sorted(
                rows, key=lambda r: (str(r["graph"]), str(r["network"]), float(str(r["latency_ms"])))
            ):
                writer.writerow("" if row.get(c) is None else row[c] for c in columns)
    if ops:
        frame = pl.DataFrame(ops, schema=COLUMNS, infer_schema_length=None)
        frame.write_parquet(folder / "ops.parquet", compression="zstd", compression_level=19)
    return folder


def _key(text: str) -> str:
    return text if text.replace("_", "").replace("-", "").isalnum() and text.isascii() else json.dumps(text)
