"""What held-out predictions score: errors, rank correlation, clustered coverage."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dsim.latency.features import FloatArray

BOOTSTRAPS = 2000


@dataclass(frozen=True, slots=True)
class Held:
    """One network on one phone, predicted without its family.

    Attributes
    ----------
    device, graph, family
        Profile, ``name@resolution``, family.
    measured_ms, predicted_ms, low_ms, high_ms
        Median of the figures; estimate and 90% interval, in the reference protocol.
    cliff
        Evidence that it left the accelerator, else empty.
    band
        ``inside`` the profile's resolutions, ``512 px`` or ``other``.
    complete
        False where the network holds a kernel that no other family's evidence knows: the estimate is incomplete then.
    """

    device: str
    graph: str
    family: str
    measured_ms: float
    predicted_ms: float
    low_ms: float
    high_ms: float
    cliff: str
    band: str
    complete: bool = True

    @property
    def error(self) -> float:
        """Predicted over measured, minus 1."""
        return self.predicted_ms / self.measured_ms - 1.0

    @property
    def interval_score(self) -> float:
        """Winkler's score of the 90% interval in logarithms: its width, and 20 times what the figure lies beyond an end."""
        low, high, at = np.log([self.low_ms, self.high_ms, self.measured_ms])
        return float(high - low + 20.0 * (max(low - at, 0.0) + max(at - high, 0.0)))

    @property
    def covered(self) -> bool:
        """Whether the interval holds the figure."""
        return self.low_ms <= self.measured_ms <= self.high_ms


@dataclass(frozen=True, slots=True)
class Score:
    """Errors of several networks, in percent; ``width`` is the median of high over low."""

    networks: int
    families: int
    mean: float
    median: float
    within_10: float
    within_20: float
    spearman: float
    coverage: float
    width: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """Share (percent) of networks inside their 90% interval, with a 95% interval from bootstraps of families."""

    networks: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class HeldContrast:
    """A published pair against its prediction by a model that saw neither family nor the pair."""

    device: str
    choice: str
    what: str
    measured_ratio: float
    predicted_ratio: float


def score(networks: list[Held]) -> Score:
    """Score networks; percent."""
    error = np.abs([n.error for n in networks]) * 100.0
    measured, predicted = (
        np.array([getattr(n, k) for n in networks]) for k in ("measured_ms", "predicted_ms")
    )
    return Score(
        len(networks),
        len({n.family for n in networks}),
        float(error.mean()),
        float(np.median(error)),
        float(np.mean(error <= 10.0) * 100.0),
        float(np.mean(error <= 20.0) * 100.0),
        spearman(measured, predicted),
        float(np.mean([n.covered for n in networks]) * 100.0),
        float(np.median([n.high_ms / n.low_ms for n in networks])),
    )


def spearman(a: FloatArray, b: FloatArray) -> float:
    """Return the rank correlation of two arrays (N,), with ties at their mean rank; nan below three."""
    if len(a) < 3:
        return float("nan")
    from scipy.stats import (
        spearmanr,  # deferred: it takes half a second to load, and a prediction needs no score
    )

    return float(spearmanr(a, b).statistic)


def coverage(networks: list[Held]) -> Coverage:
    """Return the share inside the interval, with a 95% interval over families drawn with replacement."""
    return shares_by_family([one.family for one in networks], [one.covered for one in networks])


def shares_by_family(families: Sequence[str], hits: Sequence[bool]) -> Coverage:
    """Return the share of hits (N,), with a 95% interval over families (N,) drawn with replacement."""
    by_family: dict[str, list[bool]] = defaultdict(list)
    for family, hit in zip(families, hits, strict=True):
        by_family[family].append(hit)
    found = np.array([sum(v) for v in by_family.values()])
    sizes = np.array([len(v) for v in by_family.values()])
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(found), size=(BOOTSTRAPS, len(found)))
    shares = found[drawn].sum(1) / sizes[drawn].sum(1) * 100.0
    low, high = (float(v) for v in np.quantile(shares, (0.025, 0.975)))
    return Coverage(int(sizes.sum()), float(found.sum() / sizes.sum() * 100.0), low, high)
