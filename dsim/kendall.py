"""Kendall's tau-b of many samples of two lists at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def taus(one: Floats, other: Floats, counts: NDArray[np.intp]) -> Floats:
    """Return Kendall's tau-b of two lists in each sample; nan where a sample has no order.

    Things that are in a sample twice are ties there, as in any other way of computing it.

    Parameters
    ----------
    one, other
        (N,) values.
    counts
        (S, N) how often each thing is in a sample.
    """
    signs = [np.sign(np.subtract.outer(row, row)) for row in (one, other)]

    def over_pairs(matrix: Floats) -> Floats:
        return np.asarray(((counts @ matrix) * counts).sum(axis=1))

    untied = over_pairs(np.abs(signs[0])) * over_pairs(np.abs(signs[1]))
    with np.errstate(invalid="ignore"):
        return over_pairs(signs[0] * signs[1]) / np.sqrt(untied)
