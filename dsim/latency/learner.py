"""The contract of a way of learning latency, for making one as well as for using it.

A **learner** is one object. It gathers evidence from a profile, and learns prices from evidence in which each family of
networks counts so many times. Everything else of a device's model is written once, on that contract, and knows no learner by
name: `dsim.latency.fit` (a model from evidence), `hold_out` (predictions without a family), `calibrate` (intervals from
their errors), `refit` (models of bootstrap draws and halves), `identify` (which choices the evidence tells apart) and `store`
(models as bytes). `DeviceModel` in `dsim.latency.model` is what users get.

To add one, write a folder (or one file) under ``dsim/latency/methods/`` and one line in ``LEARNERS`` of
`dsim.latency.learners`; a profile asks for it with ``method = "..."`` in profile.toml. From outside of dsim,
`dsim.latency.learners.register` does the same. Three classes are needed:

1. **Evidence**: figures of a profile as arrays. `Evidence.figures` are what is held out and predicted: usually one row for each
   measured network. `Evidence.predict` says what prices say of them.
2. **Pricing**: what was learned, a frozen dataclass of arrays and plain values, which `dsim.latency.store` writes as it is. It
   turns a graph into kernels, kernels into vectors that **add up**, and vectors into log milliseconds with a spread. Adding up
   is what makes a search fast: pieces of a design are priced once.
3. **Learner**: `Learner.gather` and `Learner.learn` have to be written. The rest has defaults, which say what most do: prices
   rest on the profile's own figures, each family is held out by itself, no network leaves the device, a choice is identified by
   bootstraps of families.

``times`` says how often a family counts: 0 holds it out, any counts are a draw with replacement, 0 and 1 are halves, 1 for
all is a plain fit. What must hold, for every learner (tests/latency/test_learner_contract.py runs it):

- a family at 0 teaches as if its figures were not there, at a donor and in a pool too;
- a family at 2 teaches as if its figures were there twice, or once where the learner says so (``once``);
- the same evidence and times give the same prices, in whatever order the figures are listed;
- vectors of pieces add up to the vector of the whole; a vector alone says what it costs;
- what was never seen is named (`Seen`), and counts as little as any kernel does.

tests/latency/sixth.py is a small learner that does all of it in one file.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

import numpy as np

from dsim.device.find import find_profile, pool_folders
from dsim.device.folders import bundled_folders
from dsim.device.profile import DeviceProfile
from dsim.latency.cliffs import no_cliffs
from dsim.latency.evidence import Evidence, Keep, Times, everything
from dsim.latency.features import FloatArray
from dsim.latency.networks import own_graphs, read_networks
from dsim.latency.pricing import Pricing
from dsim.latency.records import Identified
from dsim.latency.seen import Seen

if TYPE_CHECKING:
    from dsim.latency.calibrate import Calibration


class LearnsFrom(StrEnum):
    """Whose figures set a profile's prices, beside those of a donor that it names."""

    OWN = "its own figures"
    POOL = "the profiles of its pool"
    ALL = "all bundled devices"


class Donor(StrEnum):
    """Whether a profile names another one to start from."""

    NONE = "none"
    MAY = "may"
    MUST = "must"


E = TypeVar("E", bound=Evidence)
P = TypeVar("P", bound=Pricing)


class Learner(ABC, Generic[E, P]):
    """A way of learning latency; see the module for what must hold.

    Attributes
    ----------
    pricing, seen
        The classes of what it learns, and of which kernels it has seen.
    learns_from
        Whose figures set the prices.
    donor
        Whether a profile names another to start from.
    few
        Whether it is for devices with a handful of networks, so that more of them are worth advice.
    leaves
        Whether networks can leave the accelerator on devices that are learned so.
    centred
        Whether estimates move to the median of the held-out errors.
    seconds
        About how long learning takes on one core.
    needs
        Figures without which nothing is learned.
    """

    pricing: type[P]
    seen: type[Seen]
    learns_from: ClassVar[LearnsFrom] = LearnsFrom.OWN
    donor: ClassVar[Donor] = Donor.NONE
    few: ClassVar[bool] = False
    leaves: ClassVar[bool] = False
    centred: ClassVar[bool] = True
    seconds: ClassVar[float] = 15.0
    needs: ClassVar[int] = 0
    once: ClassVar[bool] = False

    @property
    def own_prices(self) -> bool:
        """Whether prices rest on the profile's own figures alone, beside a donor's."""
        return self.learns_from is LearnsFrom.OWN

    @abstractmethod
    def gather(self, profile: DeviceProfile, keep: Keep = everything) -> E:
        """Collect the figures of a profile, of its pool and of its donor.

        Parameters
        ----------
        profile
            The profile.
        keep
            Tells whether a network may be known, by profile and key.

        Raises
        ------
        DsimError
            The profile lacks what is needed.
        """

    @abstractmethod
    def learn(self, evidence: E, times: Times) -> P:
        """Learn prices from evidence in which each family counts so many times; deterministic."""

    @abstractmethod
    def see(self, evidence: E) -> Seen:
        """Collect which kernels the evidence has seen."""

    def rests_on(self, profile: DeviceProfile) -> tuple[Path, ...]:
        """Return the folders whose figures reach a profile's model, without its donor's; the order is part of cache marks."""
        if self.learns_from is LearnsFrom.ALL:
            return (profile.folder, *bundled_folders())
        return pool_folders(profile) if self.learns_from is LearnsFrom.POOL else (profile.folder,)

    def teachers(self, profile: DeviceProfile) -> str:
        """Say in words what a profile is learned with."""
        start = f", starting from {profile.donor}" if profile.donor else ""
        return f"{self.learns_from}{start}"

    def operators_in(self, profile: DeviceProfile) -> set[str]:
        """Return the operators and activations that a profile's own evidence holds in its reference protocol, as they run."""
        usable = (
            row for row in profile.networks if row.counts and not row.cliff and profile.is_reference(row)
        )
        keys = frozenset(row.graph for row in usable if row.graph)
        networks = read_networks(keys, profile.passes, own_graphs((profile,)), profile.batch)
        return {label for network in networks.values() for label in network.facts.labels}

    def folds(self, evidence: E) -> dict[str, int]:
        """Return the number of the fold that each family of figures is held out in: each in its own."""
        return {str(name): n for n, name in enumerate(np.unique(evidence.figures.families))}

    def shipped(self, evidence: E) -> tuple[FloatArray, FloatArray] | None:
        """Return held-out log milliseconds (M,) and spreads (M,) that come with dsim for exactly this evidence, or None."""
        del evidence
        return None

    def symmetric(self, profile: DeviceProfile) -> bool:
        """Tell whether held-out errors count as likely above as below, for a median of few families would add a bias."""
        del profile
        return False

    def known_errors(self, evidence: E, times: Times) -> Calibration | None:
        """Return how far prices err where that is known beforehand; None where held-out errors tell."""
        del evidence, times
        return None

    def cliff_weights(self, evidence: E) -> FloatArray:
        """Return the weights of the chance that a network leaves the accelerator (`dsim.latency.cliffs`)."""
        del evidence
        return no_cliffs()

    def choices(self, evidence: E, pricing: P) -> tuple[Identified, ...] | None:
        """Decide which activations and norms the evidence tells apart; None where bootstraps of families decide."""
        del evidence, pricing
        return None


def donors_of(profile: DeviceProfile) -> tuple[DeviceProfile, ...]:
    """Return the profiles that a profile starts from, nearest first."""
    line: list[DeviceProfile] = [profile]
    while line[-1].donor and line[-1].donor not in {one.name for one in line}:
        line.append(find_profile(line[-1].donor))
    return tuple(line[1:])
