"""Many vectors, priced a block at a time: a block stays in the cache, where whole arrays would take fresh memory each time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dsim.latency.features import FloatArray

BLOCK = 256  # vectors

Priced = tuple[FloatArray, FloatArray]


def in_blocks(price: Callable[[FloatArray], Priced], phi: FloatArray) -> Priced:
    """Return what ``price`` says of vectors (N, F), two arrays (N,); it must say of each vector the same in any company."""
    first, second = np.empty((2, len(phi)))
    for k in range(0, len(phi), BLOCK):
        cut = slice(k, k + BLOCK)
        first[cut], second[cut] = price(phi[cut])
    return first, second
