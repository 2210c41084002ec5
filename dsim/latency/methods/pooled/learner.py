"""Profiles of a pool learned together, from nominal rates or from another device's.

The paces of two neural engines differ by a factor; how their kernels compare differs by less. So a profile with a donor
starts from the donor's learned rates, has a pace of its own, and lets each rate stray a little.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import ClassVar

import numpy as np

from dsim.device.profile import DeviceProfile
from dsim.latency.evidence import Keep, Times, everything
from dsim.latency.families import family_of
from dsim.latency.features import FloatArray
from dsim.latency.learner import Donor, Learner, LearnsFrom
from dsim.latency.methods.pooled.choices import choices
from dsim.latency.methods.pooled.ensemble import NOMINAL, Belief, fit_members, rates_of
from dsim.latency.methods.pooled.evidence import PooledEvidence, gather
from dsim.latency.methods.pooled.falls import fit_cliffs
from dsim.latency.methods.pooled.fit import FitSettings
from dsim.latency.methods.pooled.rates import PoolRates, Rates
from dsim.latency.records import Identified
from dsim.latency.seen import SeenInNetworks

# how far a rate strays from the donor's, and one figure from the model; averaged over, as with the other ensembles
ADAPTED: tuple[FitSettings, ...] = (
    FitSettings(noise=0.12, prior_sd=0.15),
    FitSettings(noise=0.12, prior_sd=0.3),
)
OWN = 0.2  # how far a profile's rates stray from its pool's


class Roofline(Learner[PooledEvidence, Rates]):
    """Rates of a roofline, learned for all profiles of a pool at once; each phone has a factor of its own."""

    pricing = Rates
    seen = SeenInNetworks
    learns_from: ClassVar[LearnsFrom] = LearnsFrom.POOL
    leaves: ClassVar[bool] = True
    seconds: ClassVar[float] = 10.0

    def gather(self, profile: DeviceProfile, keep: Keep = everything) -> PooledEvidence:
        """Collect the evidence of a profile's pool, and of its donor; see `Learner.gather`."""
        return gather(profile, keep)

    def learn(self, evidence: PooledEvidence, times: Times) -> PoolRates:
        """Learn the pool's rates, and return those of the profile."""
        drawn, belief = evidence.drawn(times), belief_of(evidence, times)
        fits = fit_members(drawn, drawn.learnable, belief)

        @cache
        def member(index: int) -> Rates:
            return rates_of(drawn, fits, index, drawn.learnable, belief)

        own = member(evidence.index)
        effects = np.asarray(np.mean([one.effects for one in fits], axis=0))
        return PoolRates(own.theta, own.covariance, member, effects)

    def see(self, evidence: PooledEvidence) -> SeenInNetworks:
        """Collect the kernels of all measured networks of the pool."""
        measured = {row.graph for _, row in evidence.rows}
        return SeenInNetworks.collect(
            (family_of(key, key), one.kinds) for key, one in evidence.networks.items() if key in measured
        )

    def symmetric(self, profile: DeviceProfile) -> bool:
        """Tell whether errors count both ways: with a donor, a pool has a pace and rates of its own."""
        return bool(profile.donor)

    def cliff_weights(self, evidence: PooledEvidence) -> FloatArray:
        """Return the weights of the chance that a network leaves the accelerator."""
        return fit_cliffs(evidence)

    def choices(self, evidence: PooledEvidence, pricing: Rates) -> tuple[Identified, ...]:
        """Decide which activations and norms the profile's own contrasts tell apart."""
        del pricing
        belief = belief_of(evidence, Times(lambda family: 1))
        return choices(evidence, belief)

    def teachers(self, profile: DeviceProfile) -> str:
        """Say in words what a profile is learned with."""
        start = f", starting from {profile.donor}" if profile.donor else ""
        return f"all devices of the pool {profile.pool!r}{start}"


class Adapted(Roofline):
    """The same, for pools that start from the learned rates of another device."""

    donor: ClassVar[Donor] = Donor.MUST
    seconds: ClassVar[float] = 15.0


def belief_of(evidence: PooledEvidence, times: Times) -> Belief:
    """Return what a fit starts from: its donor's rates from the same draw, or the nominal ones where it has no donor."""
    if evidence.start is None:
        return NOMINAL
    return Belief(ADAPTED, _centre(evidence.start, _draw(evidence.start, times), times.keep_contrasts), OWN)


def _draw(evidence: PooledEvidence, times: Times) -> tuple[tuple[str, int], ...]:
    """Return how often each family counts, of an evidence and of those that it starts from."""
    names: set[str] = set()
    line: PooledEvidence | None = evidence
    while line is not None:
        names |= {str(name) for name in line.family} | {
            name for both in line.contrast_family for name in both
        }
        line = line.start
    return tuple((name, times.of(name)) for name in sorted(names))


@lru_cache(maxsize=256)
def _centre(start: PooledEvidence, draw: tuple[tuple[str, int], ...], keep_contrasts: bool) -> FloatArray:
    """Return the mean log factors (P + 1,) of a donor; its pace is left out."""
    counts = dict(draw)
    times = Times(lambda family: counts[family], keep_contrasts)
    drawn = start.drawn(times)
    fits = fit_members(drawn, drawn.learnable, belief_of(start, times))
    return np.asarray(rates_of(drawn, fits, start.index).theta.mean(0))
