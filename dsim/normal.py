"""A number of the normal distribution that intervals are made with."""

from __future__ import annotations

HALF_90 = 1.6448536269514722  # half the width of the central 90% interval, in standard deviations
