"""Sweep mixes side by side, and say of each what the study remembers of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dsim.arch import Arch
from dsim.rounding import RELATIVE, steps
from dsim.search.explore import explore_all
from dsim.search.grid import Grid
from dsim.search.mix import Mix, choices_of
from dsim.search.record import Finished, Swept
from dsim.search.score import POINTS, Marks, Scorer
from dsim.search.spec import StudySpec

MOST_OVER = 1000.0  # budgets by which a mix misses one at most: for some designs none is enough
Starts = tuple[tuple[int, ...], ...]


def sweep_mixes(
    mixes: Sequence[tuple[Mix, Starts]], scorer: Scorer, spec: StudySpec, presets: Mapping[str, Arch]
) -> list[tuple[Finished, str]]:
    """Sweep mixes side by side, each from points to begin with; the best design of each is said in words."""
    grids = [Grid(spec.space, mix, scorer.table) for mix, _ in mixes]
    starts = [
        [*(point for arch in presets.values() if (point := grid.locate(arch)) is not None), *known]
        for (_, known), grid in zip(mixes, grids, strict=True)
    ]
    found = []
    # one stream per mix: what a mix gives does not depend on what is swept beside it
    for (mix, _), grid, one in zip(mixes, grids, explore_all(grids, scorer, spec.seed, starts), strict=True):
        over = _over(one.best, spec.budget_ms)
        swept = Swept(one.points.tolist(), one.fastest.tolist(), one.designs)
        top1 = _digits(float(one.best.top1_low[0]), POINTS)
        finished = Finished(choices_of(spec.space, mix), swept, top1, _digits(over, spec.budget_ms))
        found.append((finished, grid.words(swept.points[0])))
    return found


def _over(best: Marks, budget_ms: float) -> float:
    """Return by how many milliseconds the best design of a mix misses the budget, for the sampler to sort mixes by."""
    over = min(float(best.needs_ms[0]) - budget_ms, MOST_OVER * budget_ms)
    # a design outside the accuracy model's region cannot be chosen, however fast it is
    return over if best.in_region[0] else max(over, budget_ms)


def _digits(value: float, scale: float) -> float:
    """Round a value to the digits that mean something: the sampler sorts mixes by it, and ties must stay ties."""
    return float(steps(np.array(value), scale)) * RELATIVE * scale
