"""Which kernels the evidence has seen, and at what sizes: how well a price is covered."""

from __future__ import annotations

import hashlib
import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from dsim.latency.features import priced_macs, work
from dsim.latency.kernel import Kernel
from dsim.latency.records import Basis
from dsim.op import Op, OpKind
from dsim.records import changed_fields

Kinds = tuple[frozenset[int], tuple[tuple[str, float, float], ...]]


def digest(text: str) -> int:
    """Return 63 bits that stand for a text."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def size_of(op: Op) -> float:
    """Return the log of MACs, or of elements moved where there are none."""
    return math.log(max(priced_macs(op), op.elements_read + op.elements_written, 1))


@dataclass(frozen=True)
class Seen(ABC):
    """Kernels seen.

    Attributes
    ----------
    marks
        Sorted fingerprints (K,) of kernels.
    kinds
        Names (C,) of the kinds that sizes are compared in: ``operator|kernel side|activation``.
    low, high, families
        (C,) their log sizes, and in how many families they were.
    """

    marks: NDArray[np.int64]
    kinds: tuple[str, ...]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    families: NDArray[np.int64]
    exact: ClassVar[Basis]  # what the price of a kernel with a known mark rests on
    margin: ClassVar[float] = 0.0  # how far beyond the sizes seen, in logarithms, still counts as inside

    @staticmethod
    @abstractmethod
    def mark(kernel: Kernel) -> int:
        """Return 63 bits that stand for a kernel."""

    @staticmethod
    @abstractmethod
    def kind(kernel: Kernel) -> str:
        """Return the kind that a kernel's size is compared in."""

    @staticmethod
    def named(kernel: Kernel) -> bool:
        """Tell whether a kernel may be priced by others of its kind."""
        del kernel
        return True

    def of(self, kernel: Kernel) -> Basis:
        """Tell how well one kernel is covered."""
        mark = self.mark(kernel)
        at = int(np.searchsorted(self.marks, mark))
        if at < len(self.marks) and self.marks[at] == mark:
            return self.exact
        if not self.named(kernel):
            return Basis.UNSUPPORTED
        kind = self.kind(kernel)
        index = self._index.get(kind)
        if index is None:
            return Basis.UNSUPPORTED if self.unknown_kind(kind) else Basis.EXTRAPOLATED
        inside = self.low[index] - self.margin <= size_of(kernel.op) <= self.high[index] + self.margin
        return Basis.INTERPOLATED if inside and self.families[index] > 1 else Basis.EXTRAPOLATED

    def unknown_kind(self, kind: str) -> bool:
        """Tell whether nothing that was seen says anything of a kind."""
        if kind in self._index:
            return False
        # the same operator at another kernel side, or with another activation that is known, says something still
        label, _, activation = kind.split("|")
        known = any(name.startswith(f"{label}|") for name in self.kinds)
        activation_known = not activation or any(name.endswith(f"|{activation}") for name in self.kinds)
        return not (known and activation_known)

    @cached_property
    def _index(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.kinds)}

    @classmethod
    def collect(cls, networks: Iterable[tuple[str, Kinds]]) -> Self:
        """Collect what is seen in (family, kernels by kind) of measured networks."""
        seen: set[int] = set()
        sizes: dict[str, tuple[float, float, set[str]]] = {}
        for family, (marks, kinds) in networks:
            seen |= marks
            for name, small, large in kinds:
                low, high, families = sizes.get(name, (small, large, set()))
                families.add(family)
                sizes[name] = (min(low, small), max(high, large), families)
        names = tuple(sorted(sizes))
        return cls(
            np.array(sorted(seen), dtype=np.int64),
            names,
            np.array([sizes[name][0] for name in names]),
            np.array([sizes[name][1] for name in names]),
            np.array([len(sizes[name][2]) for name in names], dtype=np.int64),
        )

    @classmethod
    def kinds_in(cls, kernels: Iterable[Kernel]) -> Kinds:
        """Return the marks of kernels, and (kind, smallest, largest log size) of each kind among them."""
        sizes: dict[str, tuple[float, float]] = {}
        unique = set(kernels)
        for kernel in unique:
            name, size = cls.kind(kernel), size_of(kernel.op)
            low, high = sizes.get(name, (size, size))
            sizes[name] = (min(low, size), max(high, size))
        return frozenset(cls.mark(one) for one in unique), tuple((k, *v) for k, v in sorted(sizes.items()))


@dataclass(frozen=True)
class SeenInNetworks(Seen):
    """Kernels of networks that were timed as wholes: their part of the time is the model's."""

    exact: ClassVar[Basis] = Basis.ATTRIBUTED

    @staticmethod
    def mark(kernel: Kernel) -> int:
        """Return 63 bits that stand for an op's kind, attributes, shapes and fused activation."""
        op = kernel.op
        shapes = [s.shape for s in (*op.inputs, *op.outputs)]
        attrs = changed_fields(op.attrs)
        if op.kind is OpKind.UNKNOWN:
            attrs.pop("macs", None)  # what a rule counts does not make it another kernel
        return digest(f"{op.label}|{sorted(attrs.items())}|{op.activation}|{shapes}")

    @staticmethod
    def kind(kernel: Kernel) -> str:
        """Return the class of start, kernel side and activation."""
        side = getattr(kernel.op.attrs, "kernel", None)
        return f"{work(kernel.op).start}|{side[0] if side else ''}|{kernel.op.activation or ''}"

    @staticmethod
    def named(kernel: Kernel) -> bool:
        """Tell whether an op is one of dsim's, or takes no time: other ones of no name are not alike."""
        return kernel.op.kind is not OpKind.UNKNOWN or not work(kernel.op).start
