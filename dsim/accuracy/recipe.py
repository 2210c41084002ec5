"""Recipe: how a network was trained, taken from a cited table and never from the name of a checkpoint."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from enum import StrEnum

from dsim.accuracy.tables import read_rows
from dsim.errors import InvalidValueError, UnknownNameError

RECIPES_FILE = "recipes.csv"


class Teacher(StrEnum):
    """Whose predictions the network also learned from."""

    NONE = "none"
    CONVNET = "convnet"
    TRANSFORMER = "transformer"
    SELF = "self"


class Augment(StrEnum):
    """Basic: crops, flips, colour. Medium: AutoAugment or RandAugment. Strong: those with mixup and CutMix."""

    BASIC = "basic"
    MEDIUM = "medium"
    STRONG = "strong"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network was trained.

    Attributes
    ----------
    epochs
        Passes over ImageNet-1k, or None where no source states them.
    teacher, augment
        See their classes.
    train_resolution
        Side of the training images in pixels, at the end of training.
    key
        Which row of the recipe table this is; networks with one key share what the other fields leave out.
    """

    epochs: int | None
    teacher: Teacher
    augment: Augment
    train_resolution: int
    key: str = ""

    def __post_init__(self) -> None:
        if self.epochs is not None and self.epochs < 1:
            raise InvalidValueError(
                f"epochs must be at least 1, got {self.epochs}; leave it empty where unknown"
            )
        if self.train_resolution < 1:
            raise InvalidValueError(
                f"train_resolution must be positive, got {self.train_resolution}; give pixels"
            )

    @property
    def is_known(self) -> bool:
        """True where a source states the schedule."""
        return self.epochs is not None

    def is_like(self, other: Recipe) -> bool:
        """Tell whether both train alike, at whichever resolution."""
        return (self.epochs, self.teacher, self.augment) == (other.epochs, other.teacher, other.augment)


REFERENCE = Recipe(
    epochs=300, teacher=Teacher.CONVNET, augment=Augment.STRONG, train_resolution=224, key="reference"
)
"""What every prediction is for: 300 epochs, distilled from a convnet, 224 px: EfficientFormer's own recipe. A design of
another resolution is trained and tested there."""


def reference_words(resolution: int) -> str:
    """Say what a prediction for the reference recipe is for, at a resolution in pixels."""
    return f"{REFERENCE.epochs} epochs, distilled, {resolution} px"


@dataclass(frozen=True, slots=True)
class RecipeRow:
    """One row of recipes.csv: which checkpoints, and what was done to them."""

    pattern: str
    tag: str
    epochs: int | None
    teacher: Teacher
    augment: Augment
    citation: str

    def matches(self, network: str, tag: str) -> bool:
        """Tell whether this row describes a checkpoint."""
        return fnmatch.fnmatchcase(network, self.pattern) and fnmatch.fnmatchcase(tag, self.tag)


def load_recipes() -> tuple[RecipeRow, ...]:
    """Read the cited table of recipes; the first row that matches a checkpoint is its recipe."""
    return tuple(
        RecipeRow(
            row["pattern"],
            row["tag"],
            int(row["epochs"]) if row["epochs"] else None,
            Teacher(row["teacher"]),
            Augment(row["augment"]),
            row["citation"],
        )
        for row in read_rows(RECIPES_FILE)
    )


def find_recipe(rows: tuple[RecipeRow, ...], network: str, tag: str, train_resolution: int) -> Recipe:
    """Look a checkpoint's recipe up.

    Raises
    ------
    UnknownNameError
        No row describes the checkpoint.
    """
    for row in rows:
        if row.matches(network, tag):
            key = f"{row.pattern}|{row.tag}"
            return Recipe(row.epochs, row.teacher, row.augment, train_resolution, key)
    raise UnknownNameError(f"no recipe for {network}.{tag}; add a cited row to {RECIPES_FILE}")
