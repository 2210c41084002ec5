"""Prices of kernels that were never timed by themselves, but inside networks timed as wholes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from dsim.attrs import NoAttrs
from dsim.graph.graph import Graph
from dsim.latency.features import FloatArray, kernels
from dsim.latency.kernel import Kernel, Placed
from dsim.latency.records import Basis
from dsim.latency.seen import Seen
from dsim.op import Op, OpKind


class InNetworks(ABC):
    """The part of a pricing that is the same wherever every op that the passes leave is one kernel."""

    least: ClassVar[str] = "as writing its output and no more"

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """Names of the entries of a vector."""

    @abstractmethod
    def vector(self, op: Op) -> FloatArray:
        """Return the vector (F,) of one kernel."""

    def kernels(self, graph: Graph, passes: tuple[str, ...]) -> tuple[Placed, ...]:
        """Return the kernels that run for a graph."""
        run = kernels(graph, passes)
        return tuple(Placed(Kernel(node.op), node.scope, (n,)) for n, node in enumerate(run.nodes))

    def vectors(self, kernels: Sequence[Kernel]) -> FloatArray:
        """Return the vectors (K, F) of kernels."""
        return np.array([self.vector(kernel.op) for kernel in kernels]).reshape(-1, len(self.columns))

    def stand_in(self, kernel: Kernel, seen: Seen) -> tuple[Kernel, bool]:
        """Return the kernel without its activation where that was seen, else the cheapest one that writes its output."""
        op = kernel.op
        if op.activation is not None:
            plain = Kernel(Op(op.kind, op.attrs, op.inputs, op.outputs))
            if seen.of(plain) is not Basis.UNSUPPORTED:
                return plain, True
        return Kernel(Op(OpKind.RELU, NoAttrs(), op.outputs[:1], op.outputs[:1])), False
