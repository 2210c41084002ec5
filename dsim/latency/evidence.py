"""Evidence: what a learner gathered, and how often each family of it counts. See `dsim.latency.learner`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dsim.device.profile import DeviceProfile
from dsim.latency.features import FloatArray
from dsim.latency.pricing import Pricing

Families = NDArray[np.str_]
Keep = Callable[[DeviceProfile, str], bool]


def everything(profile: DeviceProfile, key: str) -> bool:
    """Keep every network of every profile."""
    del profile, key
    return True


def kept_part(profile: DeviceProfile, keep: Keep) -> DeviceProfile:
    """Return a profile as it would be without the networks that are not kept.

    Whole networks, the operators that were timed inside them, and contrasts that touch one of them go.
    """
    if keep is everything:
        return profile
    return replace(
        profile,
        networks=tuple(row for row in profile.networks if row.graph and keep(profile, row.graph)),
        contrasts=tuple(
            one
            for one in profile.contrasts
            if one.graph_a and one.graph_b and keep(profile, one.graph_a) and keep(profile, one.graph_b)
        ),
        ops=tuple(op for op in profile.ops if not op.network or keep(profile, op.network)),
    )


@dataclass(frozen=True)
class Times:
    """How often each family counts.

    Attributes
    ----------
    of
        Returns how often a family counts.
    keep_contrasts
        Whether a pair of networks that was timed for what it says stays where a family of one side counts 0: yes in a draw of
        families, for it is an experiment and no draw; no where the family is held out.
    """

    of: Callable[[str], int]
    keep_contrasts: bool = False

    def counts(self, families: Families) -> NDArray[np.int64]:
        """Return how often each row (N,) counts by its family."""
        names, where = np.unique(families, return_inverse=True)
        return np.array([self.of(str(name)) for name in names], dtype=np.int64)[where]

    def rows(self, families: Families) -> NDArray[np.int64]:
        """Return the place of each row (N,) as often as its family counts."""
        return np.repeat(np.arange(len(families)), self.counts(families))


ALL = Times(lambda family: 1)


def without(families: Iterable[str]) -> Times:
    """Return the times that hold some families out."""
    gone = frozenset(families)
    return Times(lambda family: int(family not in gone))


@dataclass(frozen=True)
class Figures:
    """What is held out and predicted, arrays (M,) of figures.

    Attributes
    ----------
    keys
        What was timed: a network's key; or the kind of an operator, where operators alone were.
    families
        What each is held out with.
    owner
        Place of its profile in the evidence's ``profiles``.
    log_ms
        Log milliseconds.
    item
        Figures with one number are of one network on one device and count as one; numbers run in the order of a report.
    cliff
        Evidence that it left the accelerator; empty where it stayed.
    reference
        Whether it was timed in the reference protocol of its profile.
    judged
        Whether its error tells how far estimates err: only such figures make intervals.
    complete
        False where the network holds a kernel that no other family's evidence knows.
    """

    keys: tuple[str, ...]
    families: Families
    owner: NDArray[np.int64]
    log_ms: FloatArray
    item: NDArray[np.int64]
    cliff: tuple[str, ...]
    reference: NDArray[np.bool_]
    judged: NDArray[np.bool_]
    complete: NDArray[np.bool_]


def plain_figures(
    keys: Sequence[str], families: Families, log_ms: FloatArray, lonely: frozenset[str] = frozenset()
) -> Figures:
    """Return figures of one profile, each of which stands for itself, was timed as estimates speak, and stayed."""
    every, order = np.ones(len(keys), dtype=bool), np.argsort(families, kind="stable")
    item = np.empty(len(keys), dtype=np.int64)
    item[order] = np.arange(len(keys))
    complete = np.array([key not in lonely for key in keys], dtype=bool)
    owner = np.zeros(len(keys), dtype=np.int64)
    return Figures(tuple(keys), families, owner, log_ms, item, ("",) * len(keys), every, every, complete)


@dataclass(frozen=True)
class Predicted:
    """What prices say of figures, arrays (n,).

    Log milliseconds in the reference protocol, their spread, and what each figure's own protocol and laboratory add.
    """

    log_ms: FloatArray
    spread: FloatArray
    protocol: FloatArray


class Evidence(Protocol):
    """What a learner gathered of one profile, and of those that it learns with."""

    @property
    def profile(self) -> DeviceProfile:
        """Whom prices are learned for."""

    @property
    def profiles(self) -> tuple[DeviceProfile, ...]:
        """Whose figures are held out together."""

    @property
    def index(self) -> int:
        """Place of the profile among them."""

    @property
    def families(self) -> tuple[str, ...]:
        """Names of the families that prices are learned from, in alphabetical order."""

    @property
    def figures(self) -> Figures:
        """What is held out and predicted."""

    def left(self, times: Times) -> int:
        """Return how many different figures are left to learn from; where a donor has fewer, how many it has."""

    def predict(self, pricing: Pricing, rows: NDArray[np.int64]) -> Predicted:
        """Return what prices say of some figures, rows (n,)."""


class OneDevice:
    """Evidence of one profile's own figures, each with its family (N,): what is the same for all such."""

    profile: DeviceProfile
    family: Families

    @property
    def profiles(self) -> tuple[DeviceProfile, ...]:
        """Whose figures are held out together."""
        return (self.profile,)

    @property
    def index(self) -> int:
        """Place of the profile among them."""
        return 0

    @property
    def families(self) -> tuple[str, ...]:
        """Names of the families, in alphabetical order."""
        return tuple(sorted({str(name) for name in self.family}))

    def left(self, times: Times) -> int:
        """Return how many figures are left to learn from."""
        return int((times.counts(self.family) > 0).sum())
