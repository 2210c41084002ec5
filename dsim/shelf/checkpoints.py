"""Published checkpoints: every one with a top-1 in our tables and a graph that comes with dsim.

Top-1 and recipes are those of the accuracy model's tables; licences are in ``dsim/data/checkpoints.csv``, as timm's own
configuration names them (lab/curate/checkpoints.py).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import polars as pl

from dsim.accuracy.evidence import RESULTS_FILE, SUMMARIES_FILE
from dsim.accuracy.families import find_family, load_families
from dsim.accuracy.recipe import Recipe, find_recipe, load_recipes
from dsim.accuracy.tables import FOLDER, read_rows
from dsim.errors import FileAccessError
from dsim.latency.networks import shared_keys

FILE = Path(__file__).resolve().parents[1] / "data" / "checkpoints.csv"
IN_TRAINING_FORM = "+unfused"  # behind the name of a network that ships in another form than timm builds


@dataclass(frozen=True)
class Checkpoint:
    """One checkpoint of timm, tested at one side.

    Attributes
    ----------
    network, tag
        timm's names.
    px
        Side of the images that its top-1 is of.
    top1
        Percent on ImageNet-1k's validation images, as published.
    recipe
        How it was trained.
    family
        Networks of one line of papers have one.
    params, macs
        As timm builds it, before branches are merged.
    licence
        Of the weights, in timm's words; ``unknown`` where timm names none.
    sized
        Whether timm must be told the side, because it builds the network for another one and for no other.
    """

    network: str
    tag: str
    px: int
    top1: float
    recipe: Recipe
    family: str
    params: int
    macs: int
    licence: str
    sized: bool

    @property
    def name(self) -> str:
        """What timm calls it."""
        return f"{self.network}.{self.tag}"

    @property
    def key(self) -> str:
        """The key of its graph, in the form that ships."""
        return f"{self.network}@{self.px}"

    @property
    def merge(self) -> bool:
        """Whether its branches must be merged before it ships: the latency is of the merged form."""
        return ships_merged(self.network, self.px)

    @property
    def load(self) -> str:
        """The line of Python that loads it."""
        size = f", img_size={self.px}" if self.sized else ""
        return f'timm.create_model("{self.name}", pretrained=True{size})'

    @property
    def trained(self) -> str:
        """How it was trained, in a few words."""
        recipe = self.recipe
        epochs = f"{recipe.epochs} epochs" if recipe.is_known else "epochs not stated"
        teacher = "" if recipe.teacher == "none" else f", teacher {recipe.teacher}"
        return f"{epochs}{teacher}, {recipe.augment} augmentation, {recipe.train_resolution} px"


@lru_cache(maxsize=1)
def checkpoints() -> tuple[Checkpoint, ...]:
    """Read all that can be priced, in order of name and side; timm's toy networks for unit tests are left out.

    Raises
    ------
    FileAccessError
        A table cannot be read.
    """
    sums = pl.read_parquet(FOLDER / SUMMARIES_FILE, columns=["key", "params", "macs"])
    sizes = {key: (round(params), round(macs)) for key, params, macs in sums.iter_rows()}
    recipes, families, weights = load_recipes(), load_families(), _weights()
    out = []
    for row in read_rows(RESULTS_FILE):
        network, tag, px = row["network"], row["tag"], int(row["resolution"])
        key = f"{network}@{px}"
        kin = find_family(families, network).family
        if key not in sizes or key not in shared_keys() or kin == "test":
            continue
        recipe = find_recipe(recipes, network, tag, int(row["train_resolution"]))
        about = weights.get((network, tag), {"licence": "unknown", "one_size": "no", "px": str(px)})
        sized = about["one_size"] == "yes" and about["px"] != str(px)
        out.append(
            Checkpoint(
                network, tag, px, float(row["top1"]), recipe, kin, *sizes[key], about["licence"], sized
            )
        )
    return tuple(sorted(out, key=lambda one: (one.name, one.px)))


def ships_merged(network: str, px: int) -> bool:
    """Return whether a network's graph here, by its timm name and side, has its branches merged, as it ships."""
    return f"{network}{IN_TRAINING_FORM}@{px}" in shared_keys()


def without_graph() -> int:
    """Return how many published results have no graph here: they cannot be priced."""
    return len(read_rows(RESULTS_FILE)) - len(checkpoints())


def _weights() -> dict[tuple[str, str], dict[str, str]]:
    try:
        with FILE.open(newline="", encoding="utf-8") as file:
            return {(row["network"], row["tag"]): row for row in csv.DictReader(file)}
    except OSError as error:
        raise FileAccessError(f"{FILE} must be readable: {error}; reinstall dsim") from error
