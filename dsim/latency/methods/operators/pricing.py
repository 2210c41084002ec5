"""OperatorPricing: prices of kernels that were timed one by one, and what networks take beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dsim.graph.graph import Graph
from dsim.latency.features import FloatArray
from dsim.latency.kernel import Kernel, Placed
from dsim.latency.methods.operators.links import Links, place, run_graph
from dsim.latency.methods.operators.prices import KernelPrices
from dsim.latency.methods.operators.seen import Timed
from dsim.latency.methods.operators.vectors import (
    BASE_SPREAD,
    COLUMNS,
    log_ms,
    shares_ms,
    vectors_of,
    whole_ms,
)
from dsim.latency.methods.operators.whole import Whole
from dsim.latency.networks import Network
from dsim.latency.seen import Seen


@dataclass(frozen=True)
class OperatorPricing:
    """What is learned of one device from its operators.

    Attributes
    ----------
    links
        What the runtime links into the kernel before.
    prices
        Of kernels.
    timed
        Which kernels they were learned from.
    whole
        What a network takes beside its kernels.
    fallen
        Kinds of operator that a vector says the presence of, for they left the accelerator (`dsim.latency.methods.operators.fallen`).
    """

    links: Links
    prices: KernelPrices
    timed: Timed
    whole: Whole
    fallen: tuple[str, ...] = ()
    least: ClassVar[str] = "at the fastest rates learned"

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the entries of a vector."""
        return (*COLUMNS, *(f"n_{kind}" for kind in self.fallen))

    def kernels(self, graph: Graph, passes: tuple[str, ...]) -> tuple[Placed, ...]:
        """Return the kernels that run for a graph."""
        return place(run_graph(graph, passes), self.links)

    def vectors(self, kernels: Sequence[Kernel]) -> FloatArray:
        """Return the vectors (K, F) of kernels."""
        own = vectors_of(self.prices, self.timed, kernels)
        if not self.fallen:
            return own
        held = [
            [kind in (str(one.op.kind), str(one.op.activation)) for kind in self.fallen] for one in kernels
        ]
        return np.hstack([own, np.array(held, dtype=np.float64).reshape(len(own), -1)])

    def networks(self, parts: Sequence[tuple[Kernel, ...]]) -> FloatArray:
        """Return the vectors (M, F) of networks, each a tuple of kernels."""
        every = self.vectors([kernel for one in parts for kernel in one])
        ends = np.cumsum([len(one) for one in parts])
        return np.array([part.sum(0) for part in np.split(every, ends[:-1])])

    def network_vectors(self, networks: Sequence[Network]) -> FloatArray:
        """Return the vectors (N, F) of measured networks."""
        return self.networks(
            [tuple(placed.kernel for placed in self.kernels(one.graph, one.passes)) for one in networks]
        )

    def log_ms(self, phi: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return log milliseconds (N,) and their spread (N,) for vectors (N, F)."""
        return log_ms(phi, self.whole)

    def shares(self, vectors: FloatArray) -> FloatArray:
        """Return each kernel's share (K,) of a network's time for their vectors (K, F); the rest is the fixed time."""
        whole = whole_ms(vectors.sum(0)[None, :], self.whole)[0]
        return np.asarray(shares_ms(vectors, self.whole) / whole)

    def least_ms(self, vectors: FloatArray) -> tuple[FloatArray, float]:
        """Return what pieces (K,) of a network take, and what it takes beside them: prices add up (`dsim.latency.sums`)."""
        return shares_ms(vectors, self.whole), self.whole.fixed_ms

    @property
    def least_spread(self) -> float:
        """What no network's spread is below."""
        return BASE_SPREAD

    def wide_ms(self, vectors: FloatArray, there: FloatArray) -> tuple[FloatArray, float]:
        """Return the same of its milliseconds times what its spread is above the least: here no more than 0 is known."""
        del there
        return np.zeros(len(vectors)), 0.0

    def stand_in(self, kernel: Kernel, seen: Seen) -> tuple[Kernel, bool]:
        """Return a kernel without evidence as it is: its vector counts it at the fastest rates."""
        del seen
        return kernel, False
