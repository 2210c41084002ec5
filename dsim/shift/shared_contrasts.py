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
    whole
        True for a whole network.
    on_a, on_b
        What the exchange adds to its time on either device, in percent, with 90% intervals.
    """

    pair: Pair
    choice: str
    where: str
    whole: bool
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
    """Return every exchange that was timed on two of the devices.

    Those that differ come first, of these the pairs of devices that differ in the least, and the strongest of each pair.
    """
    known = {profile.name: dict(_own(profile)) for profile in profiles}
    out = [
        SharedContrast(pair_of(a, b), *key, known[a.name][key], known[b.name][key])
        for a, b in itertools.combinations(profiles, 2)
        for key in sorted(known[a.name].keys() & known[b.name].keys())
    ]
    return tuple(sorted(out, key=_order))


def _order(one: SharedContrast) -> tuple[bool, int, float]:
    return not one.apart, len(one.pair.differs_in), -one.difference


def _own(profile: DeviceProfile) -> Iterator[tuple[tuple[str, str, bool], Interval]]:
    """Yield what was timed on a device, by choice, place, and whether that is a whole network."""
    for block in timed_blocks(profile):
        assert block.low_ms is not None
        assert block.high_ms is not None
        ends = (block.b_ms - block.a_ms, block.low_ms, block.high_ms)
        where = block.what.partition(",")[0]
        yield (block.choice, where, False), Interval(*(100.0 * end / block.a_ms for end in ends))
    for one in read_variants(profile.folder):
        yield (one.choice, one.design, True), Interval(one.percent, one.low_percent, one.high_percent)
