"""How much of what a profile's prices rest on is its own."""

from __future__ import annotations

from dsim.device import DeviceProfile, find_profile
from dsim.device.find import pool_of
from dsim.latency.learner import LearnsFrom
from dsim.latency.learners import learner_of


def figures_of(profile: DeviceProfile) -> int:
    """Count a profile's own figures that are learned from: networks, contrasts with graphs, operators."""
    networks = sum(bool(row.graph) and row.counts and not row.cliff for row in profile.networks)
    contrasts = sum(bool(c.graph_a and c.graph_b) for c in profile.contrasts)
    return networks + contrasts + len(profile.ops)


def own_and_all(profile: DeviceProfile) -> tuple[int, int]:
    """Count a profile's own figures, and all that its model learned from: its pool's and its donors' included."""
    return figures_of(profile), sum(figures_of(member) for member in _behind(profile).values())


def _behind(profile: DeviceProfile) -> dict[str, DeviceProfile]:
    members = {profile.name: profile}
    if learner_of(profile).learns_from is LearnsFrom.POOL:
        members |= {member.name: member for member in pool_of(profile)}
    if profile.donor:
        members = {**_behind(find_profile(profile.donor)), **members}
    return members
