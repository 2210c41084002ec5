"""Measured operators as training rows: each as the kernel that it is inside its network."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsim.device.profile import DeviceProfile
from dsim.errors import InvalidValueError
from dsim.graph.graph import Graph
from dsim.latency.features import FloatArray
from dsim.latency.operators.describe import class_of
from dsim.latency.operators.kernel import Kernel, linked_kinds, place
from dsim.op import Op, OpKind

Signature = tuple[str, int, int, int]


@dataclass(frozen=True)
class OpRows:
    """Measured kernels.

    Attributes
    ----------
    kernels
        (N) what was measured; with the ops that it carries where its network's graph tells.
    ms, weight
        (N,) milliseconds of one launch, and how many launches the row stands for.
    networks
        (N) key of the network that it ran in, empty where it ran alone.
    matched
        (N,) whether the row was found in its network's graph.
    linked
        Kinds of op that the device links into the kernel before.
    """

    kernels: tuple[Kernel, ...]
    ms: FloatArray
    weight: FloatArray
    networks: tuple[str, ...]
    matched: NDArray[np.bool_]
    linked: frozenset[OpKind]


def signature(op: Op) -> Signature:
    """Give what a row and a kernel of the traced graph must share: class, work, channels and pixels out.

    Input sizes stay out of it, because runtimes differ in whether they pad a tensor before.
    """
    shape = op.outputs[0].shape
    channels = shape[1] if len(shape) == 4 else shape[-1]
    kind = class_of(op)
    # a window over the whole plane and a mean over it are one thing under two names
    pixels = 1 if kind == "reduce" else op.outputs[0].numel // channels
    return kind, op.macs, channels, pixels


def gather_rows(profile: DeviceProfile, runs: Mapping[str, Graph]) -> OpRows:
    """Give a profile's measured ops as kernels.

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
    ops = [row.op for row in rows]
    timed = sorted({row.network for row in rows} & set(runs))
    linked = linked_kinds(ops, [runs[key] for key in timed])
    waiting: dict[str, dict[Signature, deque[Kernel]]] = {}
    for key in timed:
        found: dict[Signature, deque[Kernel]] = defaultdict(deque)
        for placed in place(runs[key], linked):
            found[signature(placed.kernel.op)].append(placed.kernel)
        waiting[key] = found
    kernels, matched = [], []
    for row, op in zip(rows, ops, strict=True):
        queue = waiting.get(row.network, {}).get(signature(op))
        matched.append(bool(queue))
        kernels.append(queue.popleft() if queue else Kernel(op))
    return OpRows(
        tuple(kernels),
        np.array([row.latency_ms for row in rows]),
        np.array([float(row.count) for row in rows]),
        tuple(row.network for row in rows),
        np.array(matched),
        linked,
    )
