"""The learning rate of every step: it rises for a while, and is down at the end, however long the run is."""

from __future__ import annotations

import math

WARM_UP = 0.05  # of the steps
MOST_WARM_UP = 500


def learning_rate(step: int, steps: int, peak: float) -> float:
    """Return the learning rate of step 0 to ``steps`` - 1: a line up, then half a cosine down to about 0."""
    warm = min(MOST_WARM_UP, math.ceil(WARM_UP * steps))
    if step < warm:
        return peak * (step + 1) / warm
    return peak * 0.5 * (1 + math.cos(math.pi * (step - warm + 1) / max(steps - warm, 1)))
