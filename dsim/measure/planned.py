"""A network that is to be timed, and what its figure is for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from dsim.arch import Arch
from dsim.device.profile import CHECK, FOREIGN, LEARN, SEARCHED
from dsim.errors import BatchError
from dsim.graph import Graph
from dsim.graph.batch import rebatch
from dsim.latency.networks import read_graph

ANCHOR = "anchor"  # timed again and again, to see how the machine's own speed goes: no figure of it is in a profile
ROLES = (LEARN, CHECK, SEARCHED, ANCHOR)


class Chosen(NamedTuple):
    """A search on a backend's profile that chose a design, and the budget in milliseconds that it had to fit."""

    backend: str
    budget_ms: float


@dataclass(frozen=True)
class Planned:
    """One network.

    Attributes
    ----------
    key
        ``name@resolution``: of a stored graph, or of a design by a hash of what it is.
    role
        LEARN, CHECK, SEARCHED or ANCHOR.
    chosen
        By whom, for SEARCHED.
    batch
        Images in the run that is timed.
    arch
        The design; None for a stored graph.
    read
        The stored graph where it was read already: finding one among all of them takes time.
    """

    key: str
    role: str = LEARN
    arch: Arch | None = None
    read: Graph | None = None
    chosen: tuple[Chosen, ...] = ()
    batch: int = 1

    @property
    def label(self) -> str:
        """What to call it: its key, and the batch where it is not 1."""
        return self.key if self.batch == 1 else f"{self.key} at batch {self.batch}"

    def role_on(self, backend: str) -> str:
        """Return its role in a backend's profile; FOREIGN for a design that a search on another profile chose."""
        if self.role == SEARCHED and backend not in {one.backend for one in self.chosen}:
            return FOREIGN
        return self.role

    def budget_on(self, backend: str) -> float | None:
        """Return the tightest budget in milliseconds under which a search on a backend's profile chose it."""
        return min((one.budget_ms for one in self.chosen if one.backend == backend), default=None)

    def at(self, batch: int) -> Planned | None:
        """Return it for a run of that many images; None where that would be another network."""
        one = replace(self, batch=batch, read=self.one_image)
        try:
            one.graph  # noqa: B018 - worked out here, and kept
        except BatchError:
            return None
        return one

    @cached_property
    def graph(self) -> Graph:
        """Its graph at its batch, before any pass.

        Raises
        ------
        BatchError
            It cannot be had at that batch.
        """
        return rebatch(self.one_image, self.batch)

    @cached_property
    def one_image(self) -> Graph:
        """Its graph for one image, before any pass."""
        if self.arch is not None:
            return self.arch.to_graph()
        return self.read if self.read is not None else read_graph(self.key)


def planned_design(arch: Arch, role: str = LEARN, chosen: tuple[Chosen, ...] = ()) -> Planned:
    """Plan a design; equal designs have equal keys."""
    return Planned(f"design-{arch.canonical_hash()[:12]}@{arch.resolution}", role, arch, chosen=chosen)
