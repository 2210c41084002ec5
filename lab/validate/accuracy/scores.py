"""Figures that say how far predictions are off: typed records, computed one way everywhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from dsim.accuracy.summary import FloatArray

PENALTY = 20.0  # 2 / (1 - 0.9): what makes the interval of 5% and 95% the best one


@dataclass(frozen=True, slots=True)
class Scores:
    """Held-out error of a set of results.

    Attributes
    ----------
    rows
        How many results.
    mean_absolute, median_absolute, bias
        Points of top-1; bias is predicted less published.
    spearman
        Rank correlation of predicted and published.
    coverage
        Share of results inside their 90% interval, in [0, 1].
    width
        Median width of the interval in points.
    interval_score
        Winkler's, of 90% intervals: mean of the width and 20 times what a result lies beyond an end, in points.
    """

    rows: int
    mean_absolute: float
    median_absolute: float
    bias: float
    spearman: float
    coverage: float
    width: float
    interval_score: float


def score(published: FloatArray, predicted: FloatArray, low: FloatArray, high: FloatArray) -> Scores:
    """Compare predictions with published figures; all arrays have shape (N,), N at least 1."""
    misses = predicted - published
    beyond = np.maximum(low - published, 0.0) + np.maximum(published - high, 0.0)
    ranks = float(spearmanr(predicted, published)[0]) if len(published) > 1 else float("nan")
    return Scores(
        rows=len(published),
        mean_absolute=float(np.abs(misses).mean()),
        median_absolute=float(np.median(np.abs(misses))),
        bias=float(misses.mean()),
        spearman=ranks,
        coverage=float(((published >= low) & (published <= high)).mean()),
        width=float(np.median(high - low)),
        interval_score=float((high - low + PENALTY * beyond).mean()),
    )


def clustered_interval(hits: FloatArray, groups: tuple[str, ...], level: float = 0.9) -> tuple[float, float]:
    """Return a confidence interval of a share, by resampling whole groups (1,000 fixed draws).

    Parameters
    ----------
    hits
        Shape (N,) of 0 and 1.
    groups
        Length N; results of one group stand or fall together.
    """
    labels = np.asarray(groups)
    names = sorted(set(groups))
    counts = np.array([(labels == name).sum() for name in names], dtype=np.float64)
    sums = np.array([hits[labels == name].sum() for name in names], dtype=np.float64)
    draws = np.random.default_rng(0).integers(len(names), size=(1000, len(names)))
    shares = sums[draws].sum(1) / counts[draws].sum(1)
    low, high = np.quantile(shares, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
