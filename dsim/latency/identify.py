"""Which choices a profile's evidence tells apart: what a change does to the reference design, in many draws of the evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import permutations
from typing import Any

import numpy as np

from dsim.graph.key import split_key
from dsim.latency.evidence import Evidence, Times
from dsim.latency.families import family_of
from dsim.latency.features import FloatArray
from dsim.latency.learner import Learner
from dsim.latency.networks import own_graphs, read_graph, read_networks
from dsim.latency.records import Identified
from dsim.latency.swap import NORM_KINDS, with_swap
from dsim.rounding import sign_of, without_rounding

REFERENCE_DESIGN = "efficientformer_l1@224"
OPTIONS = {
    "activation": ("relu", "relu6", "gelu", "silu", "hardswish"),
    "norm": ("batch", "layer", "group"),
}
NOISE_FLOOR = 0.06  # two sources with one protocol differ by this much, as a median
DRAWS = 30
LEAST_FAMILIES = 4
Option = tuple[str, str]


def pairs() -> Iterator[tuple[str, Option, Option]]:
    """Yield every choice that is decided (``activation:gelu>relu``), with its two options."""
    for kind, options in OPTIONS.items():
        for a, b in permutations(options, 2):
            yield f"{kind}:{a}>{b}", (kind, a), (kind, b)


def decide_all(
    costs: Mapping[Option, FloatArray], latency_ms: float, why_not: Callable[[Option, Option], str]
) -> tuple[Identified, ...]:
    """Decide every choice by what the reference design costs with each option.

    Parameters
    ----------
    costs
        (draws,) milliseconds of the reference design by option, at least 0.
    latency_ms
        What the reference design costs as it is.
    why_not
        Returns why a choice may not be told whatever its spread; empty where it may.
    """
    return tuple(decide(choice, costs[a], costs[b], latency_ms, why_not(a, b)) for choice, a, b in pairs())


def decide(
    choice: str, before: FloatArray, after: FloatArray, latency: float, why_not: str = ""
) -> Identified:
    """Decide one choice by the spread of its bootstrapped contrast; see `decide_all`."""
    low, middle, high = (float(v) for v in np.quantile(after - before, (0.05, 0.5, 0.95)))
    costs = f"ms on {REFERENCE_DESIGN} ({_costs(choice, before, latency)})"
    if weak := _unbounded(choice, before, after, latency):
        span = f"{low:+.3g} to {high:+.3g} {costs}"  # as fine as what it costs, which is one of the ends
        head = why_not or "the evidence is too weak"
        return Identified(choice, middle, low, high, False, f"{head}, and {weak}: {span}")
    span = f"{low:+.2g} to {high:+.2g} {costs}"
    if why_not:
        return Identified(choice, middle, low, high, False, f"{why_not}, whole networks alone say {span}")
    return judged(choice, after - before, latency, span, "families")


def judged(choice: str, change_ms: FloatArray, latency_ms: float, span: str, what: str) -> Identified:
    """Decide one choice by draws (draws,) of what it changes.

    Parameters
    ----------
    latency_ms
        What the whole costs: its noise is no difference.
    span
        What the draws say, in words.
    what
        What disagrees where nothing is certain.
    """
    low, middle, high = (float(v) for v in np.quantile(change_ms, (0.05, 0.5, 0.95)))
    floor = NOISE_FLOOR * latency_ms
    if sign_of(low, high, latency_ms):
        return Identified(choice, middle, low, high, True, f"the sign is certain: {span}")
    if -floor <= low and high <= floor:
        return Identified(choice, middle, low, high, True, f"no difference beyond the noise floor: {span}")
    return Identified(choice, middle, low, high, False, f"{what} disagree: {span}")


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


def bootstraps(families: tuple[str, ...], draws: int) -> Iterator[dict[str, int]]:
    """Yield how often each family counts, in draws of as many families with replacement."""
    rng = np.random.default_rng(0)
    for _ in range(draws):
        counts = np.bincount(rng.integers(len(families), size=len(families)), minlength=len(families))
        yield dict(zip(families, counts.tolist(), strict=True))


def by_bootstrap(learner: Learner[Any, Any], evidence: Evidence) -> tuple[Identified, ...]:
    """Decide every choice by learning from families drawn with replacement.

    The change is made in the reference design's graph, every activation or every batch norm at once. An option that few
    families hold is not identified, whatever its spread.
    """
    profile, graph = evidence.profile, read_graph(REFERENCE_DESIGN)
    options = [(kind, name) for kind, names in OPTIONS.items() for name in names]
    graphs = [with_swap(graph, *option) for option in options]
    costs = np.empty((DRAWS, len(options)))
    for draw, counts in enumerate(bootstraps(evidence.families, DRAWS)):
        pricing = learner.learn(evidence, Times(counts.__getitem__, keep_contrasts=True))
        phi = [
            pricing.vectors([placed.kernel for placed in pricing.kernels(one, profile.passes)]).sum(0)
            for one in graphs
        ]
        costs[draw] = np.exp(pricing.log_ms(np.array(phi))[0])
    holders = _holders(evidence)

    def why_not(a: Option, b: Option) -> str:
        known = all(len(holders[option]) >= LEAST_FAMILIES for option in (a, b))
        return "" if known else f"fewer than {LEAST_FAMILIES} families of networks hold one of the two"

    return decide_all(
        {option: costs[:, n] for n, option in enumerate(options)}, float(np.median(costs[:, 0])), why_not
    )


def _holders(evidence: Evidence) -> dict[Option, set[str]]:
    """Return the families of measured networks that hold each option."""
    profile = evidence.profile
    keys = frozenset(key for key in evidence.figures.keys if split_key(key)[1])
    networks = read_networks(keys, profile.passes, own_graphs((profile,)), profile.batch)
    out: dict[Option, set[str]] = {(kind, name): set() for kind, names in OPTIONS.items() for name in names}
    norms = {str(kind) for kind in NORM_KINDS.values()}
    for key, network in networks.items():
        labels, family = network.facts.labels, family_of(key, profile.name)
        for (kind, name), families in out.items():
            wanted = name if kind == "activation" else str(NORM_KINDS[name])
            # batch norm folds away on most stacks, and is then what a network without any other norm has
            if wanted in labels or (name == "batch" and not labels & norms):
                families.add(family)
    return out
