"""Hundreds of networks of one device: rates in many kinds of cost, and a correction for what they leave over."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from dsim.device.profile import DeviceProfile
from dsim.latency.evidence import Keep, Times, everything
from dsim.latency.families import by_size, family_of
from dsim.latency.learner import Donor, Learner
from dsim.latency.methods.fine.choices import choices
from dsim.latency.methods.fine.donor import donor_log_rate, stray
from dsim.latency.methods.fine.evidence import FineEvidence, gather
from dsim.latency.methods.fine.rates import FineRates, learn_rates
from dsim.latency.networks import own_graphs, read_networks
from dsim.latency.records import Identified
from dsim.latency.seen import SeenInNetworks

FOLDS = 10  # families are held out in this many groups of equal size


class Fine(Learner[FineEvidence, FineRates]):
    """Fine rates and their correction, from a profile's own networks."""

    pricing = FineRates
    seen = SeenInNetworks
    donor: ClassVar[Donor] = Donor.MAY

    def gather(self, profile: DeviceProfile, keep: Keep = everything) -> FineEvidence:
        """Collect a profile's networks, and its donor's; see `Learner.gather`."""
        return gather(profile, keep)

    def learn(self, evidence: FineEvidence, times: Times) -> FineRates:
        """Learn rates; a donor is learned without the families that count 0 here."""
        counts = times.counts(evidence.family)
        rows = np.repeat(np.arange(len(counts)), counts)
        centre = None
        if evidence.start is not None:
            gone = frozenset(str(name) for name in evidence.family[counts == 0])
            centre = donor_log_rate(evidence.start, gone)
        return learn_rates(
            evidence.phi[rows],
            evidence.log_ms[rows],
            evidence.family[rows],
            evidence.regime,
            centre,
            stray(),
            evidence.rounding[rows],
        )

    def see(self, evidence: FineEvidence) -> SeenInNetworks:
        """Collect the kernels of the profile's networks."""
        profile = evidence.profile
        networks = read_networks(
            frozenset(evidence.keys), profile.passes, own_graphs((profile,)), profile.batch
        )
        return SeenInNetworks.collect(
            (family_of(key, key), network.kinds) for key, network in networks.items()
        )

    def folds(self, evidence: FineEvidence) -> dict[str, int]:
        """Deal families into groups of equal size."""
        return by_size(evidence.family, FOLDS)

    def symmetric(self, profile: DeviceProfile) -> bool:
        """Tell that errors count both ways: rates of hundreds of networks have no bias to speak of."""
        del profile
        return True

    def choices(self, evidence: FineEvidence, pricing: FineRates) -> tuple[Identified, ...]:
        """Decide which activations and norms the networks tell apart."""
        del pricing
        return choices(evidence)

    def teachers(self, profile: DeviceProfile) -> str:
        """Say in words what a profile is learned with."""
        return f"its own networks{f', starting from {profile.donor}' if profile.donor else ''}"
