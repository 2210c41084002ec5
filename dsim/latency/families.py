"""Families of networks: what is held out together."""

from __future__ import annotations

import csv
import zlib
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsim.graph.key import NetworkKey

FAMILIES = Path(__file__).resolve().parents[1] / "data" / "families.csv"
DESIGN, FOLDS = "design-", 8


@lru_cache(maxsize=1)
def load_families(path: Path = FAMILIES) -> dict[str, str]:
    """Read families.csv: graph name without resolution to family."""
    with path.open(newline="", encoding="utf-8") as file:
        return {row["name"]: row["family"] for row in csv.DictReader(file)}


def family_of(key: str, where: str) -> str:
    """Return a graph's family; a network of the user's own that has none is a family of its own.

    Designs drawn from a search space are alike: they make up FOLDS families by chance, so that every one of them is judged
    by a model that learned from most of the others.

    Raises
    ------
    FileFormatError
        The key is not name@resolution.
    """
    name = NetworkKey.of(key, where).name
    if name.startswith(DESIGN):
        return f"designs, fold {zlib.crc32(name.encode()) % FOLDS + 1}"
    return load_families().get(name, name)


def by_size(family: NDArray[np.str_], count: int) -> dict[str, int]:
    """Deal the families of rows (N,) into folds with about as many rows each, whole; deterministic."""
    names, sizes = np.unique(family, return_counts=True)
    load, fold = np.zeros(count), {}
    for at in np.argsort(-sizes, kind="stable"):
        fold[str(names[at])] = int(load.argmin())
        load[load.argmin()] += sizes[at]
    return fold


def by_chance(family: NDArray[np.str_], count: int) -> dict[str, int]:
    """Deal the families of rows (N,) into at most ``count`` folds, the same way every time."""
    names = np.unique(family)
    order = np.random.default_rng(0).permutation(len(names))
    return {str(name): int(order[n]) % count for n, name in enumerate(names)}
