"""Which kernels the evidence has seen, and at what sizes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsim.latency.features import priced_macs, work
from dsim.latency.records import Evidence
from dsim.op import Op, OpKind
from dsim.records import changed_fields


def fingerprint(op: Op) -> int:
    """Return 63 bits that stand for an op's kind, attributes, shapes and fused activation."""
    shapes = [s.shape for s in (*op.inputs, *op.outputs)]
    attrs = changed_fields(op.attrs)
    if op.kind is OpKind.UNKNOWN:
        attrs.pop("macs", None)  # what a rule counts does not make it another kernel
    text = f"{op.label}|{sorted(attrs.items())}|{op.activation}|{shapes}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def kind_of(op: Op) -> str:
    """Return the class that sizes are compared in: class of start, kernel side, activation."""
    side = getattr(op.attrs, "kernel", None)
    return f"{work(op).start}|{side[0] if side else ''}|{op.activation or ''}"


def size_of(op: Op) -> float:
    """Return the log of MACs, or of elements moved where there are none."""
    return float(np.log(max(priced_macs(op), op.elements_read + op.elements_written, 1)))


@dataclass(frozen=True)
class Coverage:
    """Kernels seen.

    Attributes
    ----------
    seen
        Sorted fingerprints (K,) of kernels in measured networks.
    kinds
        Names (C,) of classes; ``low``, ``high`` (C,) their log sizes, ``families`` (C,) how many families hold them.
    """

    seen: NDArray[np.int64]
    kinds: tuple[str, ...]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    families: NDArray[np.int64]

    def of(self, op: Op) -> Evidence:
        """Tell how well one kernel is covered."""
        mark = fingerprint(op)
        at = int(np.searchsorted(self.seen, mark))
        if at < len(self.seen) and self.seen[at] == mark:
            return Evidence.ATTRIBUTED
        if op.kind is OpKind.UNKNOWN and work(op).start:
            return Evidence.UNSUPPORTED
        index = self._index.get(kind_of(op))
        if index is None:
            # the same kernel without its activation or at another kernel side says something still
            start = kind_of(op).split("|")[0]
            known = any(name.startswith(f"{start}|") for name in self.kinds)
            activation_known = op.activation is None or any(
                name.endswith(f"|{op.activation}") for name in self.kinds
            )
            return Evidence.EXTRAPOLATED if known and activation_known else Evidence.UNSUPPORTED
        inside = self.low[index] <= size_of(op) <= self.high[index]
        return Evidence.INTERPOLATED if inside and self.families[index] > 1 else Evidence.EXTRAPOLATED

    @property
    def _index(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.kinds)}


Kinds = tuple[frozenset[int], tuple[tuple[str, float, float], ...]]


def kinds_in(ops: Iterable[Op]) -> Kinds:
    """Return the fingerprints of kernels, and (class, smallest, largest log size) of each class among them."""
    sizes: dict[str, tuple[float, float]] = {}
    unique = set(ops)
    for op in unique:
        name, size = kind_of(op), size_of(op)
        low, high = sizes.get(name, (size, size))
        sizes[name] = (min(low, size), max(high, size))
    return frozenset(fingerprint(op) for op in unique), tuple((k, *v) for k, v in sorted(sizes.items()))


def cover(networks: Iterable[tuple[str, Kinds]]) -> Coverage:
    """Collect what is seen in (family, kernels by kind) of measured networks."""
    seen: set[int] = set()
    sizes: dict[str, tuple[float, float, set[str]]] = {}
    for family, (prints, kinds) in networks:
        seen |= prints
        for name, small, large in kinds:
            low, high, families = sizes.get(name, (small, large, set()))
            sizes[name] = (min(low, small), max(high, large), families | {family})
    names = tuple(sorted(sizes))
    return Coverage(
        np.array(sorted(seen), dtype=np.int64),
        names,
        np.array([sizes[k][0] for k in names]),
        np.array([sizes[k][1] for k in names]),
        np.array([len(sizes[k][2]) for k in names], dtype=np.int64),
    )
