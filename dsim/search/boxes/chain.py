"""The least cost of one option in each stage that keep to a budget of time: a bound by a price of time, for the whole and for each option.

Costs add up over stages; time adds up over stages and over downsamplers, which join the widths of two stages. For any price that is not
negative, the least of costs + price * (time - 1) is a bound; it is a concave function of the price.

Source: H. Kellerer, U. Pferschy and D. Pisinger, Knapsack Problems, 2004, chapter 11.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsim.accuracy.summary import FloatArray

ROUNDS = 12  # prices that are tried
GAIN = 1e-3  # points that another price would have to win
DEAREST = 1e6  # from which on nothing fits


@dataclass(frozen=True)
class Cheapest:
    """What no choice is cheaper than.

    Attributes
    ----------
    price
        Of all time that there is.
    least
        The bound.
    each
        For each stage (N,): the same for choices that take an option.
    """

    price: float
    least: float
    each: list[FloatArray]


class Chain:
    """Options of stages, sorted by width.

    Parameters
    ----------
    costs, times, widths
        For each stage (N,); all the time that there is counts as 1.
    downs
        Times (W before, W) of the downsamplers between all widths.
    """

    def __init__(
        self,
        costs: Sequence[FloatArray],
        times: Sequence[FloatArray],
        widths: Sequence[NDArray[np.int64]],
        downs: Sequence[FloatArray],
    ) -> None:
        self._costs, self._times = costs, times
        found = [np.unique(own, return_index=True, return_inverse=True) for own in widths]
        self._starts, self._at = [one[1] for one in found], [one[2] for one in found]
        pairs = itertools.pairwise(one[0] for one in found)
        self._downs = [down[np.ix_(a, b)] for down, (a, b) in zip(downs, pairs, strict=True)]

    def cheapest(self, price: float) -> Cheapest:
        """Return the best bound that some prices give, the first of them given."""
        best = Cheapest(0.0, -np.inf, [])
        low: tuple[float, float, float] | None = None  # price, bound and slope where time is short
        high: tuple[float, float, float] | None = None  # and where it is not
        for _ in range(ROUNDS):
            bound, slope, each = self._at_price(price)
            if bound > best.least:
                best = Cheapest(price, bound, each)
            if slope > 0.0:
                low = (price, bound, slope)
            else:
                high = (price, bound, slope)
            if price == 0.0 and slope <= 0.0:
                break
            if low is None:
                price = price / 4.0 if price > GAIN else 0.0
            elif high is None:
                price = max(4.0 * price, 1.0)
                if price > DEAREST:
                    break
            else:  # where the two lines cross
                price = (high[1] - low[1] + low[0] * low[2] - high[0] * high[2]) / (low[2] - high[2])
                if low[1] + low[2] * (price - low[0]) < best.least + GAIN:
                    break
        return best

    def _at_price(self, price: float) -> tuple[float, float, list[FloatArray]]:
        """Return the bound, by how much it rises with the price, and the bound of each option."""
        whole = [cost + price * time for cost, time in zip(self._costs, self._times, strict=True)]
        least = [np.minimum.reduceat(own, starts) for own, starts in zip(whole, self._starts, strict=True)]
        ahead, behind = [np.zeros(len(least[0]))], [np.zeros(len(least[-1]))]
        for own, down in zip(least[:-1], self._downs, strict=True):
            ahead.append(((ahead[-1] + own)[:, None] + price * down).min(0))
        for own, down in zip(least[:0:-1], self._downs[::-1], strict=True):
            behind.append(((behind[-1] + own)[None] + price * down).min(1))
        behind.reverse()
        each = [
            own + (before + after)[at] - price
            for own, before, after, at in zip(whole, ahead, behind, self._at, strict=True)
        ]
        # the cheapest choice, from the last stage back
        width = int(np.argmin(ahead[-1] + least[-1]))
        time = 0.0
        for stage in range(len(least) - 1, -1, -1):
            start = self._starts[stage][width]
            ends = [*self._starts[stage][1:], len(whole[stage])]
            time += float(self._times[stage][start + int(np.argmin(whole[stage][start : ends[width]]))])
            if stage:
                down = self._downs[stage - 1]
                before = int(np.argmin(ahead[stage - 1] + least[stage - 1] + price * down[:, width]))
                time += float(down[before, width])
                width = before
        return float((ahead[-1] + least[-1]).min()) - price, time - 1.0, each
