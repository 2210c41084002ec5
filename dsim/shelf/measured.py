"""What was measured of published networks on a device, and how far a new measurement may lie from it."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from dsim.device.profile import DeviceProfile, Measurement
from dsim.latency.identify import NOISE_FLOOR

# two figures of one network differ by NOISE_FLOOR at the median: so much is one figure's spread, in logarithms
SPREAD = NOISE_FLOOR / (float(ndtri(0.75)) * math.sqrt(2.0))


@dataclass(frozen=True)
class Figure:
    """A network's measured latency.

    Attributes
    ----------
    latency_ms
        The median of what was measured in the reference protocol.
    spread
        Of a new measurement around it, in logarithms.
    source
        Who measured it.
    left
        Whether it left the accelerator there.
    """

    latency_ms: float
    spread: float
    source: str
    left: bool

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return the ends of the central interval of a new measurement."""
        reach = float(ndtri(0.5 + confidence / 2.0)) * self.spread
        return self.latency_ms * math.exp(-reach), self.latency_ms * math.exp(reach)

    def needs_ms(self, chance: float) -> float:
        """Return the smallest budget that a new measurement keeps to with a chance."""
        return self.latency_ms * math.exp(float(ndtri(chance)) * self.spread)

    def p_fits(self, budget_ms: float) -> float:
        """Return the chance that a new measurement is within a budget."""
        return float(ndtr(math.log(budget_ms / self.latency_ms) / self.spread))


def figures(profile: DeviceProfile) -> dict[str, Figure]:
    """Return what was measured in a profile's reference protocol, by the key of the network's graph."""
    rows: dict[str, list[Measurement]] = defaultdict(list)
    for row in profile.networks:
        if row.graph and row.counts and profile.is_reference(row):
            rows[row.graph].append(row)
    return {key: _figure(own) for key, own in rows.items()}


def _figure(rows: list[Measurement]) -> Figure:
    """Join the figures of one network.

    A new measurement differs from the median of n by its own spread and by that median's; a figure that was read off a plot, or
    rounded, is as much less sure.
    """
    ms = float(np.median([row.latency_ms for row in rows]))
    read = [((row.error_ms or 0.0) ** 2 + (row.rounded_to_ms or 0.0) ** 2 / 12.0) / ms**2 for row in rows]
    spread = math.sqrt(SPREAD**2 + (SPREAD**2 + float(np.mean(read))) / len(rows))
    rows = sorted(rows, key=lambda row: row.error_ms or 0.0)  # named first: one that was not read off a plot
    sources = tuple(dict.fromkeys(f"{row.source}, {row.table}".strip(", ") for row in rows))
    more = f" and {len(sources) - 1} more" if len(sources) > 1 else ""
    return Figure(ms, spread, sources[0] + more, any(row.cliff for row in rows))
