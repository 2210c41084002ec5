"""Time several networks side by side until their medians are known well enough."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

WARM_UP = 3
LEAST, MOST = 12, 200  # runs
NARROW = 0.01  # half the width of the median's 95% interval, as a share of the median
BUSY = 0.08  # half the spread of the middle half, as a share of the median: beyond it, something else ran
OUTLIER = 1.25  # times the median


@dataclass(frozen=True)
class Timing:
    """Timed runs of one network.

    Attributes
    ----------
    samples_ms
        Milliseconds of every run after the warm-up, in order, outliers included.
    """

    samples_ms: tuple[float, ...]

    @property
    def latency_ms(self) -> float:
        """Median."""
        return float(np.median(self.samples_ms))

    @property
    def error_ms(self) -> float:
        """Half the width of the median's 95% interval, from order statistics."""
        return half_width(self.samples_ms)

    @property
    def outliers(self) -> int:
        """Runs that took more than OUTLIER times the median; they are kept on record and do not move it."""
        return sum(sample > OUTLIER * self.latency_ms for sample in self.samples_ms)

    @property
    def is_busy(self) -> bool:
        """True where the runs lie so far apart that the machine must have done something else beside."""
        low, high = np.quantile(self.samples_ms, [0.25, 0.75])
        return bool((high - low) / 2.0 > BUSY * self.latency_ms)


def half_width(samples: tuple[float, ...]) -> float:
    """Give half the width of the median's 95% interval: the order statistics next to n/2 -+ 0.98 sqrt(n).

    Source: Conover, Practical Nonparametric Statistics, 3rd edition, section 3.2 (the binomial's normal approximation).
    """
    ordered = np.sort(samples)
    n = len(ordered)
    reach = 0.98 * np.sqrt(n)
    low, high = max(0, int(np.floor(n / 2.0 - reach))), min(n - 1, int(np.ceil(n / 2.0 + reach)))
    return float(ordered[high] - ordered[low]) / 2.0


def time_side_by_side(
    runs: Mapping[str, Callable[[], object]],
    seconds: float,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Timing]:
    """Time runs in turns, so that what slows the machine down for a while slows all of them.

    Parameters
    ----------
    runs
        By name. One that is known well enough (NARROW) after LEAST runs is left alone.
    seconds
        For all of them together, beyond LEAST runs each.
    clock
        Gives seconds.
    """
    for run in runs.values():
        for _ in range(WARM_UP):
            run()
    samples: dict[str, list[float]] = {name: [] for name in runs}
    end = clock() + seconds
    open_ = list(runs)
    while open_:
        for name in open_:
            start = clock()
            runs[name]()
            samples[name].append((clock() - start) * 1e3)
        late = clock() > end
        open_ = [name for name in open_ if not _enough(samples[name], late)]
    return {name: Timing(tuple(values)) for name, values in samples.items()}


def _enough(samples: list[float], late: bool) -> bool:
    if len(samples) < LEAST:
        return False
    return late or len(samples) >= MOST or half_width(tuple(samples)) < NARROW * float(np.median(samples))
