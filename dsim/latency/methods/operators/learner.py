"""Operators that were timed one by one: prices of kernels, and what networks take beside them."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from dsim.device.profile import DeviceProfile
from dsim.graph.graph import Graph
from dsim.latency.evidence import Keep, Times, everything
from dsim.latency.families import by_chance
from dsim.latency.features import FloatArray
from dsim.latency.learner import Learner
from dsim.latency.methods.operators.blocks import block_pairs
from dsim.latency.methods.operators.choices import choices
from dsim.latency.methods.operators.evidence import OpEvidence, gather
from dsim.latency.methods.operators.fallen import fallen_kinds, fallen_weights
from dsim.latency.methods.operators.prices import fit_prices
from dsim.latency.methods.operators.pricing import OperatorPricing
from dsim.latency.methods.operators.seen import Timed, see
from dsim.latency.methods.operators.shipped import shipped_logs
from dsim.latency.methods.operators.vectors import fit_whole_to, whole_ms
from dsim.latency.methods.operators.whole import ALONE, uniform
from dsim.latency.records import Identified

SHAPE_FOLDS = 8  # where no network was timed, shapes are held out in this many groups
# families are held out one by one up to this many, and several at a time beyond: the harder question
FAMILY_FOLDS = 16


class Operators(Learner[OpEvidence, OperatorPricing]):
    """Prices of kernels from a profile's own operators; its networks set what a network takes beside its kernels."""

    pricing = OperatorPricing
    seen = Timed
    centred: ClassVar[bool] = False

    def gather(self, profile: DeviceProfile, keep: Keep = everything) -> OpEvidence:
        """Collect a profile's operators and networks; see `Learner.gather`."""
        return gather(profile, keep)

    def learn(self, evidence: OpEvidence, times: Times) -> OperatorPricing:
        """Learn prices from operators, and the rest from networks."""
        counts = times.counts(evidence.drawn_by)
        own = np.flatnonzero(counts)
        rows = evidence.rows
        kernels = [rows.kernels[n] for n in own]
        prices = fit_prices(
            kernels, rows.ms[own], rows.weight[own] * counts[own], rows.dispatched[own], rows.exact
        )
        timed = see(kernels, [str(evidence.family[n]) for n in own])
        use, fallen = times.rows(evidence.network_family), fallen_kinds(evidence.profile)
        if not len(use):
            told_ms = evidence.profile.fixed_ms
            whole = uniform(prices.roofline.floor_ms if told_ms is None else told_ms, 1.0, 0.0)
            return OperatorPricing(rows.links, prices, timed, whole, fallen)
        phi = OperatorPricing(rows.links, prices, timed, ALONE).networks([evidence.parts[n] for n in use])
        # a family of 30 networks must not settle it alone
        _, where, sizes = np.unique(evidence.network_family[use], return_inverse=True, return_counts=True)
        whole = fit_whole_to(phi, evidence.ms[use], 1.0 / np.sqrt(sizes[where]))
        return OperatorPricing(rows.links, prices, timed, whole, fallen)

    def see(self, evidence: OpEvidence) -> Timed:
        """Collect the kernels that were timed."""
        return see(evidence.rows.kernels, [str(name) for name in evidence.family])

    def cliff_weights(self, evidence: OpEvidence) -> FloatArray:
        """Return the weights of the chance of a fall, by where a runtime put the device's own whole networks."""
        return fallen_weights(evidence.profile)

    def folds(self, evidence: OpEvidence) -> dict[str, int]:
        """Deal families, or shapes, into groups."""
        return by_chance(evidence.figures.families, FAMILY_FOLDS if evidence.keys else SHAPE_FOLDS)

    def shipped(self, evidence: OpEvidence) -> tuple[FloatArray, FloatArray] | None:
        """Return the predictions of sixteen sets of forests, where they come with dsim for exactly this evidence."""
        return shipped_logs(evidence)

    def choices(self, evidence: OpEvidence, pricing: OperatorPricing) -> tuple[Identified, ...]:
        """Decide which activations and norms the kernels tell apart, or pairs of blocks that were timed for that."""

        def price(block: Graph) -> float:
            """Return milliseconds of a block inside a network, which pays what it takes beside its kernels once."""
            kernels = tuple(placed.kernel for placed in pricing.kernels(block, evidence.profile.passes))
            return float(whole_ms(pricing.networks([kernels]), pricing.whole)[0]) - pricing.whole.fixed_ms

        return choices(evidence, block_pairs(evidence.profile, price))

    def teachers(self, profile: DeviceProfile) -> str:
        """Say in words what a profile is learned with."""
        del profile
        return "its own timed operators, and its networks for the rest"

    def operators_in(self, profile: DeviceProfile) -> set[str]:
        """Return the operators and activations that were timed."""
        return {str(name) for one in profile.ops for name in (one.op.kind, one.op.activation)}
