"""Designs that searches on a measured profile choose, to be timed: a search finds where a model is too hopeful."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dsim.arch import Arch
from dsim.device.find import find_profile
from dsim.device.profile import SEARCHED
from dsim.errors import InvalidValueError
from dsim.latency.families import DESIGN
from dsim.measure.planned import Chosen, Planned, planned_design
from dsim.progress import working
from dsim.search.run import search

BUDGETS = 6
MIXES = 24  # swept by a search: enough to optimise against the model, in seconds
FROM, TO = 0.1, 0.9  # quantiles of the measured designs between which budgets lie
CONFIDENCE = 0.9


@dataclass(frozen=True)
class Search:
    """One search to run.

    Attributes
    ----------
    profile, backend
        Name of the profile, and of the backend that it was measured with.
    budget_ms, seed
        What is asked of it.
    """

    profile: str
    backend: str
    budget_ms: float
    seed: int

    def choose(self) -> Arch | None:
        """Run one search and return its design; None where nothing fits."""
        result = search(
            self.profile, self.budget_ms, confidence=CONFIDENCE, trials=MIXES, seed=self.seed, name="searched"
        )
        return result.chosen.arch if result.chosen else None


def budgets_of(profile: str, number: int = BUDGETS) -> tuple[float, ...]:
    """Return budgets in milliseconds that spread over the designs measured in a profile, rounded to three digits.

    Raises
    ------
    UnknownNameError
        There is no such profile.
    InvalidValueError
        No design was measured in it.
    """
    rows = find_profile(profile).networks
    measured = [row.latency_ms for row in rows if row.graph.startswith(DESIGN)]
    if not measured:
        raise InvalidValueError(
            f"budgets come from measured designs, {profile} has none; give it more --time"
        )
    return tuple(float(f"{ms:.3g}") for ms in np.quantile(measured, np.linspace(FROM, TO, number)))


def searches(profiles: Mapping[str, str], seeds: int) -> tuple[Search, ...]:
    """List the searches: BUDGETS budgets with ``seeds`` seeds each, for each profile (``profiles``: by backend)."""
    return tuple(
        Search(profile, backend, budget, seed)
        for backend, profile in profiles.items()
        for budget in budgets_of(profile)
        for seed in range(seeds)
    )


def chosen_designs(wanted: tuple[Search, ...]) -> tuple[Planned, ...]:
    """Run searches, and plan what they chose: each design once, with all who chose it."""
    chosen: dict[Arch, list[Chosen]] = defaultdict(list)
    with working("searching the new profiles", total=len(wanted), unit="searches") as work:
        for one in wanted:
            arch = one.choose()
            if arch is not None:
                chosen[arch].append(Chosen(one.backend, one.budget_ms))
            work.step()
    return tuple(planned_design(arch, SEARCHED, tuple(by)) for arch, by in chosen.items())
