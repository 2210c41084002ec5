"""What each arm's picks reach when they are trained alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from lab.claims.fashion.arms import UNSEEDED
from lab.claims.fashion.inputs import Inputs
from lab.claims.fashion.rows import Pick, Training
from lab.claims.interval import Interval, mean_interval

BASE = "halving"  # random designs with successive halving: what a supernet must beat
PLAIN = ("uniform scaling", "imagenet")  # what costs no training, and a supernet should beat too
POWER = 0.8

Place = tuple[int, str]  # search seed, device


@dataclass(frozen=True)
class Final:
    """A pick and the test accuracies of its trainings, in percent."""

    pick: Pick
    accuracies: tuple[float, ...]

    @property
    def place(self) -> Place:
        """What picks of two arms are paired by."""
        return self.pick.search_seed, self.pick.device

    @property
    def mean(self) -> float:
        """Over its trainings."""
        return float(np.mean(self.accuracies))


@dataclass(frozen=True)
class Bought:
    """What one arm buys.

    Attributes
    ----------
    accuracy
        Mean test accuracy of its picks, in percent.
    over_base
        Its picks less those of `BASE` for the same search seed and device; None for `BASE`, and where no pair is there.
    between
        Deviation of its picks' mean accuracies between search seeds on one device, in points; nan for one seed.
    budget_used
        The upper latency over the budget, mean over its picks.
    planned_seconds, cpu_seconds
        Of a search for all devices, mean over search seeds.
    """

    arm: str
    picks: int
    accuracy: Interval
    over_base: Interval | None
    between: float
    budget_used: float
    planned_seconds: float
    cpu_seconds: float


def finals(picks: Iterable[Pick], trainings: Sequence[Training], inputs: Inputs) -> tuple[Final, ...]:
    """Return the picks that were trained alone with every final seed."""
    found = {
        (one.design, one.seed): one.test_accuracy for one in trainings if one.images == inputs.alone_images
    }
    return tuple(
        Final(pick, tuple(found[pick.design, seed] for seed in inputs.final_seeds))
        for pick in picks
        if all((pick.design, seed) in found for seed in inputs.final_seeds)
    )


def bought(found: Sequence[Final], inputs: Inputs) -> tuple[Bought, ...]:
    """Return what every arm buys, the best first."""
    arms: dict[str, list[Final]] = {}
    for one in found:
        arms.setdefault(one.pick.arm, []).append(one)
    rows = [_bought(arm, own, leads(found, arm, BASE), inputs) for arm, own in arms.items()]
    return tuple(sorted(rows, key=lambda one: -one.accuracy.middle))


def leads(found: Sequence[Final], arm: str, other: str) -> list[float]:
    """Return by how many points an arm's picks beat those of another for the same search seed and device.

    A control that no seed changes is the same pick for every seed.
    """
    own, others = _places(found, arm), _places(found, other)
    seeds = {seed for seed, _ in (*own, *others)}
    for arm_name, places in ((arm, own), (other, others)):
        if arm_name in UNSEEDED:
            places.update(
                {(seed, device): mean for (_, device), mean in list(places.items()) for seed in seeds}
            )
    return [mean - others[place] for place, mean in own.items() if place in others]


def _places(found: Sequence[Final], arm: str) -> dict[Place, float]:
    return {one.place: one.mean for one in found if one.pick.arm == arm}


def _bought(arm: str, own: Sequence[Final], over_base: Sequence[float], inputs: Inputs) -> Bought:
    per_device = [[one.mean for one in own if one.pick.device == device] for device in inputs.devices]
    spread = [np.var(values, ddof=1) for values in per_device if len(values) > 1]
    return Bought(
        arm,
        len(own),
        mean_interval([one.mean for one in own]),
        mean_interval(over_base) if over_base and arm != BASE else None,
        float(np.sqrt(np.mean(spread))) if spread else np.nan,
        float(np.mean([one.pick.high_ms / inputs.budgets[one.pick.device] for one in own])),
        float(np.mean([one.pick.planned_seconds for one in own])),
        float(np.mean([one.pick.cpu_seconds for one in own])),
    )


def noise(found: Sequence[Final]) -> float:
    """Return the deviation between two trainings of one pick, in points."""
    return float(np.sqrt(np.mean([np.var(one.accuracies, ddof=1) for one in found])))


def seen_difference(found: Sequence[Final], arm: str) -> float:
    """Return the difference between an arm and `BASE` that this many pairs show with a probability of 80%, one-sided at 5%."""
    points, normal = leads(found, arm, BASE), NormalDist()
    return float((normal.inv_cdf(0.95) + normal.inv_cdf(POWER)) * np.std(points, ddof=1) / len(points) ** 0.5)
