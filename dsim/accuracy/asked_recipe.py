"""A recipe as users ask for it: ``epochs=100,teacher=none,px=224``, held against what was published."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from dsim.accuracy.cache import load_accuracy_model
from dsim.accuracy.draws import draw_top1
from dsim.accuracy.local import Lower
from dsim.accuracy.model import AccuracyArrays, AccuracyModel
from dsim.accuracy.quick import Lows
from dsim.accuracy.recipe import REFERENCE, Augment, Recipe, Teacher, load_recipes
from dsim.accuracy.summary import FloatArray
from dsim.accuracy.tables import read_rows
from dsim.errors import InvalidValueError
from dsim.graph import Graph

Chosen = TypeVar("Chosen", Teacher, Augment)
KEYS = ("epochs", "teacher", "augment", "px")
EXAMPLE = "epochs=100,teacher=none,px=224"
_NONE = {
    Teacher.NONE: "no teacher",
    Teacher.CONVNET: "distilled",
    Teacher.TRANSFORMER: "distilled from a transformer",
}


@dataclass(frozen=True, slots=True)
class Span:
    """What published networks were trained for: epochs and sides in pixels, smallest and largest."""

    epochs: tuple[int, int]
    px: tuple[int, int]


@lru_cache(maxsize=1)
def seen() -> Span:
    """Return between which epochs and resolutions the accuracy model has evidence."""
    rows = {(row.pattern, row.tag): row.epochs for row in load_recipes()}
    epochs = [one for one in rows.values() if one]
    epochs += [int(row["epochs"]) for row in read_rows("ablated.csv")]
    px = [int(row["train_resolution"]) for row in read_rows("top1.csv")]
    return Span((min(epochs), max(epochs)), (min(px), max(px)))


def read_recipe(text: str, px: int) -> Recipe:
    """Read a recipe; what it leaves out is as in the reference recipe.

    Parameters
    ----------
    text
        ``key=value`` with commas: epochs, teacher, augment, px.
    px
        Resolution of the design, where the text names none.

    Raises
    ------
    InvalidValueError
        A key or value is none of those known, stands twice, or lies beyond what was published.
    """
    found: dict[str, str] = {}
    for part in text.split(","):
        key, equals, value = (word.strip() for word in part.partition("="))
        if not equals or key not in KEYS:
            raise InvalidValueError(
                f"a recipe is made of {', '.join(KEYS)}, got {part.strip()!r}; write for example {EXAMPLE}"
            )
        if key in found:
            raise InvalidValueError(f"a recipe names each part once, got {key} twice; leave one out")
        found[key] = value
    span = seen()
    return Recipe(
        epochs=_whole("epochs", found["epochs"], span.epochs) if "epochs" in found else REFERENCE.epochs,
        teacher=_one_of("teacher", found.get("teacher", REFERENCE.teacher), Teacher),
        augment=_one_of("augment", found.get("augment", REFERENCE.augment), Augment),
        train_resolution=_whole("px", found["px"], span.px) if "px" in found else px,
        key="asked",
    )


def _whole(key: str, text: str, span: tuple[int, int]) -> int:
    low, high = span
    value = int(text) if text.isdecimal() and len(text) <= 9 else low - 1
    if not low <= value <= high:
        raise InvalidValueError(
            f"{key} of a recipe must be a whole number from {low} to {high}, as published networks were trained, got {text!r}; "
            "give one of these, for nothing is known beyond"
        )
    return value


def _one_of(key: str, text: str, kind: type[Chosen]) -> Chosen:
    if text not in tuple(kind):
        raise InvalidValueError(
            f"{key} of a recipe must be one of {', '.join(kind)}, got {text!r}; choose one of them"
        )
    return kind(text)


def write_recipe(recipe: Recipe) -> str:
    """Write a recipe as `read_recipe` reads it, whole."""
    return f"epochs={recipe.epochs},teacher={recipe.teacher},augment={recipe.augment},px={recipe.train_resolution}"


def whole_recipe(text: str, px: int, own_task: bool = False) -> str:
    """Write a recipe for designs that a search makes with every part written out; empty for the reference recipe.

    Parameters
    ----------
    text
        See `read_recipe`.
    px
        Resolution of the search's space.
    own_task
        Whether designs are judged on the user's own images.

    Raises
    ------
    InvalidValueError
        The recipe is wrong, is of another resolution, or is given for a task of the user's own.
    """
    if not text:
        return ""
    if own_task:
        raise InvalidValueError(
            f"a recipe is for ImageNet top-1, got {text} together with the user's own task; leave it out"
        )
    asked = read_recipe(text, px)
    if asked.train_resolution != px:
        raise InvalidValueError(
            f"designs are trained at the resolution of the search's space, {px} px, got px={asked.train_resolution}; leave px "
            f"out, or search at that size with --px {asked.train_resolution}"
        )
    return write_recipe(asked)


def recipe_words(recipe: Recipe | str | None, px: int, size: str = "") -> str:
    """Say how designs of a resolution would be trained; None or an empty text is the reference recipe.

    ``size`` says of what size of image in other words, where designs of several are meant.
    """
    asked = read_recipe(recipe, px) if isinstance(recipe, str) and recipe else recipe
    if not isinstance(asked, Recipe):
        asked = replace(REFERENCE, train_resolution=px)
    teacher = _NONE.get(asked.teacher, "distilled from itself")
    augment = "" if asked.augment is REFERENCE.augment else f", {asked.augment} augmentation"
    return f"{asked.epochs} epochs, {teacher}{augment}, {size or f'{asked.train_resolution} px'}"


@dataclass(frozen=True)
class ForDesigns:
    """The accuracy model, asked about designs of dsim's own and one recipe: a search takes it in the model's place.

    Attributes
    ----------
    recipe
        The reference recipe where it is None.
    """

    model: AccuracyModel
    recipe: Recipe | None = None

    @property
    def fingerprint(self) -> str:
        """Hash of what the model was made from, and the recipe."""
        own = self.model.fingerprint
        return f"{own}:{write_recipe(self.recipe)}" if self.recipe else own

    def summarise(self, graph: Graph) -> FloatArray:
        """Sum what a network is made of."""
        return self.model.summarise(graph)

    def predict(self, summaries: FloatArray, confidence: float = 0.9) -> AccuracyArrays:
        """Estimate top-1 for the recipe."""
        return self.model.predict(summaries, confidence, self.recipe, designs=True)

    def lows(self, summaries: FloatArray, confidence: float = 0.9, single: bool = True) -> Lows:
        """Return the lower ends of `predict` and which designs a search may choose; see `AccuracyModel.lows`."""
        return self.model.lows(summaries, confidence, self.recipe, single, designs=True)

    def bounds(self, side: int, confidence: float) -> tuple[Lower, ...]:
        """Return what bounds the lower ends of many designs at once; see `AccuracyModel.bounds`."""
        return self.model.bounds(side, confidence, self.recipe, designs=True)

    def draw(self, summaries: FloatArray, own: NDArray[np.int64], draws: int, seed: int) -> FloatArray:
        """Draw top-1 jointly; see `dsim.accuracy.draws.draw_top1`."""
        return draw_top1(self.model, summaries, own, draws, seed, self.recipe, designs=True)

    def in_region(self, summaries: FloatArray) -> np.ndarray:
        """Tell which designs a search may move to; the recipe does not matter for it."""
        return self.model.in_region(summaries)


def model_for(text: str, px: int) -> ForDesigns:
    """Return the accuracy model for designs and the recipe that a text asks for; empty for the reference recipe."""
    return ForDesigns(load_accuracy_model(), read_recipe(text, px) if text else None)
