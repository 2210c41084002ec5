"""Published top-1 of networks that compute in 8-bit integers: ``dsim/data/accuracy/quantised.csv`` (lab/curate/quantised.py).

Each figure is that of its source's own weights, quantised in its source's own way; weights from elsewhere may lose more or less.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from dsim.accuracy.tables import read_rows

FILE = "quantised.csv"


@dataclass(frozen=True, slots=True)
class Quantised:
    """The top-1 of one network in 8-bit integers.

    Attributes
    ----------
    key
        ``name@side`` of its graph.
    top1, float_top1
        Percent on ImageNet-1k, and what the same source says of it in floats; None where it says nothing.
    precision
        The numbers, and whether the network was trained with them.
    where
        The chip that computed it; empty where the source names none.
    source, table, licence
        Where the figure stands, and its terms.
    """

    key: str
    top1: float
    float_top1: float | None
    precision: str
    where: str
    source: str
    table: str
    licence: str


@lru_cache(maxsize=1)
def quantised() -> Mapping[str, tuple[Quantised, ...]]:
    """Read all figures, by the key of the network; the lowest of a network comes first.

    Raises
    ------
    FileAccessError
        The table cannot be read.
    """
    found: dict[str, list[Quantised]] = {}
    for row in read_rows(FILE):
        key = f"{row['network']}@{row['resolution']}"
        floats = float(row["float_top1"]) if row["float_top1"] else None
        texts = (row[name] for name in ("precision", "where", "source", "table", "licence"))
        found.setdefault(key, []).append(Quantised(key, float(row["top1"]), floats, *texts))
    return {key: tuple(sorted(own, key=lambda one: one.top1)) for key, own in found.items()}
