"""Pricing: what a learner learned. See `dsim.latency.learner` for how it fits together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from dsim.graph.graph import Graph
from dsim.latency.features import FloatArray
from dsim.latency.kernel import Kernel, Placed
from dsim.latency.networks import Network
from dsim.latency.seen import Seen

LOOSE = 1e-5  # share of itself by which a quick price may be off


class Pricing(Protocol):
    """What was learned: graphs to kernels, kernels to additive vectors, vectors to milliseconds."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the entries of a vector."""

    @property
    def least(self) -> str:
        """What a kernel without evidence counts as, in words that follow ``counted``."""

    def kernels(self, graph: Graph, passes: tuple[str, ...]) -> tuple[Placed, ...]:
        """Return the kernels that run for a graph."""

    def vectors(self, kernels: Sequence[Kernel]) -> FloatArray:
        """Return the vectors (K, F) of kernels."""

    def network_vectors(self, networks: Sequence[Network]) -> FloatArray:
        """Return the vectors (N, F) of measured networks, of which much is known already."""

    def log_ms(self, phi: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return log milliseconds (N,) and their spread (N,) for vectors (N, F); functions of phi alone."""

    def shares(self, vectors: FloatArray) -> FloatArray:
        """Return each kernel's share (K,) of a network's time for their vectors (K, F); the rest is the fixed time."""

    def stand_in(self, kernel: Kernel, seen: Seen) -> tuple[Kernel, bool]:
        """Return what is priced in place of a kernel without evidence, and whether that has evidence."""


@runtime_checkable
class QuickPricing(Protocol):
    """A pricing that says nearly the same sooner."""

    def quick_log_ms(self, phi: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return what `Pricing.log_ms` does, off by up to `LOOSE`."""
