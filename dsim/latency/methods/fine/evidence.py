"""A profile's measured networks as arrays of fine costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsim.device.profile import DeviceProfile, Measurement
from dsim.latency.features import FloatArray
from dsim.latency.lonely import lonely
from dsim.latency.methods.fine.prior import Regime
from dsim.latency.methods.pooled.evidence import family_of
from dsim.latency.networks import own_graphs, read_networks


@dataclass(frozen=True)
class FineEvidence:
    """A profile's networks as arrays: (N, F) vectors, (N,) log milliseconds, families; one row a network.

    ``lonely`` names networks with an operator that only their own family holds.
    """

    profile: DeviceProfile
    rows: tuple[Measurement, ...]
    phi: FloatArray
    log_ms: FloatArray
    family: NDArray[np.str_]
    lonely: frozenset[str]

    @property
    def regime(self) -> Regime:
        """What kind of stack it is."""
        return regime_of(self.profile)


def regime_of(profile: DeviceProfile) -> Regime:
    """Tell a profile's kind of stack from what it says of itself."""
    if profile.measures == "latency":
        return Regime.CPU
    return Regime.EAGER if "eager" in profile.runtime else Regime.COMPILED


def gather_fine(profile: DeviceProfile) -> FineEvidence:
    """Collect a profile's networks; a network timed twice counts once, by its median.

    Raises
    ------
    FileFormatError
        A network's graph is stored nowhere.
    """
    by_graph: dict[str, list[Measurement]] = {}
    for row in profile.networks:
        if row.graph and row.counts and not row.cliff:
            by_graph.setdefault(row.graph, []).append(row)
    networks = read_networks(frozenset(by_graph), profile.passes, own_graphs((profile,)))
    keys = sorted(by_graph)
    return FineEvidence(
        profile,
        tuple(by_graph[key][0] for key in keys),
        np.array([networks[key].facts.fine for key in keys]),
        np.array([np.median(np.log([row.latency_ms for row in by_graph[key]])) for key in keys]),
        np.array([family_of(key, profile.name) for key in keys]),
        lonely(networks),
    )
