"""Kernels timed as they are: their own time says more of them than what a forest says of kernels like them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsim.latency.features import FloatArray
from dsim.latency.kernel import Kernel
from dsim.latency.methods.operators.seen import fingerprint

# How many rows the forest's price counts as. A forest's leaf holds rows of other kernels, and next to nothing weighs a row
# without time: transposes that a runtime compiled away in every network were priced at a tenth of a millisecond
FOREST_ROWS = 3.0


@dataclass(frozen=True)
class Known:
    """What was timed.

    Attributes
    ----------
    marks
        Sorted fingerprints (K,).
    ms, rows
        (K,) the mean of their milliseconds, and over how many rows.
    """

    marks: NDArray[np.int64]
    ms: FloatArray
    rows: FloatArray

    def blend(self, kernels: Sequence[Kernel], priced_ms: FloatArray) -> FloatArray:
        """Return milliseconds (N, members) of kernels (N): the mean of what was timed and of the forest's (N, members)."""
        marks = np.array([fingerprint(kernel) for kernel in kernels], dtype=np.int64)
        at = np.minimum(np.searchsorted(self.marks, marks), len(self.marks) - 1)
        rows = np.where(self.marks[at] == marks, self.rows[at], 0.0)[:, None]
        out: FloatArray = (rows * self.ms[at][:, None] + FOREST_ROWS * priced_ms) / (rows + FOREST_ROWS)
        return out


def know(kernels: Sequence[Kernel], ms: FloatArray) -> Known:
    """Collect timed kernels (N) with their milliseconds (N,)."""
    rows: dict[int, list[int]] = defaultdict(list)
    for n, kernel in enumerate(kernels):
        rows[fingerprint(kernel)].append(n)
    marks = sorted(rows)
    return Known(
        np.array(marks, dtype=np.int64),
        np.array([ms[rows[mark]].mean() for mark in marks]),
        np.array([float(len(rows[mark])) for mark in marks]),
    )
