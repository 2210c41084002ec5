"""From kernels to a network: what runs beside the kernels, learned from networks timed from end to end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from dsim.latency.features import FloatArray

ROUNDS = 12
FLOOR = 0.02


@dataclass(frozen=True)
class Whole:
    """``fixed_ms`` + ``scale`` x the kernels' time + ``start_ms`` x the number of kernels."""

    fixed_ms: float
    scale: float
    start_ms: float

    def ms(self, kernels_ms: FloatArray, launches: FloatArray) -> FloatArray:
        """Give a network's milliseconds (N,) from its kernels' (N,) and their number (N,)."""
        return self.fixed_ms + self.scale * kernels_ms + self.start_ms * launches


ALONE = Whole(0.0, 1.0, 0.0)


def fit_whole(
    kernels_ms: FloatArray, launches: FloatArray, measured_ms: FloatArray, weight: FloatArray
) -> Whole:
    """Fit to networks (N,), relative errors counting, by non-negative and robust least squares.

    Where no network was timed, the kernels' sum stands as it is.
    """
    if not len(measured_ms):
        return ALONE
    columns = np.stack([np.ones(len(measured_ms)), kernels_ms, launches], axis=1) / measured_ms[:, None]
    scale = np.sqrt(weight)
    found = np.array([0.0, 1.0, 0.0])
    for _ in range(ROUNDS):
        found, _ = nnls(columns * scale[:, None], scale)
        scale = np.sqrt(weight / np.maximum(np.abs(columns @ found - 1.0), FLOOR))
    return Whole(*(float(value) for value in found))
