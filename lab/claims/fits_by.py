"""Search by another rule than the product's: experiments keep to the rule that they were begun with."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dsim.graph import Graph
from dsim.latency.model import DeviceModel
from dsim.latency.records import LatencyArrays
from dsim.search.table import Floats


@dataclass(frozen=True)
class FitsByFigure:
    """A latency model by which a design fits a budget where one of its figures does, cliffs not counted.

    Attributes
    ----------
    model
        What prices.
    figure
        ``high_ms``, the upper end of the interval, by which studies decided once; or ``latency_ms``, the estimate.
    """

    model: DeviceModel
    figure: str

    def featurise(self, graph: Graph) -> Floats:
        """Return a graph's vector (F,)."""
        return self.model.featurise(graph)

    def price(self, phi: Floats, confidence: float = 0.9, chance: float | None = None) -> LatencyArrays:
        """Price vectors (N, F); what a design needs is its figure, whatever the chance."""
        found = self.model.price(phi, confidence)
        return replace(found, needs_ms=getattr(found, self.figure))

    def p_cliff(self, phi: Floats) -> Floats:
        """Return the chance (N,) that a network leaves the accelerator."""
        return self.model.p_cliff(phi)

    def p_fits(self, phi: Floats, budget_ms: float) -> Floats:
        """Return the chance (N,) that a new measurement is within the budget."""
        return self.model.p_fits(phi, budget_ms)
