"""The least cost of one option in each stage that keep to a budget and to limits: a bound by prices, for the whole and for each option.

Costs add up over stages; what is used adds up over stages and over downsamplers, which join the widths of two stages. For any prices that
are not negative, the least of costs + sum of price * (use - 1) is a bound; it is a concave function of the prices.

Source: H. Kellerer, U. Pferschy and D. Pisinger, Knapsack Problems, 2004, chapter 11.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsim.accuracy.summary import FloatArray
from dsim.search.programme import Amounts

ROUNDS = 12  # prices that are tried of each use
GAIN = 1e-3  # points that another price would have to win
DEAREST = 1e6  # from which on nothing fits


@dataclass(frozen=True)
class Cheapest:
    """What no choice is cheaper than.

    Attributes
    ----------
    prices
        (K,) of all that there is of each use.
    least
        The bound.
    slopes
        (K,) by how much it rises with each price.
    each
        For each stage (N,): the same bound for choices that take an option.
    """

    prices: FloatArray
    least: float
    slopes: FloatArray
    each: list[FloatArray]


class Chain:
    """Options of stages, sorted by width.

    Parameters
    ----------
    costs, widths
        For each stage (N,).
    uses
        What there is 1 of, K of them; their downsamplers are those between all widths.
    """

    def __init__(
        self, costs: Sequence[FloatArray], uses: Sequence[Amounts], widths: Sequence[NDArray[np.int64]]
    ) -> None:
        self._costs, self._uses = costs, [one.stages for one in uses]
        found = [np.unique(own, return_index=True, return_inverse=True) for own in widths]
        self._starts, self._at = [one[1] for one in found], [one[2] for one in found]
        pairs = list(itertools.pairwise(one[0] for one in found))
        self._downs = [
            [down[np.ix_(a, b)] for down, (a, b) in zip(one.downs, pairs, strict=True)] for one in uses
        ]

    def cheapest(self, prices: FloatArray) -> Cheapest:
        """Return the best bound that some prices (K,) give, the first of them given: one use after another finds its own."""
        best = self._at_prices(prices)
        for use in range(len(prices)):
            best = self._along(use, best)
        return best

    def _along(self, use: int, start: Cheapest) -> Cheapest:
        """Return the best bound that other prices of one use give."""
        best = here = start
        low: tuple[float, float, float] | None = None  # price, bound and slope where it is short
        high: tuple[float, float, float] | None = None  # and where it is not
        price = float(start.prices[use])
        for tried in range(ROUNDS):
            if tried:
                prices = start.prices.copy()
                prices[use] = price
                here = self._at_prices(prices)
            if here.least > best.least:
                best = here
            slope = float(here.slopes[use])
            if slope > 0.0:
                low = (price, here.least, slope)
            else:
                high = (price, here.least, slope)
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

    def _at_prices(self, prices: FloatArray) -> Cheapest:
        """Return the bound that prices (K,) give."""
        whole, downs = list(self._costs), [np.zeros_like(down) for down in self._downs[0]]
        for price, stages, between in zip(prices, self._uses, self._downs, strict=True):
            whole = [one + price * use for one, use in zip(whole, stages, strict=True)]
            downs = [one + price * down for one, down in zip(downs, between, strict=True)]
        least = [np.minimum.reduceat(own, starts) for own, starts in zip(whole, self._starts, strict=True)]
        ahead, behind = [np.zeros(len(least[0]))], [np.zeros(len(least[-1]))]
        for own, down in zip(least[:-1], downs, strict=True):
            ahead.append(((ahead[-1] + own)[:, None] + down).min(0))
        for own, down in zip(least[:0:-1], downs[::-1], strict=True):
            behind.append(((behind[-1] + own)[None] + down).min(1))
        behind.reverse()
        total = float(prices.sum())
        each = [
            own + (before + after)[at] - total
            for own, before, after, at in zip(whole, ahead, behind, self._at, strict=True)
        ]
        # the cheapest choice, from the last stage back
        width = int(np.argmin(ahead[-1] + least[-1]))
        used = np.zeros(len(prices))
        for stage in range(len(least) - 1, -1, -1):
            start = self._starts[stage][width]
            ends = [*self._starts[stage][1:], len(whole[stage])]
            option = start + int(np.argmin(whole[stage][start : ends[width]]))
            used += [stages[stage][option] for stages in self._uses]
            if stage:
                before = int(np.argmin(ahead[stage - 1] + least[stage - 1] + downs[stage - 1][:, width]))
                used += [between[stage - 1][before, width] for between in self._downs]
                width = before
        return Cheapest(prices, float((ahead[-1] + least[-1]).min()) - total, used - 1.0, each)
