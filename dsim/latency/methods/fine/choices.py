"""Which choices hundreds of networks can tell apart: the spread of a contrast over bootstraps of families.

The change is made in the reference design's graph, every activation or every batch norm at once, and priced by models
learned from families drawn with replacement. An option that few families hold is not identified, whatever its spread.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsim.latency.features import FloatArray, kernels
from dsim.latency.identify import (
    DRAWS,
    LEAST_FAMILIES,
    OPTIONS,
    REFERENCE_DESIGN,
    Option,
    bootstraps,
    decide_all,
)
from dsim.latency.maths.rounded import widened
from dsim.latency.methods.fine.costs import INDEX, total
from dsim.latency.methods.fine.evidence import FineEvidence
from dsim.latency.methods.fine.fit import fit_fine, priced
from dsim.latency.networks import read_graph
from dsim.latency.records import Identified
from dsim.latency.swap import with_swap

NOISE = 0.08
_HOLDS = {
    **{name: (f"bytes_elementwise_{name}", f"act_{name}") for name in OPTIONS["activation"]},
    "batch": ("bytes_batch_norm",), "layer": ("bytes_layer_norm",), "group": ("bytes_group_norm",),
}  # fmt: skip


def choices(evidence: FineEvidence) -> tuple[Identified, ...]:
    """Decide every pair of activations and of norms."""
    phi, log_ms, family = evidence.phi, evidence.log_ms, evidence.family
    graph, passes = read_graph(REFERENCE_DESIGN), evidence.profile.passes
    asked = [(kind, name) for kind, options in OPTIONS.items() for name in options]
    x = priced(np.array([total(kernels(with_swap(graph, *option), passes)) for option in asked]))
    costs = np.empty((DRAWS, len(asked)))

    def noise(keep: NDArray[np.bool_]) -> float | FloatArray:
        return widened(NOISE, evidence.rounding[keep])

    for draw, counts in enumerate(bootstraps(evidence.families, DRAWS)):
        times = np.array([counts[str(name)] for name in family], dtype=np.float64)
        keep = times > 0
        found = fit_fine(phi[keep], log_ms[keep], times[keep], evidence.regime, noise(keep))
        costs[draw] = x @ np.exp(found.log_rate)

    def why_not(a: Option, b: Option) -> str:
        known = all(_families_with(name, phi, family) >= LEAST_FAMILIES for _, name in (a, b))
        return "" if known else f"fewer than {LEAST_FAMILIES} families of networks hold one of the two"

    by_option = {option: costs[:, n] for n, option in enumerate(asked)}
    return decide_all(by_option, float(np.median(costs[:, 0])), why_not)


def _families_with(option: str, phi: FloatArray, family: NDArray[np.str_]) -> int:
    # batch norm folds away on most stacks and is then what a network without any other norm has
    has = phi[:, [INDEX[name] for name in _HOLDS[option]]].sum(1) > 0
    if option == "batch" and not has.any():
        has = phi[:, [INDEX["bytes_layer_norm"], INDEX["bytes_group_norm"]]].sum(1) == 0
    return len(np.unique(family[has]))
