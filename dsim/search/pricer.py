"""What a search needs of a latency model, and what designs are sorted by: quickly, and exactly near the budget."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from dsim.latency.pricing import LOOSE
from dsim.search.table import Floats, Latencies


class LatencyArrays(Protocol):
    """Latency of N designs in milliseconds."""

    @property
    def latency_ms(self) -> Floats:
        """The estimate, (N,)."""

    @property
    def low_ms(self) -> Floats:
        """Lower end of the central interval, (N,)."""

    @property
    def high_ms(self) -> Floats:
        """Upper end of the central interval, (N,)."""

    @property
    def needs_ms(self) -> Floats:
        """The smallest budget (N,) that a new measurement keeps to with the chance asked for, cliffs included; infinite where none is enough."""


class LatencyPricer(Latencies, Protocol):
    """A latency model that prices feature vectors."""

    def price(self, phi: Floats, confidence: float = 0.9, chance: float | None = None) -> LatencyArrays:
        """Return latency, central interval and needed budget of each row of ``phi`` (N, F); ``chance`` of fitting is ``confidence`` if left out."""

    def p_cliff(self, phi: Floats) -> Floats:
        """Return the chance (N,) that a network leaves the accelerator."""

    def p_fits(self, phi: Floats, budget_ms: float) -> Floats:
        """Return the one-sided chance (N,) that a new measurement is within the budget, cliffs included."""


@runtime_checkable
class QuickPricer(Protocol):
    """A latency model that has the figures which designs are sorted by sooner than all others."""

    def needs(self, phi: Floats, chance: float, *, single: bool = True) -> tuple[Floats, Floats]:
        """Return estimate and needed budget of ``phi`` (N, F); in single precision off by up to `LOOSE` of themselves."""


def needs_of(
    latency: LatencyPricer, phi: Floats, chance: float, near_ms: float | None = None
) -> tuple[Floats, Floats]:
    """Return estimate and needed budget (N,) of designs.

    Parameters
    ----------
    latency
        The model.
    phi, chance
        Vectors (N, F), and the chance of fitting that is asked for.
    near_ms
        Budget near which they are exact, and elsewhere off by up to `LOOSE` where that is quicker; exact everywhere where it is None.
    """
    if not isinstance(latency, QuickPricer):
        plain = latency.price(phi, chance)
        return plain.latency_ms, plain.needs_ms
    if near_ms is None:
        return latency.needs(phi, chance, single=False)
    latency_ms, needs_ms = latency.needs(phi, chance)
    near = np.abs(needs_ms - near_ms) <= 2.0 * LOOSE * near_ms
    if near.any():
        latency_ms[near], needs_ms[near] = latency.needs(phi[near], chance, single=False)
    return latency_ms, needs_ms
