"""The true optimum of a space that can be enumerated: what a search is measured against."""

from __future__ import annotations

from dataclasses import dataclass

from dsim.arch import Arch
from dsim.errors import InvalidValueError
from dsim.rounding import steps
from dsim.search.grid import Grid
from dsim.search.mix import all_mixes, count_designs
from dsim.search.score import POINTS, Scorer
from dsim.search.space import Space

MAX_DESIGNS = 20_000_000


@dataclass(frozen=True)
class Optimum:
    """The best feasible design of a whole space, and how many designs were compared.

    ``arch`` is None where nothing fits.
    """

    arch: Arch | None
    top1_low: float
    needs_ms: float
    designs: int


def exact_optimum(space: Space, scorer: Scorer) -> Optimum:
    """Score every design of a space.

    Raises
    ------
    InvalidValueError
        The space holds more than 20 million designs.
    """
    bound = count_designs(space)
    if bound > MAX_DESIGNS:
        raise InvalidValueError(
            f"an exact optimum needs a space of at most {MAX_DESIGNS} designs, got up to {bound}; shorten its rows"
        )
    best, lead = Optimum(None, float("-inf"), float("inf"), 0), (float("inf"), float("inf"))
    designs = 0
    for mix in all_mixes(space):
        grid = Grid(space, mix, scorer.table)
        if grid.is_empty:
            continue
        points = grid.all_points()
        designs += len(points)
        scores = scorer.score(grid.rows(points))
        first = int(scorer.order(scores)[0])
        mark = (
            -float(steps(scores.top1_low[first], POINTS)),
            float(steps(scores.needs_ms[first], scorer.budget_ms)),
        )
        if scorer.feasible(scores)[first] and mark < lead:
            lead = mark
            best = Optimum(
                grid.arch(points[first]), float(scores.top1_low[first]), float(scores.needs_ms[first]), 0
            )
    return Optimum(best.arch, best.top1_low, best.needs_ms, designs)
