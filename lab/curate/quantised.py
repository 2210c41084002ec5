"""Re-tabulate published top-1 of networks in 8-bit integers: dsim/data/accuracy/quantised.csv.

Which rows say it, and in which numbers, lies in ``rules/quantised.toml``. A figure that a source repeats for several devices counts
once. Networks without a stored graph are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from dsim.graph.key import split_key
from dsim.latency.networks import shared_keys
from lab.curate.raw_tables import raw_rows
from lab.curate.read_rules import read_toml
from lab.curate.tables import write_table

COLUMNS = ("network", "resolution", "top1", "float_top1", "precision", "where", "source", "table", "licence")


def curate(raw: Path, out: Path) -> None:
    """Write the table."""
    graphs = read_toml("boards.toml")["graphs"]
    made: dict[tuple[str, ...], None] = {}
    for source in read_toml("quantised.toml")["sources"]:
        made |= dict.fromkeys(
            quantised_rows(raw_rows(raw, source["file"]), source, graphs.get(source.get("graphs", ""), {}))
        )
    write_table(out / "dsim/data/accuracy/quantised.csv", COLUMNS, sorted(made))


def quantised_rows(
    raw: Iterable[Mapping[str, str]], source: Mapping[str, Any], graphs: Mapping[str, str]
) -> list[tuple[str, ...]]:
    """Return the rows of one source.

    Parameters
    ----------
    raw
        The raw figures.
    source
        An entry of the rules: which rows are its own.
    graphs
        Names of graphs by what the source calls a network.
    """
    own = [row for row in raw if row["source"].startswith(source["starts"]) and row["top1"]]
    own = [row for row in own if row["network"] not in source.get("without", ())]
    floats = {
        (row["network"], row["resolution"]): row["top1"]
        for row in own
        if row["precision"] == source.get("raw_float")
    }
    found: list[tuple[str, ...]] = []
    for row in own:
        key = f"{graphs.get(row['network'], row['timm_name'])}@{row['resolution']}"
        if row["precision"] != source["raw_precision"] or key not in shared_keys():
            continue
        found.append(
            (
                *split_key(key),
                row["top1"],
                floats.get((row["network"], row["resolution"]), ""),
                source["precision"],
                source["where"][row["device"]] if "where" in source else "",
                row["source"].split(" [")[0],
                # what a throughput's row says of its speed is no part of this figure
                "" if row["table"].startswith("FPS") else row["table"].split(";")[0],
                source["licence"],
            )
        )
    return found
