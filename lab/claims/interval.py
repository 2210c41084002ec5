"""Interval: a figure and its 90% interval by resampling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.9
RESAMPLES = 4000
SEED = 0

Counts = NDArray[np.intp]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """A figure, and the ends of its interval, here of 90%; where too few values are there, the ends are nan."""

    middle: float
    low: float
    high: float

    def words(self, digits: int = 2, sign: bool = False) -> str:
        """Return ``0.51 (0.40 to 0.60)``."""
        form = f"{'+' if sign else ''}.{digits}f"
        return f"{self.middle:{form}} ({self.low:{form}} to {self.high:{form}})"

    @property
    def above_zero(self) -> bool:
        """Whether all of it lies above zero."""
        return self.low > 0


def resampled(count: int, statistic: Callable[[Counts], Values]) -> Interval:
    """Return a statistic of all of ``count`` things and its interval over bootstrap samples of them.

    Parameters
    ----------
    statistic
        Takes how often each thing is in a sample, one row a sample, and returns a figure for each row. Where that is not
        finite, as with one thing alone, the sample does not count.
    """
    samples = np.random.default_rng(SEED).multinomial(count, np.full(count, 1 / count), RESAMPLES)
    values = statistic(samples)
    values = values[np.isfinite(values)]
    middle = float(statistic(np.ones((1, count), dtype=np.intp))[0])
    if len(values) < RESAMPLES / 2:
        return Interval(middle, np.nan, np.nan)
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(middle, float(low), float(high))


def mean_interval(values: Sequence[float]) -> Interval:
    """Return the mean and its interval."""
    array = np.asarray(values, dtype=float)
    return resampled(len(array), lambda counts: np.asarray(counts @ array / len(array)))
