"""What was timed on a device, and how near a network is to it, told from its graph alone.

A **kind of block** is what kernels are told apart by: a convolution and its side, a depthwise or grouped one, attention's
products, a norm, pooling, an activation. Sizes and how often a kind occurs do not count, so that networks which hold the same
kinds are variants of each other in depth or width (lab/notes/intervals.md counts how many of them are of one family). Nothing
here looks at errors.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dsim.latency.facts import Facts
from dsim.latency.features import ALIKE, FREE_UNKNOWN
from dsim.latency.methods.fine.costs import INDEX
from dsim.latency.question import Question
from dsim.latency.seen import digest

BlockKinds = frozenset[str]
_GROUPED = INDEX["start_grouped"]


def block_kinds(facts: Facts) -> BlockKinds:
    """Return the kinds of block that a network holds after a runtime's passes."""
    found: set[str] = set()
    for name, _, _ in facts.kinds[1]:
        start, side, activation = name.split("|")
        if start:
            found |= {f"{start}|{side}"} | ({f"activation {activation}"} if activation else set())
    if facts.fine[_GROUPED] > 0:
        found.add("grouped convolution")
    return frozenset(found | {name for name in facts.outside if name not in FREE_UNKNOWN | ALIKE.keys()})


def mark_of(kinds: BlockKinds) -> int:
    """Return 63 bits that stand for a set of kinds."""
    return digest("\n".join(sorted(kinds)))


@dataclass(frozen=True)
class Timed:
    """What was timed on a device.

    Attributes
    ----------
    kinds
        Every kind of block, in alphabetical order.
    networks
        Marks (N,) of the sets of kinds of whole networks, sorted.
    """

    kinds: tuple[str, ...]
    networks: NDArray[np.int64]

    @classmethod
    def of(cls, networks: Iterable[BlockKinds]) -> Timed:
        """Collect what networks hold."""
        every = set(networks)
        kinds = tuple(sorted(set().union(*every)))
        return cls(kinds, np.array(sorted(map(mark_of, every)), dtype=np.int64))

    def question(self, kinds: BlockKinds) -> Question:
        """Tell the nearest question that a network with such kinds belongs to."""
        if mark_of(kinds) in self._marks:
            return Question.VARIANT
        return Question.KNOWN if kinds <= self._known else Question.FOREIGN

    @cached_property
    def _known(self) -> BlockKinds:
        return frozenset(self.kinds)

    @cached_property
    def _marks(self) -> frozenset[int]:
        return frozenset(self.networks.tolist())
