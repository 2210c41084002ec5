"""The 95th percentile of single runs, from a file that lists them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

LEAST = 20  # runs: among fewer, no one in twenty is slower than the others


def tail_of(samples_ms: Sequence[float]) -> dict[str, float]:
    """Return ``p95_ms``; nothing where the runs are too few."""
    return {"p95_ms": float(np.quantile(samples_ms, 0.95))} if len(samples_ms) >= LEAST else {}
