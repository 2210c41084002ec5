"""Proposals: what a search claims under a budget, and what the same design is claimed to reach at another recipe."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum

from dsim.accuracy.model import AccuracyArrays, AccuracyModel
from dsim.accuracy.recipe import REFERENCE, Recipe
from dsim.arch import Arch
from dsim.latency.model import DeviceModel
from dsim.search.identified import keep_identified
from dsim.search.judge import judge
from dsim.search.score import Scorer
from dsim.search.space import Space
from dsim.search.spec import StudySpec
from dsim.search.study import search_mixes
from dsim.search.table import CostTable, Floats
from lab.claims.fits_by import FitsByFigure

BINDING = 0.9  # a choice that uses less than this share of the budget was not held back by it
_NAN = math.nan


class FitsBy(StrEnum):
    """What must fit the budget: the chance of a study, the upper end of the latency interval, or the estimate itself."""

    CHANCE = "chance"
    UPPER = "upper"
    ESTIMATE = "estimate"


FIGURES = {FitsBy.CHANCE: "needs_ms", FitsBy.UPPER: "high_ms", FitsBy.ESTIMATE: "latency_ms"}


@dataclass(frozen=True)
class Bounds:
    """What bounds every search: confidence, mixes, seed, and the space before a device's evidence narrows it."""

    confidence: float = 0.9
    trials: int = 40
    seed: int = 0
    space: Space = field(default_factory=Space)


@dataclass(frozen=True)
class Proposal:
    """A design and what is claimed of it.

    Attributes
    ----------
    latency_ms, low_ms, high_ms
        Predicted latency and its interval.
    top1, top1_low, top1_high
        Predicted top-1 in percent at the reference recipe, which is what a study shows.
    alike, alike_low, alike_high
        The same at the recipe of the network that it is compared with; nan where that is unknown.
    binding
        False where the search left more than a tenth of the budget unused: the network then costs more than what the
        search may make, and the comparison is none.
    """

    arch: Arch
    latency_ms: float
    low_ms: float
    high_ms: float
    top1: float
    top1_low: float
    top1_high: float
    alike: float
    alike_low: float
    alike_high: float
    binding: bool


class Proposer:
    """Searches one device under many budgets; what one search priced, the next need not."""

    def __init__(self, device: str, latency: DeviceModel, accuracy: AccuracyModel, bounds: Bounds) -> None:
        self._device, self._latency, self._accuracy, self._bounds = device, latency, accuracy, bounds
        self._space, _ = keep_identified(bounds.space, latency.identified)
        self._table = CostTable(latency, accuracy)
        self._fastest_ms: dict[
            FitsBy, float
        ] = {}  # what a search for the fastest came to, by what must fit the budget

    def propose(self, budget_ms: float, held: FitsBy, recipe: Recipe | None) -> Proposal | None:
        """Return the most accurate design (by the lower end) within a budget, None where nothing fits.

        Parameters
        ----------
        budget_ms
            Milliseconds.
        held
            What must hold it.
        recipe
            Of the network that the design is compared with.
        """
        if budget_ms < self._fastest_ms.get(held, 0.0):
            return None
        bounds = self._bounds
        pricer = self._latency if held is FitsBy.CHANCE else FitsByFigure(self._latency, FIGURES[held])
        spec = StudySpec(
            self._device, budget_ms, bounds.confidence, bounds.trials, seed=bounds.seed, space=self._space
        )
        scorer = Scorer(pricer, self._accuracy, self._table, budget_ms, bounds.confidence)
        found = search_mixes(spec, scorer, "reality")
        if found.cost.interrupted:
            raise KeyboardInterrupt
        if found.chosen is None:
            # where nothing fits, a search goes for the fastest: no smaller budget has to be searched again
            self._fastest_ms[held] = found.fastest.needs_ms
            return None
        plain = Scorer(self._latency, self._accuracy, self._table, budget_ms, bounds.confidence)
        chosen = judge(found.chosen.arch, plain)
        alike = self.top1_of(self._table.cut(self._table.whole(chosen.arch)).summary, recipe)
        used = getattr(chosen, FIGURES[held])
        return Proposal(
            chosen.arch,
            chosen.latency_ms,
            chosen.low_ms,
            chosen.high_ms,
            chosen.top1,
            chosen.top1_low,
            chosen.top1_high,
            *alike,
            used >= BINDING * budget_ms,
        )

    def top1_of(self, summary: Floats, recipe: Recipe | None) -> tuple[float, float, float]:
        """Return top-1 and its interval of a summary (S,) at a recipe, three times nan where the recipe is unknown."""
        if recipe is None:
            return _NAN, _NAN, _NAN
        asked = Recipe(recipe.epochs, recipe.teacher, recipe.augment, REFERENCE.train_resolution)
        answer: AccuracyArrays = self._accuracy.predict(summary[None], self._bounds.confidence, asked)
        return float(answer.top1[0]), float(answer.low[0]), float(answer.high[0])
