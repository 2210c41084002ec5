"""Which choices a profile's evidence can tell apart: the spread of a contrast over bootstraps of families.

The price of an activation or a norm is set free here: it may be negative, and its prior is so wide that it says
nothing. All other rates move with it. Families are drawn with replacement; a profile's own contrasts stay, each with a
draw of its own error. What comes out is what the change would do to the reference design.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np

from dsim.attrs import NormAttrs
from dsim.graph.graph import Graph
from dsim.graph.store import load_graphs
from dsim.latency.evidence import GRAPHS, Evidence
from dsim.latency.features import INDEX, FloatArray, kernel_vector, kernels
from dsim.latency.fit import PRICED_AT, Fit, FitSettings, contrast_sd, priced
from dsim.latency.records import Identified
from dsim.op import Op, OpKind

REFERENCE_DESIGN = "efficientformer_l1@224"
ACTIVATION_OPTIONS = ("relu", "relu6", "gelu", "silu", "hardswish")
NORM_OPTIONS = ("batch", "layer", "group")
NOISE_FLOOR = 0.06  # two sources with one protocol differ by this much, as a median
DRAWS = 200
WIDE = 30.0  # prior spread of a freed price, in units of its nominal rate
FREED = tuple(f"act_{name}" for name in ACTIVATION_OPTIONS if name != "relu") + ("bytes_norm", "start_norm")


def identify(evidence: Evidence, profile: int, base: Fit, settings: FitSettings) -> tuple[Identified, ...]:
    """Decide every pair of activations and of norms for one profile.

    Parameters
    ----------
    evidence
        The pool's evidence.
    profile
        Index of the profile in the pool.
    base
        A fit on everything, around which prices move.
    settings
        Assumptions of that fit.
    """
    draws = _draw_prices(evidence, profile, base, settings)
    phone = float(np.exp(evidence.phone_effects(profile) @ base.effects))
    graph = kernels(load_graphs(GRAPHS, [REFERENCE_DESIGN])[REFERENCE_DESIGN], evidence.profiles[profile].passes)
    latency = phone * float((priced(_vector(graph)) @ np.exp(base.theta))[0])
    out = []
    for kind, options, amounts in (
        ("activation", ACTIVATION_OPTIONS, _activation_amounts(graph)),
        ("norm", NORM_OPTIONS, _norm_amounts(graph)),
    ):
        for a, b in permutations(options, 2):
            change = phone * draws @ (amounts[b] - amounts[a])
            out.append(_decide(f"{kind}:{a}>{b}", change, latency, bool(np.all(amounts[a] == amounts[b]))))
    return tuple(out)


def _decide(choice: str, change: FloatArray, latency: float, same: bool) -> Identified:
    low, middle, high = (float(v) for v in np.quantile(change, (0.05, 0.5, 0.95)))
    floor = NOISE_FLOOR * latency
    if same:
        return Identified(choice, 0.0, 0.0, 0.0, False, "the model prices both alike, so it cannot tell them apart")
    span = f"{low:+.2f} to {high:+.2f} ms on {REFERENCE_DESIGN} ({latency:.2f} ms)"
    if low > 0 or high < 0:
        return Identified(choice, middle, low, high, True, f"the sign is certain: {span}")
    if -floor <= low and high <= floor:
        return Identified(choice, middle, low, high, True, f"no difference beyond the noise floor: {span}")
    return Identified(choice, middle, low, high, False, f"families disagree: {span}")


def _draw_prices(evidence: Evidence, profile: int, base: Fit, settings: FitSettings) -> FloatArray:
    """Draw prices (DRAWS, len(FREED)) of the freed columns, in units of their nominal rates."""
    rng = np.random.default_rng(0)
    learn = evidence.learnable
    freed = np.array([int(np.flatnonzero(PRICED_AT == INDEX[name])[0]) for name in FREED])
    own = [n for n, (i, _) in enumerate(evidence.contrasts) if i == profile]
    rate = np.exp(base.theta)
    x = priced(evidence.phi[learn])
    total = (x * rate).sum(1)
    residual = evidence.log_ms[learn] - np.log(total) - evidence.effects[learn] @ base.effects
    jacobian = np.hstack([_free(x * rate / total[:, None], x / total[:, None], freed), evidence.effects[learn]])
    pairs = evidence.contrast_phi[own]
    xa, xb = priced(pairs[:, 0]), priced(pairs[:, 1])
    ta, tb = (xa * rate).sum(1), (xb * rate).sum(1)
    used = [evidence.contrasts[n][1] for n in own]
    ratio = np.array([np.log(c.b_ms / c.a_ms) for c in used]) - np.log(tb / ta)
    spread = np.array([contrast_sd(c) for c in used])
    ja = _free(xb * rate / tb[:, None] - xa * rate / ta[:, None], xb / tb[:, None] - xa / ta[:, None], freed)
    ja = np.hstack([ja, np.zeros((len(own), jacobian.shape[1] - ja.shape[1]))])
    n = x.shape[1]
    prior_sd = np.concatenate([np.full(n, settings.prior_sd), evidence.effect_sd])
    prior_sd[freed] = WIDE
    # learned rates start from the fit; a freed price starts from what the fit gave it, so the prior pulls it to 0
    start = np.zeros(len(prior_sd))
    start[freed] = -rate[freed]
    weight = evidence.weight[learn] * (settings.freedom + 1) / (settings.freedom + (residual / settings.noise) ** 2)
    names, where = np.unique(evidence.family[learn], return_inverse=True)
    out = np.empty((DRAWS, len(freed)))
    for draw in range(DRAWS):
        times = np.bincount(rng.integers(len(names), size=len(names)), minlength=len(names))[where]
        w = weight * times / settings.noise**2
        center = np.where(np.isin(np.arange(len(prior_sd)), freed), start + rng.normal(0, prior_sd), rng.normal(0, prior_sd))
        center[n:] = 0.0
        off = ratio + rng.normal(0, 1, len(own)) * spread
        hessian = (jacobian * w[:, None]).T @ jacobian + (ja / spread[:, None] ** 2).T @ ja + np.diag(prior_sd**-2)
        gradient = (jacobian * w[:, None]).T @ residual + (ja / spread[:, None] ** 2).T @ off + center / prior_sd**2
        step = np.linalg.solve(hessian, gradient)
        out[draw] = rate[freed] + step[freed]
    return out


def _free(log_part: FloatArray, raw_part: FloatArray, freed: np.ndarray) -> FloatArray:  # type: ignore[type-arg]
    """Give derivatives: by the logarithm of a rate, but by the price itself where it is freed."""
    out = log_part.copy()
    out[:, freed] = raw_part[:, freed]
    return out


def _vector(graph: Graph) -> FloatArray:
    return np.sum([kernel_vector(op) for op in graph.ops], axis=0)[None, :]


def _activation_amounts(graph: Graph) -> dict[str, FloatArray]:
    """Give amounts (len(FREED),) of the freed columns if every activation of the design were the one named."""
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
    """Give amounts if every convolution inside the stages were followed by the norm named; batch norm folds away."""
    amounts = np.zeros(len(FREED))
    for op in graph.ops:
        if op.kind is OpKind.CONV2D and op.is_pointwise:
            norm = Op(OpKind.GROUP_NORM, NormAttrs(), op.outputs, op.outputs)
            vector = kernel_vector(norm)
            amounts += np.array([vector[INDEX[name]] if "norm" in name else 0.0 for name in FREED])
    return {"batch": np.zeros(len(FREED)), "layer": amounts, "group": amounts}
