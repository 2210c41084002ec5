"""The Matern 3/2 kernel (Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, section 4.2)."""

from __future__ import annotations

import numpy as np

from dsim.latency.features import FloatArray


def matern(a: FloatArray, b: FloatArray, length: float) -> FloatArray:
    """Return the correlation (A, B) of values at places (A, Q) and (B, Q), ``length`` being the reach over the square root of 3."""
    distance: FloatArray = (a**2).sum(1)[:, None] + (b**2).sum(1)[None, :]
    distance -= (
        2.0 * a @ b.T
    )  # so far its square; written over itself, for fresh memory costs as much as the sum
    np.maximum(distance, 0.0, out=distance)
    np.sqrt(distance, out=distance)
    distance /= length
    fading = np.exp(-distance)
    distance += 1.0
    distance *= fading
    return distance
