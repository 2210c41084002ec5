"""Pictures of two marks far apart on a striped ground, and two rules for their class: one needs attention, one does not.

A picture of 96 px is grey noise with fine stripes all over, which lie across or stand upright, a mark near its left edge and one
near its right edge, at heights of their own. Each mark is light or dark, and the stripes lie or stand, by the toss of a coin each.
The rules see the same pictures:

``relation``
    The class says whether both marks are alike. Neither mark by itself says anything about it.
``local``
    The class says whether the stripes stand upright, which every small piece of the picture shows.

Blocks that mix no positions see what their stem and the strided convolutions between stages bring together: 63 px at the last
stage, around 0, 32 and 64. No such window holds pixels of both marks, even where training shifts the picture by 12 px. What
such a network says is then a sum of what it finds on the left and on the right, and by no sum can one tell alike from unlike
better than by a coin: relation needs attention.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PX = 96
WIDE, HIGH = (
    12,
    48,
)  # of a mark; with marks of a quarter of this, learning the relation took four times as long, or failed
LEFT, RIGHT = 8, PX - 8 - WIDE  # first columns of the marks
TOP, BOTTOM = 12, PX - 12 - HIGH  # between these a mark begins
NOISE, CONTRAST = 10.0, 90.0
STRIPE, DEPTH = 2, 20.0  # px of a light or a dark stripe, and how far it is from grey


class Rule(StrEnum):
    """What decides the class."""

    RELATION = "relation"
    LOCAL = "local"


@dataclass(frozen=True)
class Drawn:
    """What the coins said of one picture: 1 where the left mark is light, the right one is, the stripes stand upright."""

    left: int
    right: int
    upright: int


def picture(rng: np.random.Generator) -> tuple[NDArray[np.uint8], Drawn]:
    """Draw one picture (px, px)."""
    values = 128 + NOISE * rng.standard_normal((PX, PX))
    drawn = Drawn(*(int(coin) for coin in rng.integers(2, size=3)))
    phase = int(rng.integers(2 * STRIPE))
    stripes = DEPTH * np.where((np.arange(PX) + phase) // STRIPE % 2, 1.0, -1.0)
    values += stripes[None, :] if drawn.upright else stripes[:, None]
    for light, column in ((drawn.left, LEFT), (drawn.right, RIGHT)):
        row = int(rng.integers(TOP, BOTTOM + 1))
        values[row : row + HIGH, column : column + WIDE] += CONTRAST if light else -CONTRAST
    return values.clip(0, 255).astype(np.uint8), drawn


def class_of(rule: Rule, drawn: Drawn) -> int:
    """Return the class of a picture under a rule."""
    return int(drawn.left == drawn.right) if rule is Rule.RELATION else drawn.upright


def write_pictures(folder: Path, rule: Rule, count: int, seed: int) -> Path:
    """Write a folder of class folders; one seed gives the same pictures under either rule."""
    rng = np.random.default_rng(seed)
    for label in range(2):
        (folder / f"class-{label}").mkdir(parents=True, exist_ok=True)
    for number in range(count):
        values, drawn = picture(rng)
        Image.fromarray(values).save(
            folder / f"class-{class_of(rule, drawn)}" / f"{number}.png", compress_level=1
        )
    return folder
