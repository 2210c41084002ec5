"""Operators timed inside networks, added up by block: blocks of one kind against another, in the same runs."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dsim.device import DeviceProfile
from dsim.latency.networks import own_graphs, read_networks
from dsim.op import Op, OpKind
from lab.claims.paper.records import Kind, Piece
from lab.claims.paper.rule import CONFIDENCE, percent

DESIGNS = "design-"  # names of designs that dsim drew: their modules are stem, stages.N.blocks.M, head
LEAST = 5  # networks, or widths, that a median needs
HOW = "in situ"


@dataclass(frozen=True)
class Part:
    """One module of a measured network.

    Attributes
    ----------
    network, scope
        Graph key, and path of the module.
    ops
        Its kernels, as the runtime ran them.
    latency_ms
        Sum of their times; a kernel that the profiler did not see ran inside a neighbour.
    """

    network: str
    scope: str
    ops: tuple[Op, ...]
    latency_ms: float

    @property
    def macs(self) -> int:
        """Multiply-accumulates."""
        return sum(op.macs for op in self.ops)

    def holds(self, kind: OpKind) -> bool:
        """Tell whether some kernel is of a kind."""
        return any(op.kind is kind for op in self.ops)


def parts_of(profile: DeviceProfile) -> tuple[Part, ...]:
    """Return every module of every network whose operators a profile timed in situ; not those with a time that was attributed."""
    times: dict[str, dict[int, float]] = defaultdict(dict)
    attributed = set()
    for row in profile.ops:
        if row.how == HOW and row.network:
            times[row.network][row.position] = row.latency_ms
        elif row.network:
            attributed.add((row.network, row.position))
    if not times:
        return ()
    found = read_networks(frozenset(times), profile.passes, own_graphs((profile,)))
    out = []
    for network, at in times.items():
        ops: dict[str, list[Op]] = defaultdict(list)
        ms: dict[str, float] = defaultdict(float)
        doubtful = set()
        for position, node in enumerate(found[network].run.nodes):
            ops[node.scope].append(node.op)
            ms[node.scope] += at.get(position, 0.0)
            if (network, position) in attributed:
                doubtful.add(node.scope)
        out += [Part(network, scope, tuple(ops[scope]), ms[scope]) for scope in ops if scope not in doubtful]
    return tuple(out)


def median_piece(
    what: str, a: str, b: str, logs: Sequence[float], ms: tuple[float, float], source: str
) -> Piece | None:
    """Sum paired log ratios up: their median, with its interval; None where they are too few.

    Parameters
    ----------
    ms
        Median milliseconds of either side.
    """
    if len(logs) < LEAST:
        return None
    low, high = median_range(logs)
    return Piece(
        Kind.IN_SITU, what, a, b, ms[0], ms[1], percent(float(np.median(logs))), percent(low),
        percent(high), len(logs), source,
    )  # fmt: skip


def median_range(values: Sequence[float], confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return two of the values between which their distribution's median lies at the confidence asked, whatever the distribution.

    How many of n values lie below the median is binomial. Fewer than five values cannot say so much at 90%: then it is
    their whole range.
    """
    ordered, n = sorted(values), len(values)
    rest, below, cut = (1.0 - confidence) / 2.0, 0.0, 0
    while (below := below + math.comb(n, cut) / 2.0**n) <= rest:
        cut += 1
    cut = max(cut - 1, 0)
    return ordered[cut], ordered[n - 1 - cut]


def source_of(profile: DeviceProfile) -> str:
    """Name who timed the operators."""
    return next(row.source for row in profile.ops if row.how == HOW)


def log_ratio(a_ms: float, b_ms: float, work: float = 1.0) -> float:
    """Return the log of a ratio of times, less that of work."""
    return math.log(b_ms / a_ms / work)
