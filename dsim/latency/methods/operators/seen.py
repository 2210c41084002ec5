"""Which kernels were timed, and at what sizes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from dsim.latency.kernel import Kernel
from dsim.latency.methods.operators.describe import class_of, numbers
from dsim.latency.records import Basis
from dsim.latency.seen import Seen, digest
from dsim.op import OpKind


@lru_cache(maxsize=65536)
def fingerprint(kernel: Kernel) -> int:
    """Return 63 bits that stand for a kernel: its kind and everything that its price is learned from."""
    return digest(f"{kernel.op.label}|{kernel.op.activation}|{numbers(kernel)}")


@lru_cache(maxsize=65536)
def group_of(kernel: Kernel) -> str:
    """Return the class that sizes are compared in; ops without a class of their own go by their names."""
    kind = class_of(kernel.op)
    label = kernel.op.label if kind in ("other", "elementwise", "activation", "norm", "layout") else kind
    side = getattr(kernel.op.attrs, "kernel", None) if kernel.op.kind is OpKind.CONV2D else None
    return f"{label}|{side[0] if side else ''}|{kernel.op.activation or ''}"


@dataclass(frozen=True)
class Timed(Seen):
    """Kernels timed by themselves."""

    exact: ClassVar[Basis] = Basis.MEASURED
    margin: ClassVar[float] = math.log(1.25)  # sizes a quarter beyond what was timed still count as inside
    mark = staticmethod(fingerprint)
    kind = staticmethod(group_of)


def see(kernels: Sequence[Kernel], families: Sequence[str]) -> Timed:
    """Collect what is seen in timed kernels (N) of families (N)."""
    by_family: dict[str, list[Kernel]] = {}
    for kernel, family in zip(kernels, families, strict=True):
        by_family.setdefault(family, []).append(kernel)
    return Timed.collect((family, Timed.kinds_in(own)) for family, own in by_family.items())
