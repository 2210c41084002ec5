"""What rounding hides: a figure that a source rounded to a step may lie anywhere within half a step.

Its error is close to uniform, with variance step^2 / 12 (Bennett, Spectra of quantized signals, 1948; Widrow and Kollar,
Quantization Noise, 2008), and is taken in logarithms, as all errors here are. It widens the spread that a fit expects of the
figure, so that a network of 2 ms in whole milliseconds says little and one of 200 ms as much as any other.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dsim.device.profile import Measurement
from dsim.latency.features import FloatArray

LEAST = 0.25  # of a figure: where half a step takes all of it, at least so much stays below


def rounding_spread(rows: Sequence[Measurement]) -> FloatArray:
    """Return the log-spread (N,) that rounding adds to figures, 0 for those that were not rounded.

    Examples
    --------
    A figure of 2 ms in whole milliseconds lies between 1.5 and 2.5: log(2.5 / 1.5) / sqrt(12) = 0.147.
    """
    ms = np.array([row.latency_ms for row in rows], dtype=np.float64)
    half = np.array([row.rounded_to_ms or 0.0 for row in rows], dtype=np.float64) / 2.0
    return np.asarray(np.log((ms + half) / np.maximum(ms - half, LEAST * ms)) / np.sqrt(12.0))


def widened(spread: float | FloatArray, rounding: FloatArray) -> float | FloatArray:
    """Return a spread with that of rounding (N,) beside it; as it is where nothing was rounded."""
    return np.hypot(spread, rounding) if rounding.any() else spread
