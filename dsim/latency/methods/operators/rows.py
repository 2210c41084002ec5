"""Measured operators as training rows: each as the kernel that it is inside its network."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dsim.attrs import ConvAttrs
from dsim.device.profile import DeviceProfile, MeasuredOp
from dsim.errors import InvalidValueError
from dsim.graph.graph import Graph
from dsim.latency.features import FloatArray
from dsim.latency.kernel import Kernel
from dsim.latency.methods.operators.describe import class_of
from dsim.latency.methods.operators.links import Links, learn_links, place
from dsim.op import Op

Signature = tuple[str, int, int, int]
LEAST_MS = 2e-4  # of a kernel: less is below what profilers tell
# how far a network's sum of operators may be off, beside the median network's: one more so was timed in a loud moment, and
# its operators are off each by another factor (one of 1.67 had times three and four times the usual in a tenth of them)
MOST_OFF = 1.2
_POOLS = ("avg_pool", "max_pool", "reduce")


@dataclass(frozen=True)
class OpRows:
    """Measured kernels.

    Attributes
    ----------
    kernels
        (N) what was measured; with the ops that it carries where its network's graph tells.
    ms, weight
        (N,) milliseconds of one launch, and how many measurements the row stands for.
    networks
        (N) key of the network that it ran in, empty where it ran alone.
    dispatched
        (N,) whether the time includes a launch of its own.
    lost
        How many rows contradict their network's graph, and were left out.
    links
        What the device links into the kernel before.
    exact
        Whether rows name the nodes of their networks' graphs, as `dsim measure` writes them.
    """

    kernels: tuple[Kernel, ...]
    ms: FloatArray
    weight: FloatArray
    networks: tuple[str, ...]
    dispatched: NDArray[np.bool_]
    lost: int
    links: Links
    exact: bool


def signature(op: Op) -> Signature:
    """Return what a row and a kernel of the traced graph share: class, work, channels and pixels out.

    Input sizes stay out of it, because runtimes differ in whether they pad a tensor before.
    """
    shape = op.outputs[0].shape
    channels = shape[1] if len(shape) == 4 else shape[-1]
    kind = class_of(op)
    # a window over the whole plane and a mean over it are one thing under two names
    pixels = 1 if kind == "reduce" else op.outputs[0].numel // channels
    return kind, op.macs, channels, pixels


def loose(op: Op) -> Signature:
    """Return what they share where the source misreads strides or groups."""
    kind, _, channels, pixels = signature(op)
    if isinstance(op.attrs, ConvAttrs):
        return "conv", op.attrs.kernel[0], channels, pixels
    return ("pool", 0, channels, 0) if kind in _POOLS else (kind, 0, channels, pixels)


def gather_rows(profile: DeviceProfile, runs: Mapping[str, Graph]) -> OpRows:
    """Return a profile's measured ops as kernels.

    Parameters
    ----------
    profile
        Has ``ops``.
    runs
        Graphs of measured networks by key, after the profile's passes.

    Raises
    ------
    InvalidValueError
        The profile has no measured op.
    """
    if not profile.ops:
        raise InvalidValueError(
            f"profile {profile.name!r} must hold measured operators to learn from them, got none; add ops.parquet"
        )
    rows = sorted(profile.ops, key=lambda row: (row.network, row.position))
    by_network: dict[str, list[int]] = defaultdict(list)
    for n, row in enumerate(rows):
        by_network[row.network].append(n)
    known = sorted(set(by_network) & set(runs))
    links = learn_links(
        {key: Counter(rows[n].op.kind for n in by_network[key]) for key in known},
        {key: runs[key] for key in known},
    )
    found: dict[int, Kernel] = {n: Kernel(row.op) for n, row in enumerate(rows) if row.network not in runs}
    exact = [key for key in known if _by_position([rows[n] for n in by_network[key]], runs[key])]
    for key in sorted(set(known) - set(exact)):
        waiting = [placed.kernel for placed in place(runs[key], links)]
        found |= _pair([rows[n].op for n in by_network[key]], by_network[key], waiting)
    kept = sorted(found)
    summed = [item for key in exact for item in _sum([rows[n] for n in by_network[key]], runs[key], links)]
    paired = len(kept) + sum(len(by_network[key]) for key in exact)
    return OpRows(
        (*(found[n] for n in kept), *(one.kernel for one in summed)),
        np.array([*(rows[n].latency_ms for n in kept), *(one.ms for one in summed)]),
        np.array([*(float(rows[n].count) for n in kept), *(one.weight for one in summed)]),
        (*(rows[n].network for n in kept), *(one.network for one in summed)),
        np.array([*(rows[n].how == "dispatch" for n in kept), *(False for _ in summed)]),
        len(rows) - paired,
        links,
        bool(exact),
    )


@dataclass(frozen=True)
class _Summed:
    """A kernel of a network whose rows name the nodes of its graph, with the time of all its nodes."""

    kernel: Kernel
    ms: float
    weight: float
    network: str


def _by_position(rows: Sequence[MeasuredOp], run: Graph) -> bool:
    """Tell whether rows name the nodes of the graph by their positions, as `dsim measure` writes them."""
    return all(row.position < len(run.nodes) and run.nodes[row.position].op == row.op for row in rows)


def _sum(rows: Sequence[MeasuredOp], run: Graph, links: Links) -> list[_Summed]:
    """Return every kernel of a network, with the time of what it carries: nothing of a runtime's time is lost.

    A kernel that the runtime did away with here, and not elsewhere, has next to no time.
    """
    ms = {row.position: row.latency_ms for row in rows}
    placed = place(run, links)
    last = {node: n for n, one in enumerate(placed) for node in one.nodes}
    times = [0.0] * len(placed)
    for position, value in ms.items():
        times[last.get(position, 0)] += value
    return [
        _Summed(one.kernel, max(value, LEAST_MS), max(value, LEAST_MS) ** 0.5, rows[0].network)
        for one, value in zip(placed, times, strict=True)
    ]


def settled(rows: OpRows, whole_ms: Mapping[str, float]) -> OpRows:
    """Scale the operators of each network so that they add up to what the network took from end to end.

    Operators are timed in a session of their own, and profilers take time: the sum is off by some percent, one way for one
    network and the other way for the next. Only a network's own figure is used, so that nothing leaks between families.
    Where the sum is off by more than MOST_OFF beside the median network's, the operators are left out.

    Parameters
    ----------
    rows
        Measured kernels.
    whole_ms
        Milliseconds by key of networks timed from end to end; the operators of others stay as they are.
    """
    total: dict[str, float] = defaultdict(float)
    for network, ms in zip(rows.networks, rows.ms, strict=True):
        total[network] += float(ms)
    factor = {key: whole_ms[key] / own for key, own in total.items() if key in whole_ms}
    usual = float(np.median(list(factor.values()))) if factor else 1.0
    kept = np.flatnonzero(
        [1.0 / MOST_OFF <= factor.get(network, usual) / usual <= MOST_OFF for network in rows.networks]
    )
    return replace(
        rows,
        kernels=tuple(rows.kernels[n] for n in kept),
        ms=rows.ms[kept] * np.array([factor.get(rows.networks[n], 1.0) for n in kept]),
        weight=rows.weight[kept],
        networks=tuple(rows.networks[n] for n in kept),
        dispatched=rows.dispatched[kept],
    )


def merged(rows: OpRows, family: NDArray[np.str_]) -> tuple[OpRows, NDArray[np.str_]]:
    """Merge rows of one kernel and family into their mean: thousands of networks' kernels are hundreds of different ones."""
    at: dict[tuple[Kernel, str, bool], list[int]] = defaultdict(list)
    for n, kernel in enumerate(rows.kernels):
        at[kernel, str(family[n]), bool(rows.dispatched[n])].append(n)
    groups = list(at.values())
    first = [own[0] for own in groups]
    return (
        OpRows(
            tuple(rows.kernels[n] for n in first),
            np.array([rows.ms[own].mean() for own in groups]),
            np.array([rows.weight[own].mean() * len(own) ** 0.5 for own in groups]),
            tuple(rows.networks[n] for n in first),
            rows.dispatched[first],
            rows.lost,
            rows.links,
            rows.exact,
        ),
        family[first],
    )


def _pair(ops: list[Op], index: list[int], waiting: list[Kernel]) -> dict[int, Kernel]:
    """Pair rows with the kernels of their network, in order; by all that they share, then loosely."""
    out: dict[int, Kernel] = {}
    for sign in (signature, loose):
        queues: dict[Signature, deque[Kernel]] = defaultdict(deque)
        for kernel in waiting:
            queues[sign(kernel.op)].append(kernel)
        for n, op in zip(index, ops, strict=True):
            queue = queues.get(sign(op))
            if n not in out and queue:
                out[n] = queue.popleft()
        waiting = [kernel for queue in queues.values() for kernel in queue]
    return out
