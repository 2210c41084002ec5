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
from dsim.shift.paper.records import Kind, Piece
from dsim.shift.paper.rule import CONFIDENCE, percent

DESIGNS = "design-"  # names of designs that dsim drew: their modules are stem, stages.N.blocks.M, head
LEAST = 5  # networks, or widths, that a median needs
DRAWS = 2000
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
    """Give every module of every network whose operators a profile timed in situ."""
    times: dict[str, dict[int, float]] = defaultdict(dict)
    for row in profile.ops:
        if row.how == HOW and row.network:
            times[row.network][row.position] = row.latency_ms
    if not times:
        return ()
    found = read_networks(frozenset(times), profile.passes, own_graphs((profile,)))
    out = []
    for network, at in times.items():
        ops: dict[str, list[Op]] = defaultdict(list)
        ms: dict[str, float] = defaultdict(float)
        for position, node in enumerate(found[network].run.nodes):
            ops[node.scope].append(node.op)
            ms[node.scope] += at.get(position, 0.0)
        out += [Part(network, scope, tuple(ops[scope]), ms[scope]) for scope in ops]
    return tuple(out)


def median_piece(
    what: str,
    a: str,
    b: str,
    logs: Sequence[float],
    ms: tuple[float, float],
    source: str,
    unit: str,
    seed: int,
) -> Piece | None:
    """Sum paired log ratios up: their median, with an interval that draws them again; None where they are too few.

    Parameters
    ----------
    ms
        Median milliseconds of either side.
    unit
        What one ratio is taken over.
    seed
        Of the draws.
    """
    if len(logs) < LEAST:
        return None
    rng = np.random.default_rng(seed)
    values = np.asarray(logs)
    medians = np.median(values[rng.integers(len(values), size=(DRAWS, len(values)))], axis=1)
    rest = (1.0 - CONFIDENCE) / 2.0
    low, high = np.quantile(medians, (rest, 1.0 - rest))
    return Piece(
        Kind.IN_SITU, what, a, b, ms[0], ms[1], percent(float(np.median(values))), percent(float(low)),
        percent(float(high)), len(logs), f"{source}, median over {len(logs)} {unit}",
    )  # fmt: skip


def source_of(profile: DeviceProfile) -> str:
    """Name who timed the operators."""
    return next(row.source for row in profile.ops if row.how == HOW)


def log_ratio(a_ms: float, b_ms: float, work: float = 1.0) -> float:
    """Give the log of a ratio of times, less that of work."""
    return math.log(b_ms / a_ms / work)
