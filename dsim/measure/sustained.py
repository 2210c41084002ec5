"""Sustained latency: what a run takes when the device has run a network for some time without a pause.

A device that gets hot slows down. After the warm-up the network runs back to back for a stated time, and the figure is the median of
the runs in the last quarter of it. No other network takes turns with it, and nothing is left out.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

LAST = 0.25  # of the time: the part that the figure is taken from
LEAST = 8  # runs, however long they take
STATED = "median of the last quarter"


class Sustained(NamedTuple):
    """The figure in milliseconds, and for how many seconds the network was to run."""

    ms: float
    seconds: float


def sustained(
    run: Callable[[], object], seconds: float, clock: Callable[[], float] = time.perf_counter
) -> Sustained:
    """Run a network back to back for some seconds, at least LEAST times, and return its sustained latency."""
    ended: list[float] = []
    took: list[float] = []
    begin = clock()
    while not ended or ended[-1] < seconds or len(took) < LEAST:
        start = clock()
        run()
        end = clock()
        took.append((end - start) * 1e3)
        ended.append(end - begin)
    last = np.array(ended) > (1.0 - LAST) * ended[-1]
    return Sustained(float(np.median(np.array(took)[last])), seconds)
