"""A network that is to be timed, and what its figure is for."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property

from dsim.arch import Arch
from dsim.graph import Graph
from dsim.latency.networks import read_graph

LEARN, CHECK, SEARCHED = "", "check", "searched"
ROLES = (LEARN, CHECK, SEARCHED)


@dataclass(frozen=True)
class Planned:
    """One network.

    Attributes
    ----------
    key
        ``name@resolution``: of a stored graph, or of a design by a hash of what it is.
    role
        Empty to learn from, ``check`` to be held out for good, ``searched`` for one that a search chose.
    arch
        The design; None for a stored graph.
    read
        The stored graph where it was read already: finding one among all of them takes time.
    """

    key: str
    role: str = LEARN
    arch: Arch | None = None
    read: Graph | None = None

    @cached_property
    def graph(self) -> Graph:
        """Its graph, before any pass."""
        if self.arch is not None:
            return self.arch.to_graph()
        return self.read if self.read is not None else read_graph(self.key)


def planned_design(arch: Arch, role: str = LEARN) -> Planned:
    """Plan a design; equal designs have equal keys."""
    plain = json.dumps(json.loads(arch.to_json()), sort_keys=True, separators=(",", ":"))
    return Planned(f"design-{hashlib.sha256(plain.encode()).hexdigest()[:12]}@{arch.resolution}", role, arch)
