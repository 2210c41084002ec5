"""The published networks that cost about as much on a device, with their measured figures, so that a person can check an answer against them."""

from __future__ import annotations

from dsim.device import DeviceProfile
from dsim.search.result import Published

WITHIN = 0.25  # relative distance in latency
MOST = 8


def measured_networks(profile: DeviceProfile) -> tuple[Published, ...]:
    """Return every measured figure with a known top-1, in the profile's order.

    Only figures in the profile's reference protocol, on networks that stayed on the accelerator, and each figure once.
    """
    return tuple(
        Published(row.network, row.latency_ms, row.top1, f"{row.source}, {row.table}")
        for row in profile.networks
        if profile.is_reference(row) and row.counts and not row.cliff and row.top1 is not None
    )


def published_near(profile: DeviceProfile, latency_ms: float) -> tuple[Published, ...]:
    """Return measured networks near a latency (see `measured_networks`), the most accurate first; one per network."""
    near: dict[str, Published] = {}
    for item in measured_networks(profile):
        if abs(item.latency_ms - latency_ms) <= WITHIN * latency_ms:
            near.setdefault(item.network, item)
    return tuple(sorted(near.values(), key=lambda item: -(item.top1 or 0.0))[:MOST])
