"""Which operators left the accelerator in a device's own whole networks, and the chance of a fall that follows from it.

A network is taken to have fallen where its row says so. A warning sign is a kind of operator of which some ran elsewhere in a
network that fell: designs that hold it are likelier to fall, others less.
"""

from __future__ import annotations

import numpy as np

from dsim.device.placements import read_placements
from dsim.device.profile import DeviceProfile
from dsim.latency.cliffs import no_cliffs, own_weights
from dsim.latency.features import FloatArray


def fallen_kinds(profile: DeviceProfile) -> tuple[str, ...]:
    """Return the kinds of operator that ran elsewhere in some network that fell, in alphabetical order."""
    fell = _fell(profile)
    found = (one for one in read_placements(profile.folder) if one.elsewhere and one.network in fell)
    return tuple(sorted({str(one.op) for one in found}))


def fallen_weights(profile: DeviceProfile) -> FloatArray:
    """Return the weights of a fall, a constant and one for each of `fallen_kinds`; no network can fall where nothing was placed."""
    placed: dict[str, set[str]] = {}
    for one in read_placements(profile.folder):
        placed.setdefault(one.network, set()).add(str(one.op))
    if not placed:
        return no_cliffs()
    kinds, fell = fallen_kinds(profile), _fell(profile)
    held = np.array([[kind in own for kind in kinds] for own in placed.values()], dtype=bool).reshape(
        len(placed), -1
    )
    return own_weights(held, np.array([network in fell for network in placed], dtype=bool))


def _fell(profile: DeviceProfile) -> frozenset[str]:
    return frozenset(row.network for row in profile.networks if row.cliff)
