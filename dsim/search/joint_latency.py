"""Latency models of several devices as one, so that the usual search finds one design that fits them all.

Its unit is a share of each device's budget, and of the devices the worst counts: what needs at most 1 fits everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dsim.graph import Graph
from dsim.search.pricer import LatencyArrays, LatencyPricer, needs_of
from dsim.search.table import Floats


@dataclass(frozen=True)
class Shares:
    """Latency of N designs in shares of the budget, on the device where that share is largest; see `LatencyArrays`."""

    latency_ms: Floats
    low_ms: Floats
    high_ms: Floats
    needs_ms: Floats


class JointLatency:
    """The models of several devices, each with its budget in milliseconds."""

    def __init__(self, models: Sequence[LatencyPricer], budgets_ms: Sequence[float]) -> None:
        self._models, self._budgets = tuple(models), tuple(budgets_ms)
        self._lengths: tuple[int, ...] = ()

    def featurise(self, graph: Graph) -> Floats:
        """Return the vectors of all devices, one behind the other."""
        parts = [model.featurise(graph) for model in self._models]
        self._lengths = tuple(len(part) for part in parts)
        return np.concatenate(parts)

    def price(self, phi: Floats, confidence: float = 0.9, chance: float | None = None) -> Shares:
        """Return shares of the budgets for vectors (N, F), the largest of all devices."""
        found = [model.price(part, confidence, chance) for model, part, _ in self._cut(phi)]

        def worst(of: Callable[[LatencyArrays], Floats]) -> Floats:
            shares = [of(one) / budget for one, budget in zip(found, self._budgets, strict=True)]
            return np.asarray(np.maximum.reduce(shares))

        return Shares(
            worst(lambda one: one.latency_ms),
            worst(lambda one: one.low_ms),
            worst(lambda one: one.high_ms),
            worst(lambda one: one.needs_ms),
        )

    def needs(self, phi: Floats, chance: float, *, single: bool = True) -> tuple[Floats, Floats]:
        """Return estimate and needed budget (N,) as `price` does, sooner; see `dsim.search.score.QuickPricer`."""
        found = [
            np.array(needs_of(model, part, chance, ms if single else None)) / ms
            for model, part, ms in self._cut(phi)
        ]
        latency, needs = np.maximum.reduce(found)
        return latency, needs

    def p_cliff(self, phi: Floats) -> Floats:
        """Return the chance (N,) that a network leaves the accelerator, on the device where that is largest."""
        return np.asarray(np.maximum.reduce([model.p_cliff(part) for model, part, _ in self._cut(phi)]))

    def p_fits(self, phi: Floats, budget_ms: float) -> Floats:
        """Return the chance (N,) to fit so large a share of the budget, on the device where that is smallest."""
        chances = [model.p_fits(part, budget_ms * budget) for model, part, budget in self._cut(phi)]
        return np.asarray(np.minimum.reduce(chances))

    def _cut(self, phi: Floats) -> list[tuple[LatencyPricer, Floats, float]]:
        parts = np.split(phi, np.cumsum(self._lengths)[:-1], axis=1)
        return list(zip(self._models, parts, self._budgets, strict=True))
