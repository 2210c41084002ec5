"""One network's estimate, kernel by kernel: what each costs, how well that is covered, and what has no price."""

from __future__ import annotations

import numpy as np

from dsim.attrs import NoAttrs
from dsim.graph.graph import Graph
from dsim.latency.bound import ends
from dsim.latency.device_model import DeviceModel
from dsim.latency.features import kernels
from dsim.latency.pricing import Pricing
from dsim.latency.records import Evidence, KernelCost, LatencyEstimate
from dsim.latency.seen import Coverage
from dsim.op import Op, OpKind


def estimate(
    model: DeviceModel, rates: Pricing, coverage: Coverage, graph: Graph, confidence: float
) -> LatencyEstimate:
    """Estimate one network.

    A kernel that no evidence covers counts as the least that any kernel does, so that the total is a lower bound; one
    that is covered but for its fused activation is priced without it, and named. The bound is never below what the
    kernels that have a price take by themselves.

    Parameters
    ----------
    model, rates, coverage
        The fitted model, its account of costs, and which kernels were seen.
    graph
        Any graph, before the device's passes.
    confidence
        Level of the central interval.
    """
    run = kernels(graph, model.passes)
    found = {op: _priced_as(op, coverage) for op in set(run.ops)}
    vectors = np.array([rates.vector(found[op][0]) for op in run.ops]).reshape(-1, len(model.columns))
    phi = vectors.sum(0)[None, :]
    have = [found[op][0].kind is op.kind for op in run.ops]
    complete = all(evidence is not Evidence.UNSUPPORTED for _, evidence in found.values())
    alone = None if complete or not any(have) else model.price(vectors[have].sum(0)[None, :], confidence)
    total, low, high = ends(model.price(phi, confidence), alone, complete)
    shares = total * rates.shares(vectors)
    costs = tuple(
        KernelCost(
            node.scope,
            label(node.op),
            float(share),
            found[node.op][1],
            node.op.macs,
            node.op.params,
            node.op.elements_written,
            node.op.counted,
        )
        for node, share in zip(run.nodes, shares, strict=True)
    )
    chance = float(model.p_cliff(phi)[0])
    return LatencyEstimate(
        total,
        low,
        high,
        confidence,
        chance,
        complete,
        total - float(shares.sum()),
        costs,
        _notes(model, graph, [op for op in found if found[op][1] is Evidence.UNSUPPORTED], found, chance),
    )


SMALL = 1e-3  # a chance that is shown as 0.1% or more


Found = dict[Op, tuple[Op, Evidence]]


def _priced_as(op: Op, coverage: Coverage) -> tuple[Op, Evidence]:
    """Return the op that is priced in place of ``op``, and how well ``op`` is covered.

    Whatever a kernel does, it writes its output: it counts as the cheapest kernel that does so.
    """
    evidence = coverage.of(op)
    if evidence is not Evidence.UNSUPPORTED:
        return op, evidence
    if op.activation is not None:
        plain = Op(op.kind, op.attrs, op.inputs, op.outputs)
        if coverage.of(plain) is not Evidence.UNSUPPORTED:
            return plain, evidence
    return Op(OpKind.RELU, NoAttrs(), op.outputs[:1], op.outputs[:1]), evidence


def _notes(
    model: DeviceModel, graph: Graph, unsupported: list[Op], found: Found, chance: float
) -> tuple[str, ...]:
    notes = []
    nothing = sorted({label(op) for op in unsupported if found[op][0].kind is not op.kind})
    bare = sorted({str(op.activation) for op in unsupported if found[op][0].kind is op.kind})
    if nothing:
        notes.append(
            f"no evidence for {', '.join(nothing)}: counted as writing its output and no more, so that the total is a lower bound"
        )
    if bare:
        notes.append(
            f"{', '.join(bare)} never ran fused here: the kernel before is priced without it, so that the total is a lower "
            f"bound; the chance of a fall-back, {chance:.0%}, is learned from other operators"
        )
    outside = outside_notes(model, graph)
    notes += outside
    if outside and chance >= SMALL:
        notes.append(
            f"the chance that it leaves the accelerator, {chance:.1%}, is learned from its operators and is the same at any "
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
