"""A sixth way of learning latency: one factor on each of a few groups of nominal costs. It is one file, as any could be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from dsim.device.profile import DeviceProfile
from dsim.latency.evidence import (
    Figures,
    Keep,
    OneDevice,
    Predicted,
    Pricing,
    Times,
    everything,
    kept_part,
    plain_figures,
)
from dsim.latency.families import family_of
from dsim.latency.features import COLUMNS, PRICED, FloatArray, kernel_vector
from dsim.latency.learner import Learner
from dsim.latency.methods.whole import InNetworks
from dsim.latency.networks import Network, own_graphs, read_networks
from dsim.latency.seen import SeenInNetworks
from dsim.op import Op

GROUPS = ("start", "bound", "macs", "bytes", "weights")
IN_GROUP = np.array(
    [[name.startswith(group) and name in PRICED for group in GROUPS] for name in COLUMNS], float
)
FIXED_MS = 0.1


@dataclass(frozen=True)
class GroupRates(InNetworks):
    """Factors (G + 1,) on nominal milliseconds by group and on a fixed time, and how far figures are off in logarithms."""

    factors: FloatArray
    off: float

    @property
    def columns(self) -> tuple[str, ...]:
        return GROUPS

    def vector(self, op: Op) -> FloatArray:
        return np.asarray(kernel_vector(op) @ IN_GROUP)

    def network_vectors(self, networks: Sequence[Network]) -> FloatArray:
        return np.array([network.vector @ IN_GROUP for network in networks])

    def log_ms(self, phi: FloatArray) -> tuple[FloatArray, FloatArray]:
        ms = phi @ self.factors[:-1] + FIXED_MS * self.factors[-1]
        return np.log(np.maximum(ms, 1e-6)), np.full(len(phi), self.off)

    def shares(self, vectors: FloatArray) -> FloatArray:
        parts = vectors @ self.factors[:-1]
        return np.asarray(parts / (parts.sum() + FIXED_MS * self.factors[-1]))


@dataclass(frozen=True, eq=False)
class Networks(OneDevice):
    """A profile's networks: keys, vectors (N, G), log milliseconds and families (N,)."""

    profile: DeviceProfile
    keys: tuple[str, ...]
    phi: FloatArray
    log_ms: FloatArray
    family: NDArray[np.str_]

    @cached_property
    def figures(self) -> Figures:
        return plain_figures(self.keys, self.family, self.log_ms)

    def predict(self, pricing: Pricing, rows: NDArray[np.int64]) -> Predicted:
        return Predicted(*pricing.log_ms(self.phi[rows]), np.zeros(len(rows)))


class Sixth(Learner[Networks, GroupRates]):
    """Non-negative least squares on relative errors."""

    pricing = GroupRates
    seen = SeenInNetworks
    seconds = 1.0

    def gather(self, profile: DeviceProfile, keep: Keep = everything) -> Networks:
        profile = kept_part(profile, keep)
        figures = {
            row.graph: row.latency_ms
            for row in profile.networks
            if row.graph and row.counts and not row.cliff
        }
        networks = read_networks(frozenset(figures), profile.passes, own_graphs((profile,)))
        return Networks(
            profile,
            tuple(networks),
            np.array([network.vector @ IN_GROUP for network in networks.values()]),
            np.log([figures[key] for key in networks]),
            np.array([family_of(key, profile.name) for key in networks]),
        )

    def learn(self, evidence: Networks, times: Times) -> GroupRates:
        rows = times.rows(evidence.family)
        ms = np.exp(evidence.log_ms[rows])
        x = np.hstack([evidence.phi[rows], np.full((len(rows), 1), FIXED_MS)])
        factors, _ = nnls(x / ms[:, None], np.ones(len(rows)))
        left = np.log(ms) - np.log(np.maximum(x @ factors, 1e-6))
        return GroupRates(factors, float(max(np.median(np.abs(left)), 0.02)))

    def see(self, evidence: Networks) -> SeenInNetworks:
        networks = read_networks(
            frozenset(evidence.keys), evidence.profile.passes, own_graphs((evidence.profile,))
        )
        return SeenInNetworks.collect((family_of(key, key), one.kinds) for key, one in networks.items())
