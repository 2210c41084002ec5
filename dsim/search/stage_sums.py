"""What changing one stage of a design costs and gains, and which changes of all four stages their sums say are best.

Stages are nearly independent: what four changes cost and gain together is nearly the sum of what each does alone. So sums choose which
designs are scored whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dsim.search.options import Options
from dsim.search.score import POINTS, Marks
from dsim.search.table import Floats

Designs = NDArray[np.int64]  # (N, stages), the numbers of their options
KEPT = 16  # options of a stage whose sums are looked at, for each price of time
SCORED = 1024  # designs that are scored whole, for each price of time
SPARE = 0.01  # logarithm of the budget that a sum leaves, for it is off by more than rounding
_SMALL, _LARGE = 0.02, 0.3  # changes of the logarithm of time from which the price of time is told
_LEAST_PRICE = 0.5  # points of top-1 for e times the milliseconds
_OVER = 3.0  # prices of time that what a sum misses the budget by costs


class Marking(Protocol):
    """Returns the marks of joined rows (N, F + S)."""

    def __call__(self, rows: Floats) -> Marks:
        """Mark them."""


@dataclass(frozen=True)
class StageSums:
    """Changes of one stage of a design.

    Attributes
    ----------
    gains
        For each stage (N,), points of pessimistic top-1 by option, the other stages left as they are.
    costs
        The same for the logarithm of the milliseconds needed.
    room
        Logarithm of the budget over what the design needs.
    """

    gains: tuple[Floats, ...]
    costs: tuple[Floats, ...]
    room: float

    def promising(self) -> Designs:
        """Return the designs whose sums are best at three prices of time, each once."""
        return np.unique(np.concatenate([self._of_price(price) for price in self._prices()]), axis=0)

    def with_each_option(self) -> Designs:
        """Return for each option of each stage the best design by sums that has it and fits, each once."""
        fronts = [
            _front(np.arange(len(gain))[:, None], gain, cost)
            for gain, cost in zip(self.gains, self.costs, strict=True)
        ]
        found = []
        for stage, cost in enumerate(self.costs):
            rest = _sum_of([one for n, one in enumerate(fronts) if n != stage])
            at = np.searchsorted(rest.cost, self.room - SPARE - cost, side="right") - 1
            some = np.flatnonzero(at >= 0)
            found.append(np.insert(rest.designs[at[some]], stage, some, axis=1))
        return np.unique(np.concatenate(found), axis=0)

    def _prices(self) -> tuple[float, ...]:
        """Return what time is worth here: the most that more of it buys, the least that less of it costs, and what lies between."""
        gain, cost = np.concatenate(self.gains), np.concatenate(self.costs)
        more, less = (cost > _SMALL) & (cost < _LARGE), (cost < -_SMALL) & (cost > -_LARGE)
        buys = float(np.max(gain[more] / cost[more], initial=_LEAST_PRICE))
        saves = max(float(np.min(gain[less] / cost[less], initial=POINTS)), _LEAST_PRICE)
        return tuple(sorted({buys, saves, float(np.sqrt(buys * saves))}))

    def _of_price(self, price: float) -> Designs:
        kept = [
            np.argsort(price * cost - gain, kind="stable")[:KEPT]
            for gain, cost in zip(self.gains, self.costs, strict=True)
        ]
        gain = _sums([own[some] for own, some in zip(self.gains, kept, strict=True)])
        over = _sums([own[some] for own, some in zip(self.costs, kept, strict=True)]) - self.room
        worth = gain - _OVER * price * np.maximum(over, 0.0)
        best = np.argsort(-worth, kind="stable")[:SCORED]
        places = np.unravel_index(best, [len(some) for some in kept])
        return np.stack([some[at] for some, at in zip(kept, places, strict=True)], axis=1)


def stage_sums(options: Options, chosen: Sequence[int], mark: Marking, budget_ms: float) -> StageSums:
    """Mark all changes of one stage.

    Parameters
    ----------
    options
        All designs of a kind.
    chosen
        The design, as the numbers of its options.
    mark
        Marks joined rows.
    budget_ms
        That designs must keep to.
    """
    here = mark(options.rows(np.array([chosen])))
    least = float(_log_needs(here, budget_ms)[0])
    gains, costs = [], []
    for stage in range(len(options.stages)):
        marks = mark(options.around(chosen, stage))
        gains.append(np.where(marks.in_region, marks.top1_low - here.top1_low[0], -POINTS))
        costs.append(_log_needs(marks, budget_ms) - least)
    return StageSums(tuple(gains), tuple(costs), -least)


def _log_needs(marks: Marks, budget_ms: float) -> Floats:
    """Return the logarithm (N,) of what designs need, in budgets; where no budget is enough, of a thousand."""
    return np.log(np.where(np.isfinite(marks.needs_ms), marks.needs_ms / budget_ms, 1e3))


@dataclass(frozen=True)
class _Front:
    """Designs, or parts of designs, that no other beats in both gain and cost: cost rises, and so does gain."""

    designs: Designs
    gain: Floats
    cost: Floats


def _front(designs: Designs, gain: Floats, cost: Floats) -> _Front:
    order = np.lexsort((-gain, cost))
    best = np.maximum.accumulate(gain[order])
    kept = order[gain[order] > np.concatenate([[-np.inf], best[:-1]])]
    return _Front(designs[kept], gain[kept], cost[kept])


def _sum_of(fronts: Sequence[_Front]) -> _Front:
    """Return the front of the sums of one entry of each."""
    total = fronts[0]
    for other in fronts[1:]:
        a, b = (one.reshape(-1) for one in np.indices((len(total.gain), len(other.gain))))
        designs = np.concatenate([total.designs[a], other.designs[b]], axis=1)
        total = _front(designs, total.gain[a] + other.gain[b], total.cost[a] + other.cost[b])
    return total


def _sums(parts: Sequence[Floats]) -> Floats:
    """Return the sums of one entry of each part; the last part's entries change quickest."""
    total = parts[0]
    for part in parts[1:]:
        total = np.add.outer(total, part)
    return total.reshape(-1)
