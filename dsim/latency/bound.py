"""The incomplete estimate of a network in which some kernel has no price."""

from __future__ import annotations

import math

from dsim.latency.features import FloatArray
from dsim.latency.records import LatencyArrays


def ends(whole: LatencyArrays, priced: LatencyArrays | None, complete: bool) -> tuple[float, float, float]:
    """Return the milliseconds of one network and the ends of its interval.

    Parameters
    ----------
    whole
        (1,) prices of all kernels; those without evidence count as the least that any kernel does.
    priced
        (1,) prices without those; None where there are none, or none but those.
    complete
        Whether every kernel has a price. Else a network takes at least what a part of it takes, and nobody knows how
        much more, so that the interval has no upper end. What the part takes is an estimate itself, and no bound.
    """
    parts = [(float(one.latency_ms[0]), float(one.low_ms[0])) for one in (whole, priced) if one is not None]
    high = float(whole.high_ms[0]) if complete else math.inf
    return max(ms for ms, _ in parts), max(low for _, low in parts), high


def without_negative(vectors: FloatArray, unpriced: list[bool], ms: FloatArray) -> FloatArray:
    """Return vectors (K, F) with those of unpriced kernels (K) that would take less than nothing, by ``ms`` (K,), zero."""
    out = vectors.copy()
    out[[bad and part < 0.0 for bad, part in zip(unpriced, ms, strict=True)]] = 0.0
    return out
