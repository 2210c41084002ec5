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
from dsim.unbeaten import unbeaten

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


class Using(Protocol):
    """Returns what marked rows (N, F + S) use of the budget, and of the tightest limit where there is one, as shares (N, K)."""

    def __call__(self, marks: Marks, rows: Floats) -> Floats:
        """Say what they use."""


@dataclass(frozen=True)
class StageSums:
    """Changes of one stage of a design.

    Attributes
    ----------
    gains
        For each stage (N,), points of pessimistic top-1 by option, the other stages left as they are.
    costs
        The same (N, K) for the logarithm of what is used: of the budget, and with limits beside time of the tightest of them.
    room
        Of each (K,), the logarithm of what is allowed over what the design uses.
    """

    gains: tuple[Floats, ...]
    costs: tuple[Floats, ...]
    room: Floats

    def promising(self) -> Designs:
        """Return the designs whose sums are best at three prices of time, and at three of the tightest limit, each once."""
        found = [self._of_price(price, by) for by in range(len(self.room)) for price in self._prices(by)]
        return np.unique(np.concatenate(found), axis=0)

    def with_each_option(self) -> Designs:
        """Return for each option of each stage the best design by sums that has it and keeps to what is scarcest, each once."""
        scarcest = int(np.argmin(self.room))
        costs, room = [cost[:, scarcest] for cost in self.costs], self.room[scarcest]
        fronts = [
            _front(np.arange(len(gain))[:, None], gain, cost)
            for gain, cost in zip(self.gains, costs, strict=True)
        ]
        found = []
        for stage, cost in enumerate(costs):
            rest = _sum_of([one for n, one in enumerate(fronts) if n != stage])
            at = np.searchsorted(rest.cost, room - SPARE - cost, side="right") - 1
            some = np.flatnonzero(at >= 0)
            found.append(np.insert(rest.designs[at[some]], stage, some, axis=1))
        return np.unique(np.concatenate(found), axis=0)

    def _prices(self, by: int) -> tuple[float, ...]:
        """Return what time or a limit is worth: the most that more of it buys, the least that less of it costs, and what lies between."""
        gain, cost = np.concatenate(self.gains), np.concatenate(self.costs)[:, by]
        more, less = (cost > _SMALL) & (cost < _LARGE), (cost < -_SMALL) & (cost > -_LARGE)
        buys = float(np.max(gain[more] / cost[more], initial=_LEAST_PRICE))
        saves = max(float(np.min(gain[less] / cost[less], initial=POINTS)), _LEAST_PRICE)
        return tuple(sorted({buys, saves, float(np.sqrt(buys * saves))}))

    def _of_price(self, price: float, by: int) -> Designs:
        kept = [
            np.argsort(price * cost[:, by] - gain, kind="stable")[:KEPT]
            for gain, cost in zip(self.gains, self.costs, strict=True)
        ]
        gain = _sums([own[some] for own, some in zip(self.gains, kept, strict=True)])
        over = np.zeros(len(gain))
        for each, room in enumerate(self.room):
            used = _sums([own[some, each] for own, some in zip(self.costs, kept, strict=True)])
            over += np.maximum(used - room, 0.0)
        worth = gain - _OVER * price * over
        best = np.argsort(-worth, kind="stable")[:SCORED]
        places = np.unravel_index(best, [len(some) for some in kept])
        return np.stack([some[at] for some, at in zip(kept, places, strict=True)], axis=1)


def stage_sums(options: Options, chosen: Sequence[int], mark: Marking, use: Using) -> StageSums:
    """Mark all changes of one stage.

    Parameters
    ----------
    options
        All designs of a kind.
    chosen
        The design, as the numbers of its options.
    mark
        Marks joined rows.
    use
        Says what they use; what no budget is enough for uses infinitely much.
    """
    row = options.rows(np.array([chosen]))
    here = mark(row)
    least = _log(use(here, row))[0]
    gains, costs = [], []
    for stage in range(len(options.stages)):
        rows = options.around(chosen, stage)
        marks = mark(rows)
        gains.append(np.where(marks.in_region, marks.top1_low - here.top1_low[0], -POINTS))
        costs.append(_log(use(marks, rows)) - least)
    return StageSums(tuple(gains), tuple(costs), -least)


def _log(used: Floats) -> Floats:
    """Return the logarithm of shares; where no budget is enough, of a thousand."""
    return np.log(np.where(np.isfinite(used), used, 1e3))


@dataclass(frozen=True)
class _Front:
    """Designs, or parts of designs, that no other beats in both gain and cost: cost rises, and so does gain."""

    designs: Designs
    gain: Floats
    cost: Floats


def _front(designs: Designs, gain: Floats, cost: Floats) -> _Front:
    kept = unbeaten(cost, gain)
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
