"""Kernel: one launch on the device, that is an op with what its runtime links into it."""

from __future__ import annotations

from dataclasses import dataclass

from dsim.op import Op


@dataclass(frozen=True, slots=True)
class Kernel:
    """One launch.

    Attributes
    ----------
    op
        The op that gives it its name, with the activation that follows at once.
    joins
        Element-wise ops on two tensors that it carries (a residual connection).
    scales
        Element-wise ops with a constant, norms and later activations that it carries.
    """

    op: Op
    joins: int = 0
    scales: int = 0


@dataclass(frozen=True, slots=True)
class Placed:
    """A kernel, the path of the module that it came from, and the indices of its nodes: its own first, then those linked."""

    kernel: Kernel
    scope: str
    nodes: tuple[int, ...]
