"""A handful of networks of a new device, and all bundled devices: those that resemble it say what it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from dsim.device.profile import DeviceProfile
from dsim.latency.calibrate import Calibration
from dsim.latency.cliffs import no_cliffs, shifted
from dsim.latency.evidence import (
    Families,
    Figures,
    Keep,
    OneDevice,
    Predicted,
    Times,
    everything,
    kept_part,
    plain_figures,
)
from dsim.latency.families import family_of
from dsim.latency.features import FloatArray
from dsim.latency.learner import Donor, Learner, LearnsFrom
from dsim.latency.methods.few_shot.combine import believe, combine
from dsim.latency.methods.few_shot.distil import distil
from dsim.latency.methods.few_shot.errors import calibration_for
from dsim.latency.methods.few_shot.own import Own, gather_own
from dsim.latency.methods.few_shot.reference import measured_ms, medians
from dsim.latency.methods.few_shot.teachers import donor_named, donor_of
from dsim.latency.methods.fine.correct import places
from dsim.latency.methods.fine.evidence import regime_of
from dsim.latency.methods.fine.rates import FineRates
from dsim.latency.networks import own_graphs, read_networks
from dsim.latency.pricing import Pricing
from dsim.latency.records import Identified
from dsim.latency.seen import SeenInNetworks

LEAST = 3  # networks that few-shot learning needs
NEAR = 5  # donors whose measured networks are said again exactly


@dataclass(frozen=True, eq=False)
class FewShotEvidence(OneDevice):
    """A profile's own figures beside what all bundled devices say, and the families of its networks (n,)."""

    profile: DeviceProfile
    own: Own
    family: Families

    @cached_property
    def figures(self) -> Figures:
        """The profile's own networks, to be held out and predicted."""
        keys = [self.own.keys[n] for n in self.own.measured]
        return plain_figures(keys, self.family, self.own.log_ms)

    def predict(self, pricing: Pricing, rows: NDArray[np.int64]) -> Predicted:
        """Return what prices say of some own networks, rows (n,)."""
        phi = self.own.vectors[self.own.measured[rows]]
        return Predicted(*pricing.log_ms(phi), np.zeros(len(rows)))


class FewShot(Learner[FewShotEvidence, FineRates]):
    """Prices put together from those of other devices, by a handful of a device's own networks.

    Parameters
    ----------
    ask
        Returns how a profile is learned: every bundled device is asked about the reference networks.
    """

    pricing = FineRates
    seen = SeenInNetworks
    learns_from: ClassVar[LearnsFrom] = LearnsFrom.ALL
    donor: ClassVar[Donor] = Donor.MUST
    few: ClassVar[bool] = True
    seconds: ClassVar[float] = 5.0
    needs: ClassVar[int] = LEAST
    once: ClassVar[bool] = True

    def __init__(self, ask: Callable[[DeviceProfile], Learner[Any, Any]]) -> None:
        self._ask = ask

    def gather(self, profile: DeviceProfile, keep: Keep = everything) -> FewShotEvidence:
        """Put a profile's figures beside the donors' table; see `Learner.gather`."""
        part = kept_part(profile, keep)
        own = gather_own(part, self._ask)
        return FewShotEvidence(part, own, own.families[own.measured])

    def learn(self, evidence: FewShotEvidence, times: Times) -> FineRates:
        """Learn from the own networks that count; each counts once, and what the donors say stays as it is."""
        return learn_few(evidence.own, times.counts(evidence.family) > 0)

    def see(self, evidence: FewShotEvidence) -> SeenInNetworks:
        """Tell kernels of the device's own networks from those that only its donor ran."""
        profile, donor = evidence.profile, donor_of(evidence.profile)
        figures, theirs = medians(profile.networks), measured_ms(donor)
        networks = read_networks(
            frozenset(figures) | frozenset(theirs), profile.passes, own_graphs((profile, donor))
        )
        every = SeenInNetworks.collect((family_of(key, key), one.kinds) for key, one in networks.items())
        own = SeenInNetworks.collect((family_of(key, key), networks[key].kinds) for key in figures)
        return SeenInNetworks(own.marks, every.kinds, every.low, every.high, every.families)

    def known_errors(self, evidence: FewShotEvidence, times: Times) -> Calibration:
        """Return how far devices with so many networks were mispredicted when bundled ones were treated as new."""
        return calibration_for(evidence.left(times))

    def cliff_weights(self, evidence: FewShotEvidence) -> FloatArray:
        """Return the donor's weights of the chance of a cliff, moved by what the device's own networks did."""
        donor = donor_of(evidence.profile)
        how = self._ask(donor)
        weights = how.cliff_weights(how.gather(donor)) if how.leaves else no_cliffs()
        return shifted(weights, *_outcomes(evidence.profile))

    def choices(self, evidence: FewShotEvidence, pricing: FineRates) -> tuple[Identified, ...]:
        """Decide nothing: a handful of networks tells no two options apart."""
        del evidence, pricing
        return ()

    def teachers(self, profile: DeviceProfile) -> str:
        """Say in words what a profile is learned with."""
        del profile
        return "its own networks and all bundled devices"


def learn_few(own: Own, keep: NDArray[np.bool_] | None = None) -> FineRates:
    """Learn from the measured networks (n,) that are kept, default all."""
    use = np.ones(len(own.measured), dtype=bool) if keep is None else keep
    measured = own.measured[use]
    prior = believe(own.table, places(own.vectors, own.log_rate), measured, own.log_ms[use])
    said = combine(prior, measured, own.log_ms[use])
    near = [str(own.names[d]) for d in np.argsort(prior.error, kind="stable")[:NEAR]]
    timed = {key for name in near for key in measured_ms(donor_named(name))}
    exact = [n for n, key in enumerate(own.keys) if key in timed]
    regime = regime_of(donor_named(str(own.names[own.lead])))
    return distil(own.vectors, said, regime, measured, np.union1d(exact, measured).astype(np.int64))


def _outcomes(profile: DeviceProfile) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return vectors (n, F) of the device's own networks, and whether each left the accelerator (n,); once each."""
    seen = sorted({(row.graph, bool(row.cliff)) for row in profile.networks if row.graph and row.counts})
    networks = read_networks(frozenset(key for key, _ in seen), profile.passes, own_graphs((profile,)))
    return np.array([networks[key].vector for key, _ in seen]), np.array([fell for _, fell in seen])
