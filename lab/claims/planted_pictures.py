"""Pictures of two marks far apart, and two rules for their class: what attention is needed for, and what it is not.

A picture is grey noise of 96 px with a mark near its left edge and one near its right edge, at heights of their own. A mark is
light or dark, by the toss of a coin each. The rules see the same pictures:

``relation``
    The class says whether both marks are alike. Neither mark by itself says anything about it.
``local``
    The class says whether the left mark is light.

Blocks that mix no positions see what their stem and the strided convolutions between stages bring together: 63 px at the last
stage, around 0, 32 and 64. No such window holds pixels of both marks, even where training shifts the picture by 12 px. What
such a network says is then a sum of what it finds on the left and on the right, and by no sum can one tell alike from unlike
better than by a coin: relation needs attention.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PX = 96
WIDE, HIGH = 10, 24  # of a mark
LEFT, RIGHT = 8, PX - 8 - WIDE  # first columns of the marks
TOP, BOTTOM = 12, PX - 12 - HIGH  # between these a mark begins
NOISE, CONTRAST = 10.0, 90.0


class Rule(StrEnum):
    """What decides the class."""

    RELATION = "relation"
    LOCAL = "local"


def picture(rng: np.random.Generator) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """Draw one picture (px, px), and what its left and its right mark are: 0 dark, 1 light."""
    values = 128 + NOISE * rng.standard_normal((PX, PX))
    kinds = (int(rng.integers(2)), int(rng.integers(2)))
    for kind, column in zip(kinds, (LEFT, RIGHT), strict=True):
        row = int(rng.integers(TOP, BOTTOM + 1))
        values[row : row + HIGH, column : column + WIDE] += CONTRAST if kind else -CONTRAST
    return values.clip(0, 255).astype(np.uint8), kinds


def class_of(rule: Rule, kinds: tuple[int, int]) -> int:
    """Return the class of a picture under a rule."""
    return int(kinds[0] == kinds[1]) if rule is Rule.RELATION else kinds[0]


def write_pictures(folder: Path, rule: Rule, count: int, seed: int) -> Path:
    """Write a folder of class folders; one seed gives the same pictures under either rule."""
    rng = np.random.default_rng(seed)
    for label in range(2):
        (folder / f"class-{label}").mkdir(parents=True, exist_ok=True)
    for number in range(count):
        values, kinds = picture(rng)
        Image.fromarray(values).save(
            folder / f"class-{class_of(rule, kinds)}" / f"{number}.png", compress_level=1
        )
    return folder
