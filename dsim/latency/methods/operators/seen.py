"""Which kernels were timed, and at what sizes: how well a price is covered."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dsim.latency.features import priced_macs
from dsim.latency.methods.operators.describe import class_of, numbers
from dsim.latency.methods.operators.kernel import Kernel
from dsim.latency.records import Evidence
from dsim.op import OpKind

MARGIN = math.log(1.25)  # sizes a quarter beyond what was timed still count as inside


@lru_cache(maxsize=65536)
def fingerprint(kernel: Kernel) -> int:
    """Return 63 bits that stand for a kernel: its kind and everything that its price is learned from."""
    text = f"{kernel.op.label}|{kernel.op.activation}|{numbers(kernel)}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


@lru_cache(maxsize=65536)
def group_of(kernel: Kernel) -> str:
    """Return the class that sizes are compared in; ops without a class of their own go by their names."""
    kind = class_of(kernel.op)
    label = kernel.op.label if kind in ("other", "elementwise", "activation", "norm", "layout") else kind
    side = getattr(kernel.op.attrs, "kernel", None) if kernel.op.kind is OpKind.CONV2D else None
    return f"{label}|{side[0] if side else ''}|{kernel.op.activation or ''}"


def size_of(kernel: Kernel) -> float:
    """Return the log of MACs, or of elements moved where there are none."""
    return math.log(max(priced_macs(kernel.op), kernel.op.elements_read + kernel.op.elements_written, 1))


@dataclass(frozen=True)
class Seen:
    """Kernels timed.

    Attributes
    ----------
    marks
        Sorted fingerprints (K,).
    groups
        Names (C,) of groups; ``low``, ``high`` (C,) their log sizes, ``families`` (C,) in how many families.
    """

    marks: NDArray[np.int64]
    groups: tuple[str, ...]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    families: NDArray[np.int64]

    def of(self, kernel: Kernel) -> Evidence:
        """Tell how well one kernel is covered."""
        group = group_of(kernel)
        if group not in self.groups:
            label, _, activation = group.split("|")
            kind_known = any(name.startswith(f"{label}|") for name in self.groups)
            activation_known = any(name.endswith(f"|{activation}") for name in self.groups)
            return Evidence.EXTRAPOLATED if kind_known and activation_known else Evidence.UNSUPPORTED
        mark = fingerprint(kernel)
        at = int(np.searchsorted(self.marks, mark))
        if at < len(self.marks) and self.marks[at] == mark:
            return Evidence.MEASURED
        index = self.groups.index(group)
        size = size_of(kernel)
        inside = self.low[index] - MARGIN <= size <= self.high[index] + MARGIN
        return Evidence.INTERPOLATED if inside and self.families[index] > 1 else Evidence.EXTRAPOLATED


def see(kernels: Sequence[Kernel], families: Sequence[str]) -> Seen:
    """Collect what is seen in timed kernels (N) of families (N)."""
    sizes: dict[str, list[float]] = {}
    holders: dict[str, set[str]] = {}
    for kernel, family in zip(kernels, families, strict=True):
        group = group_of(kernel)
        sizes.setdefault(group, []).append(size_of(kernel))
        holders.setdefault(group, set()).add(family)
    names = tuple(sorted(sizes))
    return Seen(
        np.array(sorted({fingerprint(kernel) for kernel in kernels}), dtype=np.int64),
        names,
        np.array([min(sizes[name]) for name in names]),
        np.array([max(sizes[name]) for name in names]),
        np.array([len(holders[name]) for name in names], dtype=np.int64),
    )
