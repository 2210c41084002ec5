"""A profile's measured networks as arrays of fine costs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from dsim.device.find import find_profile
from dsim.device.profile import DeviceProfile, Measurement
from dsim.latency.evidence import (
    Families,
    Figures,
    Keep,
    OneDevice,
    Predicted,
    everything,
    kept_part,
    plain_figures,
)
from dsim.latency.families import family_of
from dsim.latency.features import FloatArray
from dsim.latency.lonely import lonely
from dsim.latency.maths.rounded import rounding_spread, widened
from dsim.latency.methods.fine.costs import COLUMNS
from dsim.latency.methods.fine.prior import Regime
from dsim.latency.networks import own_graphs, read_networks
from dsim.latency.pricing import Pricing


@dataclass(frozen=True, eq=False)
class FineEvidence(OneDevice):
    """A profile's networks as arrays: (N,) keys, (N, F) vectors, (N,) log milliseconds, families; one row a network.

    ``lonely`` names networks with an operator that only their own family holds; ``rounding`` (N,) is the log-spread that the
    source's rounding adds; ``start`` is the donor's evidence.
    """

    profile: DeviceProfile
    keys: tuple[str, ...]
    phi: FloatArray
    log_ms: FloatArray
    family: Families
    lonely: frozenset[str]
    rounding: FloatArray
    start: FineEvidence | None = None

    @property
    def regime(self) -> Regime:
        """What kind of stack it is."""
        return regime_of(self.profile)

    @cached_property
    def figures(self) -> Figures:
        """Every network, to be held out and predicted."""
        return plain_figures(self.keys, self.family, self.log_ms, self.lonely)

    def predict(self, pricing: Pricing, rows: NDArray[np.int64]) -> Predicted:
        """Return what prices say of some networks, rows (n,)."""
        log_ms, spread = pricing.log_ms(self.phi[rows])
        spread = np.asarray(widened(spread, self.rounding[rows]))
        return Predicted(log_ms, spread, np.zeros(len(rows)))


def regime_of(profile: DeviceProfile) -> Regime:
    """Tell a profile's kind of stack from what it says of itself."""
    if profile.measures == "latency":
        return Regime.CPU
    return Regime.EAGER if "eager" in profile.runtime else Regime.COMPILED


def gather(profile: DeviceProfile, keep: Keep = everything) -> FineEvidence:
    """Collect a profile's networks; a network timed twice counts once, by its median.

    Raises
    ------
    FileFormatError
        A network's graph is stored nowhere.
    """
    profile = kept_part(profile, keep)
    timed: dict[str, list[Measurement]] = {}
    for row in profile.networks:
        if row.graph and row.counts and not row.cliff:
            timed.setdefault(row.graph, []).append(row)
    networks = read_networks(frozenset(timed), profile.passes, own_graphs((profile,)), profile.batch)
    keys = tuple(sorted(timed))
    return FineEvidence(
        profile,
        keys,
        np.array([networks[key].facts.fine for key in keys]).reshape(-1, len(COLUMNS)),
        np.array([np.median(np.log([row.latency_ms for row in timed[key]])) for key in keys]),
        np.array([family_of(key, profile.name) for key in keys], dtype=np.str_),
        lonely(networks),
        np.array([np.median(rounding_spread(timed[key])) for key in keys]),
        _start(profile.donor, keep) if profile.donor else None,
    )


@lru_cache(maxsize=8)
def _start(donor: str, keep: Keep) -> FineEvidence:
    return gather(find_profile(donor), keep)
