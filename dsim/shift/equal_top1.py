"""Best designs of other devices, timed where a device's own best was timed too: milliseconds at the same predicted top-1.

The milliseconds are measured, and that the two reach the same is predicted. So only designs are compared whose predictions
lie closer together than anything could tell apart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dsim.shift.measured import Timed, design_id
from dsim.shift.records import Comparison, Interval
from dsim.shift.stack import Pair

POINTS = 0.3  # of predicted top-1 that two designs may differ by


@dataclass(frozen=True)
class AtEqualTop1:
    """The best design of another device beside a device's own, both timed on that device.

    Attributes
    ----------
    of, on
        Whose design it is, and where both were timed.
    pair
        What lies between the two.
    points
        Predicted top-1 of the design less that of the own best.
    ms, own_ms
        As timed.
    slower
        By how many percent the design takes longer; the interval holds the 95% intervals of both timings.
    """

    of: str
    on: str
    pair: Pair
    points: float
    ms: float
    own_ms: float
    slower: Interval


def at_equal_top1(found: Comparison, timed: Sequence[Timed]) -> tuple[AtEqualTop1, ...]:
    """Return the designs that were timed beside an own best of the same predicted top-1, the slowest first.

    Of comparisons on the user's own task nothing is returned: points of rank are not points of top-1.
    """
    known = {(one.device, one.design): one for one in timed}
    best = {one.device: one.best for one in found.devices if one.best is not None}
    out = []
    for on, own in best.items():
        for of, other in best.items():
            a, b = known.get((on, design_id(own.arch))), known.get((on, design_id(other.arch)))
            points = other.top1 - own.top1
            if a is b or a is None or b is None or abs(points) > POINTS or found.task:
                continue
            out.append(
                AtEqualTop1(of, on, found.pair(of, on), points, b.latency_ms, a.latency_ms, _slower(a, b))
            )
    return tuple(sorted(out, key=lambda one: -one.slower.value))


def _slower(own: Timed, other: Timed) -> Interval:
    ratio = other.latency_ms / own.latency_ms
    off = math.hypot(own.error_ms / own.latency_ms, other.error_ms / other.latency_ms)
    return Interval(*(100.0 * (ratio * (1.0 + by) - 1.0) for by in (0.0, -off, off)))
