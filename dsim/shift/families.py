"""Draws and halves of families that are the same on every device: what makes comparisons paired.

A family's lot depends on its name, the seed and the number of the draw alone, so that two profiles that both measured it
count it equally often in one draw.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np


def _of(seed: int, draw: int, family: str, what: int) -> np.random.Generator:
    return np.random.default_rng([seed, draw, what, zlib.crc32(family.encode())])


def times_drawn(seed: int, draw: int) -> Callable[[str], int]:
    """Return how often each family counts in one draw: Poisson with mean one, a bootstrap that needs no common list.

    Source: N. Oza and S. Russell, Online bagging and boosting, 2001, for the limit of drawing with replacement.
    """
    return lambda family: int(_of(seed, draw, family, 0).poisson(1.0))


def in_half(seed: int, split: int, half: int) -> Callable[[str], bool]:
    """Return which families belong to one half (0 or 1) of a split."""
    return lambda family: int(_of(seed, split, family, 1).integers(2)) == half


def once_in_half(seed: int, split: int, half: int) -> Callable[[str], int]:
    """Return the same as a count: 1 for families of the half, 0 for the others."""
    chosen = in_half(seed, split, half)
    return lambda family: int(chosen(family))
