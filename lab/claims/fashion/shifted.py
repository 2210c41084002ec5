"""Whether two devices get different designs: only where these differ more than those of two search seeds on one device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from dsim.supernet.subnet import Subnet
from lab.claims.fashion.bought import Place
from lab.claims.fashion.inputs import Inputs
from lab.claims.fashion.rows import Pick
from lab.claims.interval import Interval, mean_interval


@dataclass(frozen=True)
class Shift:
    """Whether an arm's designs for two devices differ more than those of two search seeds on one device.

    Attributes
    ----------
    across, within
        Share of the places (widths and slots) in which two designs differ: between devices at one search seed, and between
        search seeds on one device; means.
    lead
        Across less within; over search seeds.
    elsewhere
        A pick's upper latency on the other device over the budget there, by its own device; mean over search seeds.
    """

    arm: str
    across: float
    within: float
    lead: Interval
    elsewhere: Mapping[str, float]

    @property
    def different(self) -> bool:
        """Whether the devices' designs count as different."""
        return self.lead.above_zero


def shifts(picks: Sequence[Pick], designs: Mapping[str, Subnet], inputs: Inputs) -> tuple[Shift, ...]:
    """Compare the designs of each arm that has picks of several search seeds for both devices.

    Parameters
    ----------
    designs
        By their text.
    """
    rows = []
    for arm in dict.fromkeys(one.arm for one in picks):
        own = {(one.search_seed, one.device): one for one in picks if one.arm == arm}
        seeds = [
            seed for seed in inputs.search_seeds if all((seed, device) in own for device in inputs.devices)
        ]
        if len(seeds) > 1:
            rows.append(_shift(arm, own, designs, seeds, inputs))
    return tuple(rows)


def _shift(
    arm: str,
    own: Mapping[Place, Pick],
    designs: Mapping[str, Subnet],
    seeds: Sequence[int],
    inputs: Inputs,
) -> Shift:
    def apart(one: Place, two: Place) -> float:
        return difference(designs[own[one].design], designs[own[two].design])

    first, second = inputs.devices
    across = [apart((seed, first), (seed, second)) for seed in seeds]
    within = {
        frozenset(pair): float(np.mean([apart((pair[0], d), (pair[1], d)) for d in inputs.devices]))
        for pair in combinations(seeds, 2)
    }
    # each seed's design is compared with the mean of its pairs with other seeds
    leads = [
        own_across - float(np.mean([value for pair, value in within.items() if seed in pair]))
        for seed, own_across in zip(seeds, across, strict=True)
    ]
    elsewhere = {
        device: float(np.mean([own[seed, device].other_high_ms for seed in seeds])) / inputs.budgets[other]
        for device, other in ((first, second), (second, first))
    }
    return Shift(
        arm, float(np.mean(across)), float(np.mean(list(within.values()))), mean_interval(leads), elsewhere
    )


def difference(one: Subnet, other: Subnet) -> float:
    """Return the share of widths and slots in which two designs differ; the order of blocks in a stage does not matter."""
    places = [(a != b) for a, b in zip(one.widths, other.widths, strict=True)]
    for mine, theirs in zip(one.slots, other.slots, strict=True):
        rows = [
            sorted(str(block and (block.mixer, block.mlp_ratio)) for block in row) for row in (mine, theirs)
        ]
        left = list(rows[1])
        for block in rows[0]:
            if block in left:
                left.remove(block)
        places += [True] * len(left) + [False] * (len(rows[0]) - len(left))
    return sum(places) / len(places)
