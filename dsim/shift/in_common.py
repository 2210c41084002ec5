"""Published networks that two devices have both timed, with top-1 of one way of training: what measured regret is about.

Top-1 of two networks compares the networks only where both were trained alike. So networks are compared within a class of
recipes, and a network whose schedule no source states is in none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from statistics import median

import numpy as np
from numpy.typing import NDArray

from dsim.accuracy.recipe import Augment, Recipe, Teacher, find_recipe, load_recipes
from dsim.accuracy.tables import read_rows
from dsim.device import DeviceProfile
from dsim.latency.families import family_of

Floats = NDArray[np.float64]
LEAST_NETWORKS, LEAST_FAMILIES = 8, 4  # over all classes: fewer say nothing of an order of networks
LEAST_ALIKE = 3  # networks of one class
SHORT, USUAL = 150, 400  # epochs up to which a schedule is called so; longer ones are long


@dataclass(frozen=True, order=True)
class RecipeClass:
    """Recipes that are alike enough to compare networks by top-1.

    Attributes
    ----------
    schedule
        ``short`` (up to SHORT epochs), ``usual`` (up to USUAL) or ``long``.
    taught
        Whether a teacher was learned from.
    augment
        How images were changed.
    """

    schedule: str
    taught: bool
    augment: Augment

    @property
    def words(self) -> str:
        """The class in words."""
        span = {
            "short": f"up to {SHORT} epochs",
            "usual": f"{SHORT + 1} to {USUAL} epochs",
            "long": f"over {USUAL} epochs",
        }
        return f"{span[self.schedule]}, {'a' if self.taught else 'no'} teacher, {self.augment} augmentation"


@dataclass(frozen=True)
class CommonNetworks:
    """Networks of one class of recipes that were timed on both of two devices.

    Attributes
    ----------
    recipe
        How they were trained.
    keys, families
        ``name@resolution``, and families; length N.
    top1, a_ms, b_ms
        Shape (N,): percent, and milliseconds on the first and the second device.
    labs
        Who timed them.
    """

    recipe: RecipeClass
    keys: tuple[str, ...]
    families: tuple[str, ...]
    top1: Floats
    a_ms: Floats
    b_ms: Floats
    labs: frozenset[str]


def class_of(recipe: Recipe) -> RecipeClass | None:
    """Return the class of a recipe; None where nobody states the schedule."""
    if recipe.epochs is None:
        return None
    schedule = "short" if recipe.epochs <= SHORT else "usual" if recipe.epochs <= USUAL else "long"
    return RecipeClass(schedule, recipe.teacher is not Teacher.NONE, recipe.augment)


@lru_cache(maxsize=1)
def top1_by_class() -> Mapping[RecipeClass, Mapping[str, float]]:
    """Return top-1 by class and ``name@resolution``: the mean over the checkpoints of that class."""
    recipes = load_recipes()
    found: dict[RecipeClass, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in read_rows("top1.csv"):
        recipe = class_of(find_recipe(recipes, row["network"], row["tag"], int(row["train_resolution"])))
        if recipe is not None:
            found[recipe][f"{row['network']}@{row['resolution']}"].append(float(row["top1"]))
    return {
        recipe: {key: float(np.mean(values)) for key, values in own.items()} for recipe, own in found.items()
    }


def timed_networks(profile: DeviceProfile) -> dict[str, tuple[float, frozenset[str]]]:
    """Return each network's milliseconds on a device by ``name@resolution``, with the laboratories that timed it.

    A network that several timed has the median. Figures of another protocol than the profile's estimates speak of are left
    out wherever the profile has some of that protocol: the protocol changes the order too. A network that left its
    accelerator counts as it was timed.
    """
    rows = [row for row in profile.networks if row.counts and row.graph]
    speaks = [row for row in rows if row.protocol == profile.reference_protocol]
    taken: dict[str, list[float]] = defaultdict(list)
    labs: dict[str, set[str]] = defaultdict(set)
    for row in speaks or rows:
        taken[row.graph].append(row.latency_ms)
        labs[row.graph].add(row.lab)
    return {key: (median(values), frozenset(labs[key])) for key, values in taken.items()}


def common_networks(a: DeviceProfile, b: DeviceProfile) -> tuple[CommonNetworks, ...]:
    """Return what two devices have in common, class by class, the largest first.

    Nothing is returned where there are fewer than LEAST_NETWORKS networks or LEAST_FAMILIES families in all. Latency of one
    image and throughput of a batch have nothing in common.
    """
    if a.measures != b.measures:
        return ()
    on_a, on_b = timed_networks(a), timed_networks(b)
    both = sorted(on_a.keys() & on_b.keys())
    out = []
    for recipe, top1 in sorted(top1_by_class().items()):
        keys = tuple(key for key in both if key in top1)
        if len(keys) < LEAST_ALIKE:
            continue
        out.append(
            CommonNetworks(
                recipe,
                keys,
                tuple(family_of(key, "a measured network") for key in keys),
                np.array([top1[key] for key in keys]),
                np.array([on_a[key][0] for key in keys]),
                np.array([on_b[key][0] for key in keys]),
                frozenset().union(*(on[key][1] for key in keys for on in (on_a, on_b))),
            )
        )
    families = {family for one in out for family in one.families}
    if len({key for one in out for key in one.keys}) < LEAST_NETWORKS or len(families) < LEAST_FAMILIES:
        return ()
    return tuple(sorted(out, key=lambda one: -len(one.keys)))
