"""How well a profile that was measured here predicts: designs never learned from, designs a search chose, families held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dsim.device.find import find_profile
from dsim.device.profile import CHECK, SEARCHED
from dsim.latency.checked import checked_networks
from dsim.latency.families import DESIGN
from dsim.latency.scoring import Held, spearman

LEAST = 5  # networks to score


@dataclass(frozen=True)
class Scores:
    """Predictions of some networks against what was measured; all but the number is None where they are fewer than five.

    Attributes
    ----------
    networks
        How many.
    median_percent
        Median of the absolute relative error.
    within_5_percent, within_10_percent
        Shares of the networks whose error is at most that, in percent.
    spearman
        Rank correlation.
    covered_percent
        Share of the networks inside their 90% interval.
    in_budget_percent
        Share that fits the budget of the search that chose them; None where no network had a budget.
    """

    networks: int
    median_percent: float | None = None
    within_5_percent: float | None = None
    within_10_percent: float | None = None
    spearman: float | None = None
    covered_percent: float | None = None
    in_budget_percent: float | None = None


def split_networks(name: str, held: Sequence[Held]) -> dict[str, tuple[Held, ...]]:
    """Return what a measured profile is judged by, in three parts, by what they are."""
    return {
        "designs never learned from": checked_networks(name, CHECK),
        "designs that a search chose": checked_networks(name, SEARCHED),
        "reference networks, family held out": tuple(h for h in held if not h.graph.startswith(DESIGN)),
    }


def score(networks: Sequence[Held]) -> Scores:
    """Compare predictions with what was measured."""
    if len(networks) < LEAST:
        return Scores(len(networks))
    fits = _fit_budget(networks)
    error = np.abs([one.error for one in networks]) * 100.0
    measured = np.array([one.measured_ms for one in networks])
    predicted = np.array([one.predicted_ms for one in networks])
    return Scores(
        len(networks),
        float(np.median(error)),
        float(np.mean(error <= 5.0) * 100.0),
        float(np.mean(error <= 10.0) * 100.0),
        float(spearman(measured, predicted)),
        float(np.mean([one.covered for one in networks]) * 100.0),
        float(np.mean(fits) * 100.0) if fits else None,
    )


def _fit_budget(networks: Sequence[Held]) -> list[bool]:
    """Return, for each network that had a budget, whether its measured time is within it."""
    budgets = {
        (device, row.graph): row.budget_ms
        for device in {one.device for one in networks}
        for row in find_profile(device).networks
        if row.budget_ms is not None
    }
    return [
        one.measured_ms <= budgets[one.device, one.graph]
        for one in networks
        if (one.device, one.graph) in budgets
    ]
