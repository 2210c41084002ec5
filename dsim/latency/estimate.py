"""One network's estimate, kernel by kernel: what each costs, how well that is covered, and what has no price."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dsim.graph.graph import Graph
from dsim.latency.bound import ends, without_negative
from dsim.latency.cliffs import LEAVES, SMALL
from dsim.latency.features import FloatArray
from dsim.latency.kernel import Kernel
from dsim.latency.records import Basis, KernelCost, LatencyArrays, LatencyEstimate
from dsim.op import Op

if TYPE_CHECKING:
    from dsim.latency.model import DeviceModel


def estimate(model: DeviceModel, graph: Graph, confidence: float) -> LatencyEstimate:
    """Estimate one network.

    A kernel that no evidence covers counts as little as any kernel does, so that the estimate is incomplete; one that is covered
    but for its fused activation may be priced without it, and is named. The total is never below what the kernels that have a
    price are estimated to take by themselves. That is no lower bound of what is measured: these prices err on both sides.

    Parameters
    ----------
    model
        The fitted model.
    graph
        Any graph, before the device's passes.
    confidence
        Level of the central interval.
    """
    placed = model.kernels(graph)
    basis = {kernel: model.seen.of(kernel) for kernel in {item.kernel for item in placed}}
    unseen = {kernel for kernel, one in basis.items() if one is Basis.UNSUPPORTED}
    stands = {kernel: model.pricing.stand_in(kernel, model.seen) for kernel in unseen}
    instead = [stands.get(item.kernel, (item.kernel, True)) for item in placed]
    have = [known for _, known in instead]
    vectors = model.vectors([kernel for kernel, _ in instead])
    vectors = without_negative(vectors, [not one for one in have], model.pricing.shares(vectors))
    phi = vectors.sum(0)[None, :]
    complete = not unseen
    question = model.question(graph)

    def priced(vector: FloatArray) -> LatencyArrays:
        return model.price(vector, confidence, question=question)

    alone = None if complete or not any(have) else priced(vectors[have].sum(0)[None, :])
    prices = priced(phi)
    total, low, high = ends(prices, alone, complete)
    shares = total * model.pricing.shares(vectors)
    costs = tuple(
        KernelCost(
            item.scope,
            label(item.kernel.op),
            float(share),
            basis[item.kernel],
            item.kernel.op.macs,
            item.kernel.op.params,
            item.kernel.op.elements_written,
            item.kernel.op.counted,
        )
        for item, share in zip(placed, shares, strict=True)
    )
    chance = float(model.p_cliff(phi)[0])
    notes = _notes(model, graph, {kernel: known for kernel, (_, known) in stands.items()}, chance)
    fixed = total - float(shares.sum())
    rests_on = model.strata.rests_on(question)
    needs = float(prices.needs_ms[0]) if complete else math.inf
    return LatencyEstimate(
        total, low, high, confidence, chance, complete, fixed, costs, notes, question, rests_on, needs
    )


def _notes(model: DeviceModel, graph: Graph, unseen: dict[Kernel, bool], chance: float) -> tuple[str, ...]:
    """Say what the reader should know; ``unseen`` are kernels without evidence, and whether something like it is priced."""
    notes = []
    nothing = sorted({label(kernel.op) for kernel, known in unseen.items() if not known})
    bare = sorted({str(kernel.op.activation) for kernel, known in unseen.items() if known})
    if nothing:
        notes.append(
            f"no evidence for {', '.join(nothing)}: counted {model.pricing.least}, so that the total is an incomplete "
            "estimate: often too low, and no bound, since the other prices err on both sides"
        )
    if bare:
        notes.append(
            f"{', '.join(bare)} never ran fused here: the kernel before is priced without it, so that the total is an incomplete "
            f"estimate; the chance of a fall-back, {chance:.0%}, is learned from other operators"
        )
    outside = outside_notes(model, graph)
    notes += outside
    if outside and chance >= SMALL:
        notes.append(
            f"the {LEAVES}, {chance:.1%}, is learned from its operators and is the same at any "
            "resolution: too few networks were measured at other sizes to tell; measure it before relying on this size"
        )
    return tuple(notes)


def outside_notes(model: DeviceModel, graph: Graph) -> tuple[str, ...]:
    """Name the images among a network's inputs, of which some side is smaller or larger than any that was measured."""
    images = {spec.shape[2:] for spec in graph.inputs if len(spec.shape) == 4}
    return tuple(
        f"input of {height}x{width} px lies outside {model.low_px} to {model.high_px} px a side: extrapolated"
        for height, width in sorted(images)
        if min(height, width) < model.low_px or max(height, width) > model.high_px
    )


def label(op: Op) -> str:
    """Name a kernel: its operator, with a fused activation in brackets."""
    return f"{op.label}[{op.activation}]" if op.activation else op.label
