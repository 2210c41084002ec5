"""A profile's operators and networks as arrays: what fitting and holding out share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dsim.device.profile import DeviceProfile
from dsim.graph.batch import rebatch
from dsim.latency.evidence import (
    Families,
    Figures,
    Keep,
    OneDevice,
    Predicted,
    Times,
    everything,
    kept_part,
    plain_figures,
)
from dsim.latency.families import family_of
from dsim.latency.features import FloatArray
from dsim.latency.kernel import Kernel
from dsim.latency.methods.operators.describe import class_of
from dsim.latency.methods.operators.links import place, run_graph
from dsim.latency.methods.operators.pricing import OperatorPricing
from dsim.latency.methods.operators.rows import OpRows, gather_rows, merged, settled
from dsim.latency.methods.operators.vectors import log_ms
from dsim.latency.methods.operators.whole import ALONE
from dsim.latency.networks import own_graphs, stored
from dsim.latency.pricing import Pricing


@dataclass(frozen=True, eq=False)
class OpEvidence(OneDevice):
    """Measured operators and networks of a profile.

    Attributes
    ----------
    profile
        The profile.
    rows
        Operators; ``family`` (N,) of each: its network's, or its shape's where it ran alone.
    keys, ms, network_family
        Networks timed from end to end: (M) keys, (M,) milliseconds, (M,) families.
    parts
        (M) their kernels.
    """

    profile: DeviceProfile
    rows: OpRows
    family: Families
    keys: tuple[str, ...]
    ms: FloatArray
    network_family: Families
    parts: tuple[tuple[Kernel, ...], ...]

    @property
    def families(self) -> tuple[str, ...]:
        """Names of the families of operators and networks, in alphabetical order."""
        return tuple(sorted({str(name) for name in (*self.family, *self.network_family)}))

    @cached_property
    def drawn_by(self) -> Families:
        """What each operator counts with (N,): its family, or its shape where all ran inside one network."""
        if self.keys or len(np.unique(self.family)) > 1:
            return self.family
        return np.array([shape_family(kernel) for kernel in self.rows.kernels], dtype=np.str_)

    @cached_property
    def figures(self) -> Figures:
        """The networks, to be held out and predicted; the operators where no network was timed."""
        if self.keys:
            return plain_figures(self.keys, self.network_family, np.log(self.ms))
        kinds = tuple(str(kernel.op.label) for kernel in self.rows.kernels)
        return plain_figures(kinds, self.drawn_by, np.log(self.rows.ms))

    def left(self, times: Times) -> int:
        """Return how many operators are left to learn from."""
        return int((times.counts(self.drawn_by) > 0).sum())

    def predict(self, pricing: Pricing, rows: NDArray[np.int64]) -> Predicted:
        """Return what prices say of some networks, or of operators as they were timed, rows (n,)."""
        assert isinstance(pricing, OperatorPricing)
        if self.keys:
            log, spread = pricing.log_ms(pricing.networks([self.parts[n] for n in rows]))
        else:
            phi = pricing.vectors([self.rows.kernels[n] for n in rows])
            alone, spread = log_ms(phi, ALONE)
            launch = pricing.prices.roofline.floor_ms * self.rows.dispatched[rows]
            log = np.log(np.exp(alone) + launch)
        return Predicted(log, spread, np.zeros(len(rows)))


def shape_family(kernel: Kernel) -> str:
    """Return the family of an op that ran alone: its class and its shapes, whatever its activation."""
    shapes = ",".join("x".join(map(str, spec.shape)) for spec in (*kernel.op.inputs, *kernel.op.outputs))
    return f"{class_of(kernel.op)} {shapes}"


def gather(profile: DeviceProfile, keep: Keep = everything) -> OpEvidence:
    """Collect a profile's evidence; a network timed twice counts once, by its median.

    Raises
    ------
    InvalidValueError
        The profile has no measured op.
    """
    profile = kept_part(profile, keep)
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
        profile,
        rows,
        family,
        keys,
        np.array([float(np.median(timed[key])) for key in keys]),
        np.array([family_of(key, key) for key in keys], dtype=np.str_),
        tuple(tuple(placed.kernel for placed in place(runs[key], rows.links)) for key in keys),
    )
