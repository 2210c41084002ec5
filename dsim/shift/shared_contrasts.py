"""One change, timed on both of two devices: the strongest evidence of a shift that there is (grade A).

One network or block, one exchange, one laboratory and one sitting on each device. What is compared is the share of the time
that the exchange adds; nothing is modelled.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dsim.device import DeviceProfile
from dsim.device.variants import read_variants
from dsim.latency.methods.operators.blocks import timed_blocks
from dsim.shift.records import Interval
from dsim.shift.stack import Pair, pair_of


@dataclass(frozen=True)
class SharedContrast:
    """One exchange in one network or block, on two devices.

    Attributes
    ----------
    pair
        The devices, and what lies between them.
    choice
        What was exchanged: ``norm:batch>layer``; several with ``+`` between them.
    where
        The network or block.
    on_a, on_b
        What the exchange adds to its time on either device, in percent, with 90% intervals.
    """

    pair: Pair
    choice: str
    where: str
    on_a: Interval
    on_b: Interval

    @property
    def apart(self) -> bool:
        """True where the intervals do not overlap."""
        return self.on_a.high < self.on_b.low or self.on_b.high < self.on_a.low

    @property
    def difference(self) -> float:
        """Points of percent by which the devices differ."""
        return abs(self.on_b.value - self.on_a.value)


def shared_contrasts(profiles: Sequence[DeviceProfile]) -> tuple[SharedContrast, ...]:
    """Return every exchange that was timed on two of the devices: those that differ first, the strongest of each pair first."""
    known = {profile.name: dict(_own(profile)) for profile in profiles}
    out = [
        SharedContrast(pair_of(a, b), *key, known[a.name][key], known[b.name][key])
        for a, b in itertools.combinations(profiles, 2)
        for key in sorted(known[a.name].keys() & known[b.name].keys())
    ]
    return tuple(sorted(out, key=lambda one: (not one.apart, -one.difference)))


def _own(profile: DeviceProfile) -> Iterator[tuple[tuple[str, str], Interval]]:
    """Yield what was timed on a device, by choice and place; exchanges of whole networks stand for more than those of a block."""
    for block in timed_blocks(profile):
        assert block.low_ms is not None
        assert block.high_ms is not None
        ends = (block.b_ms - block.a_ms, block.low_ms, block.high_ms)
        where = block.what.partition(",")[0]
        yield (block.choice, where), Interval(*(100.0 * end / block.a_ms for end in ends))
    for one in read_variants(profile.folder):
        yield (one.choice, one.design), Interval(one.percent, one.low_percent, one.high_percent)
