"""A profile's operators and networks as arrays: what fitting and holding out share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsim.device.profile import DeviceProfile
from dsim.graph.batch import rebatch
from dsim.graph.graph import Graph
from dsim.graph.passes import run_passes
from dsim.latency.features import FloatArray
from dsim.latency.methods.operators.describe import class_of
from dsim.latency.methods.operators.gates import spell_gates
from dsim.latency.methods.operators.kernel import Kernel, place
from dsim.latency.methods.operators.rows import OpRows, gather_rows, merged, settled
from dsim.latency.methods.pooled.evidence import family_of
from dsim.latency.networks import own_graphs, stored

# linking is learned from the rows, so these must not run before
LEARNED_PASSES = frozenset({"fuse_activation"})


@dataclass(frozen=True)
class OpEvidence:
    """Measured operators and networks of a profile.

    Attributes
    ----------
    rows
        Operators; ``family`` (N,) of each: its network's, or its shape's where it ran alone.
    keys, ms, families
        Networks timed from end to end: (M) keys, (M,) milliseconds, (M,) families.
    parts
        (M) their kernels.
    """

    rows: OpRows
    family: NDArray[np.str_]
    keys: tuple[str, ...]
    ms: FloatArray
    families: NDArray[np.str_]
    parts: tuple[tuple[Kernel, ...], ...]


def run_graph(graph: Graph, passes: tuple[str, ...]) -> Graph:
    """Return the graph that kernels are taken from: the device's passes, but for what is learned from rows."""
    return spell_gates(run_passes(graph, [name for name in passes if name not in LEARNED_PASSES]))


def shape_family(kernel: Kernel) -> str:
    """Return the family of an op that ran alone: its class and its shapes, whatever its activation."""
    shapes = ",".join("x".join(map(str, spec.shape)) for spec in (*kernel.op.inputs, *kernel.op.outputs))
    return f"{class_of(kernel.op)} {shapes}"


def gather_operators(profile: DeviceProfile) -> OpEvidence:
    """Collect a profile's evidence; a network timed twice counts once, by its median.

    Raises
    ------
    InvalidValueError
        The profile has no measured op.
    """
    timed: dict[str, list[float]] = {}
    for row in profile.networks:
        if row.graph and not row.cliff and row.counts:
            timed.setdefault(row.graph, []).append(row.latency_ms)
    asked = set(timed) | {row.network for row in profile.ops if row.network}
    graphs = stored(asked, own_graphs((profile,)))
    runs = {key: run_graph(rebatch(graph, profile.batch), profile.passes) for key, graph in graphs.items()}
    rows = gather_rows(profile, runs)
    if rows.exact:
        rows = settled(rows, {key: float(np.median(figures)) for key, figures in timed.items()})
    family = np.array(
        [
            family_of(network, network) if network else shape_family(kernel)
            for kernel, network in zip(rows.kernels, rows.networks, strict=True)
        ]
    )
    if rows.exact:
        rows, family = merged(rows, family)
    keys = tuple(key for key in sorted(timed) if key in runs)
    return OpEvidence(
        rows,
        family,
        keys,
        np.array([float(np.median(timed[key])) for key in keys]),
        np.array([family_of(key, key) for key in keys], dtype=np.str_),
        tuple(tuple(placed.kernel for placed in place(runs[key], rows.links)) for key in keys),
    )
