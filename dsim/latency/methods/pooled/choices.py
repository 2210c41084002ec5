"""Which choices a profile's evidence can tell apart: the spread of a contrast over bootstraps of families.

The price of an activation or a norm is set free here: it may be negative, and its prior is so wide that it says
nothing. All other rates move with it. Families are drawn with replacement; a profile's own contrasts stay, each with a
draw of its own error. What comes out is what the change would do to the reference design.
"""

from __future__ import annotations

from collections import Counter
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from dsim.attrs import NormAttrs
from dsim.device.profile import DeviceProfile
from dsim.graph.graph import Graph
from dsim.latency.features import INDEX, FloatArray, kernel_vector, total
from dsim.latency.methods.pooled.ensemble import NOMINAL, Belief
from dsim.latency.methods.pooled.evidence import Evidence
from dsim.latency.methods.pooled.fit import PRICED_AT, Draw, Fit, FitSettings, fit, priced
from dsim.latency.networks import read_networks
from dsim.latency.records import Identified
from dsim.op import Op, OpKind
from dsim.rounding import sign_of, without_rounding

REFERENCE_DESIGN = "efficientformer_l1@224"
ACTIVATION_OPTIONS = ("relu", "relu6", "gelu", "silu", "hardswish")
NORM_OPTIONS = ("batch", "layer", "group")
NOISE_FLOOR = 0.06  # two sources with one protocol differ by this much, as a median
DRAWS = 100
INHERITED = "no clean contrast here: what the choice costs is the donor's, on another chip"
WIDE = 30.0  # prior spread of a freed price, in units of its nominal rate
FREED = (
    *(f"act_{name}" for name in ACTIVATION_OPTIONS if name != "relu"),
    "bytes_norm",
    "start_norm",
    "bytes_groupnorm",
    "start_groupnorm",
)


def identify(evidence: Evidence, profile: int, belief: Belief) -> tuple[Identified, ...]:
    """Decide every pair of activations and of norms for one profile.

    A pair that no contrast of the profile's own connects is not identified: whole networks differ in too many things.
    The others are decided by the spread of their bootstrapped contrast.

    Parameters
    ----------
    evidence
        The pool's evidence.
    profile
        Index of the profile in the pool.
    belief
        What the fits start from.
    """
    own = np.array([i == profile for i, _ in evidence.contrasts], dtype=bool)
    if belief is not NOMINAL and not own.any():
        return tuple(
            Identified(f"{kind}:{a}>{b}", 0.0, 0.0, 0.0, False, INHERITED)
            for kind, options in (("activation", ACTIVATION_OPTIONS), ("norm", NORM_OPTIONS))
            for a, b in permutations(options, 2)
        )
    settings, centre = belief.members[0], belief.centre(None)
    base = fit(evidence, evidence.learnable, own, settings, centre=centre)
    phone = float(np.exp(evidence.phone_effects(profile) @ base.effects))
    run = read_networks(frozenset({REFERENCE_DESIGN}), evidence.profiles[profile].passes)[
        REFERENCE_DESIGN
    ].run
    latency = phone * float((priced(total(run)[None, :]) @ np.exp(base.theta))[0])
    draws = _draw_prices(evidence, own, base, settings, centre)
    linked = _links(evidence.profiles[profile])
    out = []
    for kind, options, amounts, present in (
        ("activation", ACTIVATION_OPTIONS, _activation_amounts(run), _activation_of(run)),
        ("norm", NORM_OPTIONS, _norm_amounts(run), "batch"),
    ):
        # what the design would cost with each option, in each draw
        costs = {
            name: np.maximum(latency + phone * draws @ (amounts[name] - amounts[present]), 0.0)
            for name in options
        }
        for a, b in permutations(options, 2):
            together = linked.get((kind, a), a) == linked.get((kind, b), b)
            why_not = "" if together else "no clean contrast here"
            out.append(decide(f"{kind}:{a}>{b}", costs[a], costs[b], latency, why_not))
    return tuple(out)


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


def decide(
    choice: str, before: FloatArray, after: FloatArray, latency: float, why_not: str = ""
) -> Identified:
    """Decide one choice by the spread of its bootstrapped contrast.

    Parameters
    ----------
    choice
        ``kind:from>to``.
    before, after
        (draws,) milliseconds of the reference design with either option, at least 0.
    latency
        What the reference design costs as it is.
    why_not
        Why the contrast may not be told whatever its spread; empty where it may.
    """
    low, middle, high = (float(v) for v in np.quantile(after - before, (0.05, 0.5, 0.95)))
    floor = NOISE_FLOOR * latency
    costs = f"ms on {REFERENCE_DESIGN} ({_costs(choice, before, latency)})"
    if weak := _unbounded(choice, before, after, latency):
        span = f"{low:+.3g} to {high:+.3g} {costs}"  # as fine as what it costs, which is one of the ends
        head = why_not or "the evidence is too weak"
        return Identified(choice, middle, low, high, False, f"{head}, and {weak}: {span}")
    span = f"{low:+.2g} to {high:+.2g} {costs}"
    if why_not:
        return Identified(choice, middle, low, high, False, f"{why_not}, whole networks alone say {span}")
    if sign_of(low, high, latency):
        return Identified(choice, middle, low, high, True, f"the sign is certain: {span}")
    if -floor <= low and high <= floor:
        return Identified(choice, middle, low, high, True, f"no difference beyond the noise floor: {span}")
    return Identified(choice, middle, low, high, False, f"families disagree: {span}")


def _costs(choice: str, before: FloatArray, latency: float) -> str:
    """Say what the design costs before the change: no change can save more."""
    if not without_rounding(float(np.ptp(before)), latency):
        return f"{latency:.3g} ms"
    option = choice.partition(":")[2].partition(">")[0]
    return f"with {option} up to {float(np.quantile(before, 0.95)):.3g} ms"


def _unbounded(choice: str, before: FloatArray, after: FloatArray, latency: float) -> str:
    """Say which option the evidence would let a design have for nothing; empty where none."""
    options = choice.partition(":")[2].split(">")
    free = [
        option
        for option, costs in zip(options, (before, after), strict=True)
        if not without_rounding(max(float(np.quantile(costs, 0.05)), 0.0), latency)
    ]
    if not free:
        return ""
    return f"whole networks do not bound it (with {' or '.join(free)} the design could cost as little as nothing)"


def _draw_prices(
    evidence: Evidence,
    own: NDArray[np.bool_],
    base: Fit,
    settings: FitSettings,
    centre: FloatArray | None,
) -> FloatArray:
    """Draw prices (DRAWS, len(FREED)) of the freed columns, in units of their nominal rates."""
    rng = np.random.default_rng(0)
    freed = np.array([int(np.flatnonzero(INDEX[name] == PRICED_AT)[0]) for name in FREED])
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
    for name in ACTIVATION_OPTIONS:
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
