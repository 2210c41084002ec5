"""Measured regret: what it costs to choose a published network by the clock of another device. No model and no search.

Both devices get an equal budget: the time that the same share of their common networks fits, each by its own clock. The
network with the best top-1 that fits on the first device is run on the second. Where it does not fit there, it is
exchanged for a smaller one of the first device's front. What that falls short of the best network on the second device is
the regret. Networks are compared within a class of recipes, and classes count by their networks.

The regret is never negative, so that noise alone makes some. The null is the regret of a device compared with itself, timed
a second time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dsim.device import DeviceProfile
from dsim.latency.methods.pooled.fit import CONTRAST_SD
from dsim.shift.families import times_drawn
from dsim.shift.in_common import CommonNetworks, Floats, RecipeClass, common_networks
from dsim.shift.records import Interval
from dsim.shift.stack import Pair, pair_of
from dsim.unbeaten import unbeaten

TENTHS = tuple(range(1, 10))  # of the common networks that fit a budget
DRAWS = 200
BETWEEN_LABS = 0.06  # what two laboratories differ by that time one network in one way
SEED_POINTS = 0.2  # what two trainings of one network differ by, about: less is nothing


@dataclass(frozen=True)
class AtBudget:
    """One budget of the sweep, for one class of recipes.

    Attributes
    ----------
    recipe
        How the networks were trained.
    tenths
        How many tenths of the common networks fit it.
    a_ms, b_ms
        The budget on each device.
    chosen, best
        The best network of the first device within its budget, and of the second.
    over
        By which share of the second budget the chosen one takes longer there; zero or less where it fits.
    lost
        Top-1 points lost on the second device; NaN where nothing of the first device's front fits.
    """

    recipe: RecipeClass
    tenths: int
    a_ms: float
    b_ms: float
    chosen: str
    best: str
    over: float
    lost: float


@dataclass(frozen=True)
class MeasuredRegret:
    """What the choice by one device's clock costs on another, over a sweep of budgets.

    Attributes
    ----------
    of, on
        Whose clock chose, and where the choice runs.
    pair
        What lies between the two.
    recipes
        Classes of recipes, and how many networks each has; a network may be in several.
    networks, families
        How many are common.
    lost
        Mean of the points lost over the budgets, with its interval over families drawn again. A draw leaves families out, and
        where none of them shows as much, the interval ends at the value.
    null
        The same for ``of`` compared with itself, timed twice: median and central interval.
    exceeds
        True where the points lost exceed the null's in enough of the draws, and exceed what two trainings differ by.
    budgets
        The sweep, class by class.
    """

    of: str
    on: str
    pair: Pair
    recipes: tuple[tuple[RecipeClass, int], ...]
    networks: int
    families: int
    lost: Interval
    null: Interval
    exceeds: bool
    budgets: tuple[AtBudget, ...]

    @property
    def late(self) -> int:
        """At how many of the budgets the chosen network does not fit as it is."""
        return sum(one.over > 0.0 for one in self.budgets)

    @property
    def worst(self) -> AtBudget:
        """The budget at which most is lost."""
        return max(self.budgets, key=lambda one: -np.inf if np.isnan(one.lost) else one.lost)


def measured_regret(
    a: DeviceProfile, b: DeviceProfile, confidence: float = 0.9, draws: int = DRAWS, seed: int = 0
) -> MeasuredRegret | None:
    """Return what is lost on ``b`` with the networks that ``a`` chooses; None where too few are common.

    Parameters
    ----------
    a, b
        Two profiles; see `common_networks` for what they must have in common.
    confidence
        Level of the intervals.
    draws
        How often families are drawn again.
    seed
        Of the draws.
    """
    strata = common_networks(a, b)
    if not strata:
        return None
    sweep = tuple(one for found in strata for one in _sweep(found))
    sizes = [len(found.keys) for found in strata]
    lost = _mean([np.array([one.lost for one in sweep if one.recipe == s.recipe]) for s in strata], sizes)
    real, null = _draw(strata, sizes, draws, seed)
    rest = (1.0 - confidence) / 2.0
    low, high = np.nanquantile(real, (rest, 1.0 - rest))
    none = np.nanquantile(null, (0.5, rest, 1.0 - rest))
    return MeasuredRegret(
        a.name,
        b.name,
        pair_of(a, b),
        tuple((found.recipe, len(found.keys)) for found in strata),
        len({key for found in strata for key in found.keys}),
        len({family for found in strata for family in found.families}),
        Interval(lost, min(float(low), lost), max(float(high), lost)),
        Interval(*(float(value) for value in none)),
        float(np.nanquantile(real - null, rest)) > 0.0 and lost > SEED_POINTS,
        sweep,
    )


def every_regret(
    profiles: Sequence[DeviceProfile], confidence: float = 0.9, draws: int = DRAWS
) -> tuple[MeasuredRegret, ...]:
    """Return the regret of every ordered pair of devices that have enough networks in common, the largest first."""
    every = (measured_regret(a, b, confidence, draws) for a in profiles for b in profiles if a.name != b.name)
    return tuple(sorted((one for one in every if one), key=lambda one: (not one.exceeds, -one.lost.value)))


def _sweep(found: CommonNetworks) -> list[AtBudget]:
    x, y = budgets_of(found.a_ms), budgets_of(found.b_ms)
    lost = points_lost(found.top1, found.a_ms, found.b_ms, x, y)
    out = []
    for n, tenths in enumerate(TENTHS):
        chosen = best_within(found.top1, found.a_ms, x[n])
        best = best_within(found.top1, found.b_ms, y[n])
        over = float(found.b_ms[chosen] / y[n] - 1.0)
        names = found.keys[chosen], found.keys[best]
        out.append(AtBudget(found.recipe, tenths, float(x[n]), float(y[n]), *names, over, float(lost[n])))
    return out


def _draw(
    strata: Sequence[CommonNetworks], sizes: Sequence[int], draws: int, seed: int
) -> tuple[Floats, Floats]:
    """Return the points lost in each draw of families, and those of the first device compared with itself."""
    labs = frozenset().union(*(found.labs for found in strata))
    noise = CONTRAST_SD if len(labs) == 1 else BETWEEN_LABS
    rng = np.random.default_rng(seed)
    budgets = [(budgets_of(found.a_ms), budgets_of(found.b_ms)) for found in strata]
    kept = [np.array([_drawn(seed, draws, family) for family in found.families]) for found in strata]
    real, null = np.full(draws, np.nan), np.full(draws, np.nan)
    for draw in range(draws):
        found_lost, own_lost = [], []
        for found, (x, y), every in zip(strata, budgets, kept, strict=True):
            again = found.a_ms * np.exp(noise * rng.standard_normal(len(found.keys)))
            some = every[:, draw]
            top1, first = found.top1[some], found.a_ms[some]
            found_lost.append(points_lost(top1, first, found.b_ms[some], x, y))
            own_lost.append(points_lost(top1, first, again[some], x, budgets_of(again)))
        real[draw], null[draw] = _mean(found_lost, sizes), _mean(own_lost, sizes)
    return real, null


@lru_cache(maxsize=4096)
def _drawn(seed: int, draws: int, family: str) -> NDArray[np.bool_]:
    """Tell in which draws (D,) a family is among those drawn."""
    return np.array([times_drawn(seed, draw)(family) > 0 for draw in range(draws)])


def budgets_of(ms: Floats) -> Floats:
    """Return the budget for each of TENTHS: the time of one network, so that it fits exactly."""
    return np.sort(ms)[[-(-tenths * (len(ms) - 1) // 10) for tenths in TENTHS]]


def best_within(top1: Floats, ms: Floats, budget_ms: float) -> int:
    """Return which network has the best top-1 of those that fit; the fastest of equals."""
    fits = np.flatnonzero(ms <= budget_ms)
    return int(fits[np.lexsort((ms[fits], -top1[fits]))[0]])


def points_lost(top1: Floats, a_ms: Floats, b_ms: Floats, a_budgets: Floats, b_budgets: Floats) -> Floats:
    """Return the points lost at each budget; NaN where nothing that the first device would choose fits on the second."""
    if not len(top1):
        return np.full(len(a_budgets), np.nan)
    fits = b_ms <= b_budgets[:, None]
    on_front = np.isin(np.arange(len(top1)), unbeaten(a_ms, top1))
    taken = fits & on_front & (a_ms <= a_budgets[:, None])
    best, left = (np.where(some, top1, -np.inf).max(axis=1) for some in (fits, taken))
    return np.where(np.isfinite(left), best - np.where(np.isfinite(left), left, 0.0), np.nan)


def _mean(lost: Sequence[Floats], sizes: Sequence[int]) -> float:
    """Return the mean over budgets, then over classes by their networks; NaN where nothing is known."""
    known = [
        (some.mean(), size) for one, size in zip(lost, sizes, strict=True) if len(some := one[~np.isnan(one)])
    ]
    if not known:
        return float("nan")
    return float(sum(mean * size for mean, size in known) / sum(size for _, size in known))
