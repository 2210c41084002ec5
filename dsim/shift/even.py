"""Where a front rises evenly: top-1 as it is, ranks as deviations of a normal, for they end at 0 and 100 percent."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from dsim.search.table import Floats

_LEAST = 1e-6  # share from an end beyond which a rank counts as there


def to_deviations(ranks: Floats) -> Floats:
    """Return ranks in percent as deviations of a normal."""
    return np.asarray(ndtri(np.clip(ranks / 100.0, _LEAST, 1.0 - _LEAST)))


def to_ranks(deviations: Floats) -> Floats:
    """Return the inverse of `to_deviations`."""
    return np.asarray(100.0 * ndtr(deviations))
