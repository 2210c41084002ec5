"""Pricing: what a fitted account of costs offers, whichever way it was learned."""

from __future__ import annotations

from typing import Protocol

from dsim.graph.graph import Graph
from dsim.latency.features import FloatArray
from dsim.op import Op


class Pricing(Protocol):
    """Turns a graph into an additive vector, and vectors into milliseconds."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the entries of a vector; `dsim.latency.features.COUNTED` come last."""

    def vector(self, op: Op) -> FloatArray:
        """Return the vector (F,) of one kernel."""

    def total(self, run: Graph) -> FloatArray:
        """Return the vector (F,) of a graph that the passes have been over: the sum over its kernels."""

    def log_ms(self, phi: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return log milliseconds (N,) and their spread (N,) for vectors (N, F); functions of phi alone."""

    def shares(self, vectors: FloatArray) -> FloatArray:
        """Return each kernel's share (K,) of a network's time for their vectors (K, F); the rest is the fixed time."""

    def arrays(self) -> dict[str, FloatArray]:
        """Return everything learned, by name, for a file."""
