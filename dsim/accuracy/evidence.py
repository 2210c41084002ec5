"""Evidence: every published result that the model learns from, with its recipe, family and summary."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from dsim.accuracy.families import find_family, load_families
from dsim.accuracy.recipe import Augment, Recipe, Teacher, find_recipe, load_recipes
from dsim.accuracy.summary import COLUMNS, INDEX, FloatArray
from dsim.accuracy.tables import FOLDER, read_rows
from dsim.errors import FileFormatError

RESULTS_FILE = "top1.csv"
SUMMARIES_FILE = "summaries.parquet"
ABLATED_FILE = "ablated.csv"
ABLATED_TAG = "ablated"
ABLATED_RESOLUTION = 224


@dataclass(frozen=True)
class Results:
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
    def is_checkpoint(self) -> np.ndarray:
        """Shape (N,) of bool: a released checkpoint, and not a network of an ablation."""
        return np.array([tag != ABLATED_TAG for tag in self.tags])

    @property
    def gmacs(self) -> FloatArray:
        """MACs of each row's network at its test resolution, in units of 1e9."""
        return np.asarray(self.summaries[:, INDEX["macs"]] / 1e9)

    def take(self, rows: list[int]) -> Results:
        """Keep some rows, in the order given."""
        return Results(
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


def load_evidence() -> Results:
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
            "python -m lab.networks.summaries"
        )
    table = dict(zip(frame["key"], frame.select(COLUMNS).to_numpy(), strict=True))
    families = load_families()
    rows = [row for row in (*_checkpoints(), *_ablated()) if f"{row.network}@{row.resolution}" in table]
    kin = [find_family(families, row.network) for row in rows]
    keep = [k for k, family in enumerate(kin) if family.family != TOY_FAMILY]
    return Results(
        tuple(rows[k].network for k in keep),
        tuple(rows[k].tag for k in keep),
        tuple(rows[k].resolution for k in keep),
        tuple(rows[k].recipe for k in keep),
        tuple(kin[k].family for k in keep),
        tuple(kin[k].lineage for k in keep),
        np.array([table[f"{rows[k].network}@{rows[k].resolution}"] for k in keep]),
        np.array([rows[k].top1 for k in keep]),
    )


class _Row(NamedTuple):
    network: str
    tag: str
    resolution: int
    recipe: Recipe
    top1: float


def _checkpoints() -> Iterator[_Row]:
    recipes = load_recipes()
    for row in read_rows(RESULTS_FILE):
        recipe = find_recipe(recipes, row["network"], row["tag"], int(row["train_resolution"]))
        yield _Row(row["network"], row["tag"], int(row["resolution"]), recipe, float(row["top1"]))


def _ablated() -> Iterator[_Row]:
    for row in read_rows(ABLATED_FILE):
        teacher, augment = Teacher(row["teacher"]), Augment(row["augment"])
        recipe = Recipe(
            int(row["epochs"]), teacher, augment, ABLATED_RESOLUTION, f"ablated|{row['base'].split('+')[0]}"
        )
        yield _Row(row["network"], ABLATED_TAG, ABLATED_RESOLUTION, recipe, float(row["top1"]))
