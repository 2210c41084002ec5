"""Which choices hundreds of networks can tell apart: the spread of a contrast over bootstraps of families.

The change is made in the reference design's graph, every activation or every batch norm at once, and priced by models
learned from families drawn with replacement. An option that few families hold is not identified, whatever its spread.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from dsim.latency.features import FloatArray, kernels
from dsim.latency.methods.fine.costs import INDEX, total
from dsim.latency.methods.fine.fit import fit_fine, priced
from dsim.latency.methods.fine.prior import Regime
from dsim.latency.methods.pooled.choices import ACTIVATION_OPTIONS, NORM_OPTIONS, REFERENCE_DESIGN, decide
from dsim.latency.networks import read_graph
from dsim.latency.records import Identified
from dsim.latency.variants import swapped

DRAWS = 30
NOISE = 0.08
LEAST_FAMILIES = 4
_HOLDS = {
    **{name: (f"bytes_elementwise_{name}", f"act_{name}") for name in ACTIVATION_OPTIONS},
    "batch": ("bytes_batch_norm",), "layer": ("bytes_layer_norm",), "group": ("bytes_group_norm",),
}  # fmt: skip


def identify_fine(
    phi: FloatArray,
    log_ms: FloatArray,
    family: NDArray[np.str_],
    regime: Regime,
    passes: tuple[str, ...],
) -> tuple[Identified, ...]:
    """Decide every pair of activations and of norms.

    Parameters
    ----------
    phi, log_ms, family
        (N, F) vectors, (N,) log milliseconds and (N,) families of the profile's networks.
    regime, passes
        The kind of stack, and the graph passes of its runtime.
    """
    graph = read_graph(REFERENCE_DESIGN)
    asked = [("activation", name) for name in ACTIVATION_OPTIONS] + [("norm", name) for name in NORM_OPTIONS]
    x = priced(np.array([total(kernels(swapped(graph, kind, name), passes)) for kind, name in asked]))
    names, where = np.unique(family, return_inverse=True)
    rng = np.random.default_rng(0)
    costs = np.empty((DRAWS, len(asked)))
    for draw in range(DRAWS):
        times = np.bincount(rng.integers(len(names), size=len(names)), minlength=len(names))[where]
        keep = times > 0
        found = fit_fine(phi[keep], log_ms[keep], times[keep].astype(np.float64), regime, NOISE)
        costs[draw] = x @ np.exp(found.log_rate)
    scale = float(np.median(costs[:, 0]))
    out = []
    for kind, options in (("activation", ACTIVATION_OPTIONS), ("norm", NORM_OPTIONS)):
        for a, b in permutations(options, 2):
            before, after = (costs[:, asked.index((kind, option))] for option in (a, b))
            known = all(_families_with(option, phi, family) >= LEAST_FAMILIES for option in (a, b))
            why = "" if known else f"fewer than {LEAST_FAMILIES} families of networks hold one of the two"
            out.append(decide(f"{kind}:{a}>{b}", before, after, scale, why))
    return tuple(out)


def _families_with(option: str, phi: FloatArray, family: NDArray[np.str_]) -> int:
    # batch norm folds away on most stacks and is then what a network without any other norm has
    has = phi[:, [INDEX[name] for name in _HOLDS[option]]].sum(1) > 0
    if option == "batch" and not has.any():
        has = phi[:, [INDEX["bytes_layer_norm"], INDEX["bytes_group_norm"]]].sum(1) == 0
    return len(np.unique(family[has]))
