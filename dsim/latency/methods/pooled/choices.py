"""Which choices a profile's evidence can tell apart: the spread of a contrast over bootstraps of families.

The price of an activation or a norm is set free here: it may be negative, and its prior is so wide that it says
nothing. All other rates move with it. Families are drawn with replacement; a profile's own contrasts stay, each with a
draw of its own error. What comes out is what the change would do to the reference design.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from dsim.attrs import NormAttrs
from dsim.device.profile import DeviceProfile
from dsim.graph.graph import Graph
from dsim.latency.features import INDEX, PRICED, FloatArray, kernel_vector, total
from dsim.latency.identify import OPTIONS, REFERENCE_DESIGN, Option, decide_all, pairs
from dsim.latency.methods.pooled.ensemble import Belief
from dsim.latency.methods.pooled.evidence import PooledEvidence
from dsim.latency.methods.pooled.fit import Draw, Fit, FitSettings, fit
from dsim.latency.methods.pooled.rates import priced
from dsim.latency.networks import read_networks
from dsim.latency.records import Identified
from dsim.op import Op, OpKind

DRAWS = 100
INHERITED = "no clean contrast here: what the choice costs is the donor's, on another chip"
WIDE = 30.0  # prior spread of a freed price, in units of its nominal rate
FREED = (
    *(f"act_{name}" for name in OPTIONS["activation"] if name != "relu"),
    "bytes_norm",
    "start_norm",
    "bytes_groupnorm",
    "start_groupnorm",
)


def choices(evidence: PooledEvidence, belief: Belief) -> tuple[Identified, ...]:
    """Decide every pair of activations and of norms.

    A pair that no contrast of the profile's own connects is not identified: whole networks differ in too many things.
    The others are decided by the spread of their bootstrapped contrast.

    Parameters
    ----------
    evidence
        The pool's evidence.
    belief
        What the fits start from.
    """
    own = np.array([i == evidence.index for i, _ in evidence.contrasts], dtype=bool)
    if evidence.start is not None and not own.any():
        return tuple(Identified(choice, 0.0, 0.0, 0.0, False, INHERITED) for choice, _, _ in pairs())
    settings, centre = belief.members[0], belief.centre
    base = fit(evidence, evidence.learnable, own, settings, centre=centre)
    phone = float(np.exp(evidence.phone_effects(evidence.index) @ base.effects))
    run = read_networks(frozenset({REFERENCE_DESIGN}), evidence.profile.passes)[REFERENCE_DESIGN].run
    latency = phone * float((priced(total(run)[None, :]) @ np.exp(base.theta))[0])
    draws = _draw_prices(evidence, own, base, settings, centre)
    linked = _links(evidence.profile)
    costs = {}
    for kind, amounts, present in (
        ("activation", _activation_amounts(run), _activation_of(run)),
        ("norm", _norm_amounts(run), "batch"),
    ):
        for name, amount in amounts.items():
            # what the design would cost with each option, in each draw
            costs[kind, name] = np.maximum(latency + phone * draws @ (amount - amounts[present]), 0.0)

    def why_not(a: Option, b: Option) -> str:
        return "" if linked.get(a, a[1]) == linked.get(b, b[1]) else "no clean contrast here"

    return decide_all(costs, latency, why_not)


def _activation_of(graph: Graph) -> str:
    """Return the activation that most operators of a design have."""
    return str(Counter(op.activation for op in graph.ops if op.activation is not None).most_common(1)[0][0])


def _links(profile: DeviceProfile) -> dict[tuple[str, str], str]:
    """Return the name of each option's group: options that clean contrasts of the profile connect share one."""
    group: dict[tuple[str, str], str] = {}
    for contrast in profile.contrasts:
        kind, _, pair = contrast.choice.partition(":")
        a, _, b = pair.partition(">")
        if not contrast.graph_a or not contrast.graph_b or kind not in ("activation", "norm"):
            continue
        old, new = group.setdefault((kind, b), b), group.setdefault((kind, a), a)
        for key, name in list(group.items()):
            if key[0] == kind and name == old:
                group[key] = new
    return group


def _draw_prices(
    evidence: PooledEvidence,
    own: NDArray[np.bool_],
    base: Fit,
    settings: FitSettings,
    centre: FloatArray | None,
) -> FloatArray:
    """Draw prices (DRAWS, len(FREED)) of the freed columns, in units of their nominal rates."""
    rng = np.random.default_rng(0)
    freed = np.array([PRICED.index(name) for name in FREED])
    names, where = np.unique(evidence.family, return_inverse=True)
    n = len(base.theta)
    out = np.empty((DRAWS, len(freed)))
    for k in range(DRAWS):
        times = np.bincount(rng.integers(len(names), size=len(names)), minlength=len(names))[where].astype(
            np.float64
        )
        center = rng.normal(0.0, settings.prior_sd, n)
        center[freed] = rng.normal(0.0, WIDE, len(freed))
        draw = Draw(times, center, rng.normal(0.0, 1.0, len(own)), freed, WIDE)
        out[k] = fit(evidence, evidence.learnable, own, settings, draw, centre).theta[freed]
    return out


def _activation_amounts(graph: Graph) -> dict[str, FloatArray]:
    """Return amounts (len(FREED),) of the freed columns if every activation of the design were the one named."""
    total = sum(s.numel for op in graph.ops if op.activation is not None for s in op.outputs)
    out = {}
    for name in OPTIONS["activation"]:
        amounts = np.zeros(len(FREED))
        if name != "relu":
            sample = next(op for op in graph.ops if op.activation is not None)
            one = kernel_vector(Op(sample.kind, sample.attrs, sample.inputs, sample.outputs, OpKind(name)))
            per_element = one[INDEX[f"act_{name}"]] / sum(s.numel for s in sample.outputs)
            amounts[FREED.index(f"act_{name}")] = per_element * total
        out[name] = amounts
    return out


def _norm_amounts(graph: Graph) -> dict[str, FloatArray]:
    """Return amounts if every 1x1 convolution were followed by the norm named; batch norm folds away."""
    out = {"batch": np.zeros(len(FREED))}
    for name, kind in (("layer", OpKind.LAYER_NORM), ("group", OpKind.GROUP_NORM)):
        amounts = np.zeros(len(FREED))
        for op in graph.ops:
            if op.kind is OpKind.CONV2D and op.is_pointwise:
                vector = kernel_vector(Op(kind, NormAttrs(), op.outputs, op.outputs))
                amounts += np.array([vector[INDEX[column]] if "norm" in column else 0.0 for column in FREED])
        out[name] = amounts
    return out
