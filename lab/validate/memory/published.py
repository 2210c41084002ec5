"""Predicted memory beside published figures: NetsPresso's measurements, and the upper end of Qualcomm AI Hub's ranges."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import polars as pl

from dsim.device.add.aihub_names import aihub_graph
from dsim.errors import FileFormatError
from dsim.graph.graph import Graph
from dsim.graph.memory import peak_memory_bytes
from dsim.latency.networks import read_graph
from dsim.latency.scoring import spearman
from dsim.report.table import TableData, table

BYTES = {"fp32": 4, "fp16": 2, "int8": 1, "float": 2, "w8a8": 1}
LEAST = 8  # networks: of fewer, an order says little
MB = 1e6


def compare_published(raw: Path) -> str:
    """Return both tables in Markdown."""
    return f"{_netspresso(raw).markdown()}\n{_aihub(raw).markdown()}"


def _needed_mb(graph: Graph, bytes_per_number: int) -> float:
    """Return weights and activations together."""
    return (graph.params * bytes_per_number + peak_memory_bytes(graph, bytes_per_number)) / MB


def _graph(key: str) -> Graph | None:
    try:
        return read_graph(key)
    except FileFormatError:  # nobody has traced it
        return None


def _netspresso(raw: Path) -> TableData:
    """Group by device, runtime, precision and quantity; one factor a group, each network by the factor of the others."""
    frame = pl.read_csv(raw / "more" / "memory_netspresso.csv").drop_nulls("timm_name")
    keys = ("device", "runtime", "precision", "quantity")
    rows = []
    for group, part in sorted(frame.group_by(*keys)):
        pairs = []
        for row in part.iter_rows(named=True):
            graph = _graph(f"{row['timm_name']}@{row['resolution']}")
            if graph is not None and row["precision"] in BYTES:
                pairs.append((_needed_mb(graph, BYTES[row["precision"]]), row["value"]))
        if len(pairs) < LEAST:
            continue
        ratios = [value / needed for needed, value in pairs]
        errors = [
            abs(needed * statistics.median([*ratios[:at], *ratios[at + 1 :]]) / value - 1)
            for at, (needed, value) in enumerate(pairs)
        ]
        cells = (
            *map(str, group), str(len(pairs)), f"{statistics.median(ratios):.2f}", f"{statistics.median(errors):.0%}",
            f"{_order(pairs):.2f}",
        )  # fmt: skip
        rows.append(cells)
    columns = (*keys, "networks", "measured over predicted", "median error", "Spearman")
    return table("NetsPresso's measurements of the whole process", columns, rows, columns[4:])


def _aihub(raw: Path) -> TableData:
    frame = pl.read_csv(raw / "more" / "aihub_memory_shared_networks.csv", infer_schema_length=None)
    found: dict[tuple[str, str], list[float]] = {}
    for (_, runtime, precision), part in frame.group_by("device", "runtime", "precision"):
        pairs = []
        for row in part.iter_rows(named=True):
            key = aihub_graph(row["network"].removeprefix("aihub:"))
            graph = _graph(key) if key else None
            if graph is not None and precision in BYTES and row["peak_mem_max_mb"] is not None:
                pairs.append((_needed_mb(graph, BYTES[str(precision)]), row["peak_mem_max_mb"]))
        if len(pairs) >= LEAST:
            found.setdefault((str(runtime), str(precision)), []).append(_order(pairs))
    rows = [
        (*key, str(len(ranks)), f"{statistics.median(ranks):.2f}", f"{min(ranks):.2f} to {max(ranks):.2f}")
        for key, ranks in sorted(found.items())
    ]
    columns = ("runtime", "precision", "devices", "Spearman, median", "Spearman, range")
    return table("The upper end of AI Hub's ranges, within a device", columns, rows, columns[2:])


def _order(pairs: Iterable[tuple[float, float]]) -> float:
    predicted, measured = zip(*pairs, strict=True)
    return spearman(np.array(predicted), np.array(measured))
