"""Time several networks in turns until the quiet latency of each is known well enough.

Neighbours on a machine only ever slow a run down, for seconds at a time. The lower decile of runs that are spread over
some time (the median of the quickest fifth of them) is what a network takes while nothing else runs. On a shared server it
repeats to 0.5%, where medians of the same runs differ by 1.5 to 3.4% (docs/measuring.md). Runs that another process of the
same system took the core from are told by their processor time, and kept apart.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TypeVar

import numpy as np

Key = TypeVar("Key", bound=Hashable)
QUICK = 0.1  # quantile of the runs: the quiet latency
TAIL = 0.95  # quantile of the runs that a user waits for now and then
WARM_UP = 3
BLOCK = 4  # runs in a row: in the first one the caches still hold what ran before
LEAST, MOST = 40, 400  # runs
NARROW = 0.01  # half the width of the interval of the quiet latency, as a share of it
BUSY = 0.04  # the same, beyond which a figure is not to be trusted
BUSY_MEDIAN = 1.4  # median over quiet latency, likewise
MOST_DISTURBED = 4  # disturbed runs for each undisturbed one, likewise
OUTLIER = 1.5  # times the median
ON_CORE = 0.97  # processor time over time, below which something else had the core


@dataclass(frozen=True)
class Timing:
    """Timed runs of one network.

    Attributes
    ----------
    undisturbed_ms
        Milliseconds of every undisturbed run after the warm-up, in order, outliers included.
    disturbed_ms
        Milliseconds of those during which something else had the core.
    turns
        The turn of each undisturbed run: runs of one turn, of whatever network, were taken within seconds.
    """

    undisturbed_ms: tuple[float, ...]
    disturbed_ms: tuple[float, ...] = ()
    turns: tuple[int, ...] = ()

    @property
    def samples_ms(self) -> tuple[float, ...]:
        """The runs that figures are taken from: the undisturbed ones, or all where there are none."""
        return self.undisturbed_ms or self.disturbed_ms

    @property
    def latency_ms(self) -> float:
        """Quiet latency."""
        return float(np.quantile(self.samples_ms, QUICK))

    @property
    def median_ms(self) -> float:
        """Median of the runs."""
        return float(np.median(self.samples_ms))

    @property
    def p95_ms(self) -> float:
        """95th percentile of all runs, those included during which something else had the core."""
        return float(np.quantile((*self.undisturbed_ms, *self.disturbed_ms), TAIL))

    @property
    def error_ms(self) -> float:
        """Half the width of the 95% interval of the quiet latency."""
        return half_width(self.samples_ms)

    @property
    def outliers(self) -> int:
        """Runs that took more than OUTLIER times the median; they are counted, and left out of the figures."""
        return sum(sample > OUTLIER * self.median_ms for sample in self.samples_ms)

    @property
    def is_busy(self) -> bool:
        """True where the runs differ so much that the quiet latency is not known."""
        if len(self.disturbed_ms) > MOST_DISTURBED * len(self.undisturbed_ms):
            return True
        unsure = self.error_ms > BUSY * self.latency_ms
        return unsure or self.median_ms > BUSY_MEDIAN * self.latency_ms


def half_width(samples: Sequence[float], quantile: float = QUICK) -> float:
    """Return half the width of a quantile's 95% interval: the order statistics next to nq -+ 1.96 sqrt(nq(1 - q)).

    Source: Conover, Practical Nonparametric Statistics, 3rd edition, section 3.2 (the binomial's normal approximation).
    """
    ordered = np.sort(samples)
    n = len(ordered)
    reach = 1.96 * np.sqrt(n * quantile * (1.0 - quantile))
    low, high = (int(np.clip(round(n * quantile + side * reach), 0, n - 1)) for side in (-1, 1))
    return float(ordered[high] - ordered[low]) / 2.0


def time_in_turns(
    runs: Mapping[Key, Callable[[], object]],
    seconds: float,
    clock: Callable[[], float] = time.perf_counter,
    core: Callable[[], float] = time.process_time,
    off_core: Collection[Key] = (),
    least: int = LEAST,
) -> dict[Key, Timing]:
    """Time runs in turns, so that what slows the machine down for a while slows all of them.

    Parameters
    ----------
    runs
        By name.
    seconds
        For all of them together, beyond ``least`` runs each. It ends before when all are known well enough (NARROW).
    clock, core
        Give seconds, and seconds of this process's processor time.
    off_core
        Names of runs that wait for another processor: their processor time tells nothing.
    least
        Runs of each, however long they take.
    """
    for run in runs.values():
        for _ in range(WARM_UP):
            run()
    clean: dict[Key, list[float]] = {name: [] for name in runs}
    disturbed: dict[Key, list[float]] = {name: [] for name in runs}
    turns: dict[Key, list[int]] = {name: [] for name in runs}
    end = clock() + seconds
    for turn in count():
        for name, run in runs.items():
            for _ in range(BLOCK):
                start, start_core = clock(), core()
                run()
                took, on_core = clock() - start, core() - start_core
                kept = name in off_core or on_core >= ON_CORE * took
                (clean if kept else disturbed)[name].append(took * 1e3)
                if kept:
                    turns[name].append(turn)
        if _done(clean, disturbed, clock() > end, least):
            break
    return {
        name: Timing(tuple(own), tuple(disturbed[name]), tuple(turns[name])) for name, own in clean.items()
    }


def _done(
    clean: Mapping[Key, Sequence[float]], disturbed: Mapping[Key, Sequence[float]], late: bool, least: int
) -> bool:
    every = min((len(own) + len(disturbed[name]) for name, own in clean.items()), default=MOST)
    if every < least:
        return False
    known = all(
        len(own) >= least and half_width(own) < NARROW * float(np.quantile(own, QUICK))
        for own in clean.values()
    )
    return late or known or every >= MOST


def steady_ms(runs: Mapping[Key, Sequence[float]]) -> dict[Key, float]:
    """Return what operators take in the quickest quarter of runs, by the runs' totals.

    Parameters
    ----------
    runs
        Milliseconds in each run, by operator; all of one length.
    """
    table = np.array(list(runs.values()))
    if not table.size:
        return {}
    quickest = np.argsort(table.sum(0), kind="stable")[: max(1, -(-table.shape[1] // 4))]
    return dict(zip(runs, (float(value) for value in np.median(table[:, quickest], axis=1)), strict=True))
