"""Evidence: every published result that the model learns from, with its recipe, family and summary."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from dsim.accuracy.families import find_family, load_families
from dsim.accuracy.recipe import Recipe, find_recipe, load_recipes
from dsim.accuracy.summary import COLUMNS, INDEX, FloatArray
from dsim.accuracy.tables import FOLDER, read_rows
from dsim.errors import FileFormatError

RESULTS_FILE = "top1.csv"
SUMMARIES_FILE = "summaries.parquet"


@dataclass(frozen=True)
class Evidence:
    """Results in rows: one checkpoint at one test resolution.

    Attributes
    ----------
    networks, tags
        Length N; timm's names.
    resolutions
        Test resolution in pixels.
    recipes
        How each was trained.
    families, lineages
        Who belongs together.
    summaries
        Shape (N, S).
    top1
        Shape (N,), percent on the ImageNet validation set.
    """

    networks: tuple[str, ...]
    tags: tuple[str, ...]
    resolutions: tuple[int, ...]
    recipes: tuple[Recipe, ...]
    families: tuple[str, ...]
    lineages: tuple[str, ...]
    summaries: FloatArray
    top1: FloatArray

    def __len__(self) -> int:
        return len(self.networks)

    @property
    def gmacs(self) -> FloatArray:
        """MACs of each row's network at its test resolution, in units of 1e9."""
        return np.asarray(self.summaries[:, INDEX["macs"]] / 1e9)

    def take(self, rows: list[int]) -> Evidence:
        """Keep some rows, in the order given."""
        return Evidence(
            tuple(self.networks[k] for k in rows),
            tuple(self.tags[k] for k in rows),
            tuple(self.resolutions[k] for k in rows),
            tuple(self.recipes[k] for k in rows),
            tuple(self.families[k] for k in rows),
            tuple(self.lineages[k] for k in rows),
            self.summaries[rows],
            self.top1[rows],
        )


TOY_FAMILY = "test"


def load_evidence() -> Evidence:
    """Read the results whose networks have been traced; timm's toy networks for unit tests are left out.

    Raises
    ------
    FileFormatError
        The stored summaries have other columns than this version of dsim computes.
    """
    frame = pl.read_parquet(FOLDER / SUMMARIES_FILE)
    if tuple(frame.columns[1:]) != COLUMNS:
        raise FileFormatError(
            f"{SUMMARIES_FILE} must have the columns of dsim.accuracy.summary; rebuild it with "
            "scripts/trace_accuracy_networks.py"
        )
    table = dict(zip(frame["key"], frame.select(COLUMNS).to_numpy(), strict=True))
    recipes, families = load_recipes(), load_families()
    rows = []
    for row in read_rows(RESULTS_FILE):
        key = f"{row['network']}@{row['resolution']}"
        family = find_family(families, row["network"])
        if key in table and family.family != TOY_FAMILY:
            recipe = find_recipe(recipes, row["network"], row["tag"], int(row["train_resolution"]))
            rows.append((row, recipe, family, table[key]))
    return Evidence(
        tuple(r["network"] for r, _, _, _ in rows),
        tuple(r["tag"] for r, _, _, _ in rows),
        tuple(int(r["resolution"]) for r, _, _, _ in rows),
        tuple(recipe for _, recipe, _, _ in rows),
        tuple(family.family for _, _, family, _ in rows),
        tuple(family.lineage for _, _, family, _ in rows),
        np.array([summary for _, _, _, summary in rows]),
        np.array([float(r["top1"]) for r, _, _, _ in rows]),
    )
