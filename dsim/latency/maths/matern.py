"""The Matern 3/2 kernel (Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, section 4.2)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsim.latency.features import FloatArray

Floats = NDArray[np.floating[Any]]


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


class MaternSum:
    """Weighted sums of the kernel at known places, arranged for many thousand other places.

    All that does not depend on the other place is worked out once, so that one matrix product gives squared distances.

    Parameters
    ----------
    places, weights, length
        Places (N, Q) with their weights (N,), and ``length`` as for `matern`.
    single
        Whether in single precision, which is twice as fast. Each kernel is then off by some 1e-7, in either direction.
    """

    def __init__(self, places: FloatArray, weights: FloatArray, length: float, single: bool = False) -> None:
        self._kind: type[np.floating[Any]] = np.float32 if single else np.float64
        # from the middle of all places, squares are small, and so is their rounding
        self._middle, self._length = places.mean(0), length
        known = (places - self._middle) / length
        lifted = np.vstack([-2.0 * known.T, np.ones(len(known)), (known**2).sum(1)])
        self._lifted: Floats = lifted.astype(self._kind)
        self._weights: Floats = weights.astype(self._kind)

    def at(self, there: FloatArray) -> FloatArray:
        """Return the sums (M,) at places (M, Q); some hundred at once stay in the cache."""
        lifted = np.ones((len(there), there.shape[1] + 2), self._kind)
        coordinates = lifted[:, :-2]
        coordinates[:] = (there - self._middle) / self._length
        np.einsum("mq,mq->m", coordinates, coordinates, out=lifted[:, -2])
        distance = lifted @ self._lifted  # so far its square
        np.maximum(distance, 0.0, out=distance)
        np.sqrt(distance, out=distance)
        fading = -distance
        np.exp(fading, out=fading)
        sums = fading @ self._weights
        distance *= fading
        sums += distance @ self._weights
        return sums.astype(np.float64)
