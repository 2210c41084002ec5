"""How a measured network was trained, where the evidence on accuracy tells; what it does not tell stays unknown."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from dsim.accuracy.evidence import Results, load_evidence
from dsim.accuracy.recipe import REFERENCE, Augment, Recipe, Teacher
from dsim.graph.key import split_key
from lab.claims.reality.dates import bare
from lab.validate.accuracy.published import PUBLISHED

FILE = Path(__file__).with_name("paper_recipes.csv")
NEAR = 0.15  # points: rounding, and a checkpoint that was evaluated again
BASELINE = "+baseline"  # an ablation's first row is the network itself


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A published result: network, test resolution, recipe, top-1 in percent."""

    network: str
    resolution: int
    recipe: Recipe
    top1: float


def _at(epochs: int, teacher: Teacher, augment: Augment) -> Recipe:
    return Recipe(epochs, teacher, augment, REFERENCE.train_resolution)


@lru_cache(maxsize=1)
def load_checkpoints() -> tuple[Checkpoint, ...]:
    """Return the published results: those of the accuracy evidence, EfficientFormer's own table, and paper_recipes.csv."""
    tables = (
        Checkpoint(name, REFERENCE.train_resolution, REFERENCE, top1) for name, top1 in PUBLISHED.items()
    )
    return (*_of_papers(), *tables, *checkpoints_of(load_evidence()))


def _of_papers() -> tuple[Checkpoint, ...]:
    """Read the figures whose recipe a person looked up in the paper."""
    with FILE.open(newline="", encoding="utf-8") as file:
        return tuple(
            Checkpoint(
                row["graph"],
                REFERENCE.train_resolution,
                _at(int(row["epochs"]), Teacher(row["teacher"]), Augment(row["augment"])),
                float(row["top1"]),
            )
            for row in csv.DictReader(file)
        )


def checkpoints_of(evidence: Results) -> tuple[Checkpoint, ...]:
    """Return the results by the network's own name; networks that an ablation changed are none of it."""
    rows = zip(evidence.networks, evidence.resolutions, evidence.recipes, evidence.top1, strict=True)
    return tuple(
        Checkpoint(bare(name), size, recipe, float(top1))
        for name, size, recipe, top1 in rows
        if "+" not in name or name.endswith(BASELINE)
    )


def recipe_of(graph: str, top1: float, checkpoints: Iterable[Checkpoint]) -> Recipe | None:
    """Tell how a network with a published top-1 was trained, None where nothing tells.

    Parameters
    ----------
    graph
        Its key (``name@resolution``), empty where there is none.
    top1
        The figure in percent: the result of this network and resolution that is nearest to it, and within `NEAR`, tells.
    """
    name, size = split_key(graph)
    mine = [c for c in checkpoints if c.network == bare(name) and str(c.resolution) == size]
    best = min(mine, key=lambda c: abs(c.top1 - top1), default=None)
    if best is None or abs(best.top1 - top1) > NEAR or not best.recipe.is_known:
        return None
    return best.recipe


def nearest_to_reference(graph: str, checkpoints: Sequence[Checkpoint]) -> Checkpoint | None:
    """Return the checkpoint of a network whose recipe is most like the reference's, None where none is published.

    Known schedules first, then the same teacher, then the schedule's length.
    """
    name, size = split_key(graph)
    mine = [c for c in checkpoints if c.network == bare(name) and str(c.resolution) == size]
    return min(mine, key=lambda c: _strangeness(c.recipe), default=None)


def _strangeness(recipe: Recipe) -> tuple[bool, bool, float]:
    epochs = recipe.epochs or 0
    return (
        not epochs,
        recipe.teacher is not REFERENCE.teacher,
        float(abs(np.log((epochs or 1) / (REFERENCE.epochs or 1)))),
    )


def like_reference(recipe: Recipe | None) -> bool:
    """Tell whether a network was trained by the recipe that all claims are made for."""
    return recipe is not None and (
        recipe.epochs,
        recipe.teacher,
        recipe.augment,
        recipe.train_resolution,
    ) == (
        REFERENCE.epochs,
        REFERENCE.teacher,
        REFERENCE.augment,
        REFERENCE.train_resolution,
    )


def words(recipe: Recipe | None) -> str:
    """Say a recipe in a few words."""
    if recipe is None:
        return "unknown"
    teacher = "" if recipe.teacher is Teacher.NONE else f", {recipe.teacher} teacher"
    return f"{recipe.epochs or '?'} epochs{teacher}"
