"""The Pareto front of two numbers: what nothing beats that costs no more."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def unbeaten(cost: Floats, gain: Floats) -> NDArray[np.int64]:
    """Return the places of those (N,) that gain more than every one that costs less or as much, the cheapest first.

    Of equals in both, the first stands for all.
    """
    order = np.lexsort((-gain, cost))
    before = np.concatenate(([-np.inf], np.maximum.accumulate(gain[order])[:-1]))
    return np.asarray(order[gain[order] > before], dtype=np.int64)
