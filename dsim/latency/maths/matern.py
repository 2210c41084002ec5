"""The Matern 3/2 kernel (Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, section 4.2)."""

from __future__ import annotations

import numpy as np

from dsim.latency.features import FloatArray


def matern(a: FloatArray, b: FloatArray, length: float) -> FloatArray:
    """Return the correlation (A, B) of values at places (A, Q) and (B, Q), ``length`` being the reach over the square root of 3."""
    square = (a**2).sum(1)[:, None] + (b**2).sum(1)[None, :] - 2.0 * a @ b.T
    distance = np.sqrt(np.maximum(square, 0.0)) / length
    return np.asarray((1.0 + distance) * np.exp(-distance))
