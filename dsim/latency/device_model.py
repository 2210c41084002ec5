"""DeviceModel: what every fitted model of a device answers, whichever way it was learned."""

from __future__ import annotations

from typing import Protocol

from dsim.graph.graph import Graph
from dsim.latency.features import FloatArray
from dsim.latency.records import Identified, LatencyArrays, LatencyEstimate


class DeviceModel(Protocol):
    """Latency on one device, in its reference protocol; documented at `dsim.latency.LatencyModel`."""

    @property
    def device(self) -> str:
        """Name of the profile."""

    @property
    def passes(self) -> tuple[str, ...]:
        """Graph passes that the device's runtime does."""

    @property
    def low_px(self) -> int:
        """Smallest input side measured."""

    @property
    def high_px(self) -> int:
        """Largest input side measured."""

    @property
    def batch(self) -> int:
        """Images in the run that is priced."""

    @property
    def per_image(self) -> bool:
        """Whether prices are of one image, whatever the batch: throughput."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the entries of a vector."""

    @property
    def choices(self) -> tuple[Identified, ...]:
        """What is identified and what not."""

    @property
    def identified(self) -> dict[str, Identified]:
        """The same by choice."""

    def featurise(self, graph: Graph) -> FloatArray:
        """Return a graph's vector (F,); vectors of pieces add up to the vector of the whole."""

    def price(self, phi: FloatArray, confidence: float = 0.9, sided: str = "central") -> LatencyArrays:
        """Price vectors (N, F)."""

    def p_cliff(self, phi: FloatArray) -> FloatArray:
        """Return the chance (N,) that a network leaves the accelerator."""

    def p_fits(self, phi: FloatArray, budget_ms: float) -> FloatArray:
        """Return the chance (N,) that a new measurement stays within the budget, cliffs included."""

    def estimate(self, graph: Graph, confidence: float = 0.9) -> LatencyEstimate:
        """Estimate one network, kernel by kernel."""
