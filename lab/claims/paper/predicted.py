"""What a profile's own model says where nothing was measured, or why it may not be asked."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from dsim.arch import Arch
from dsim.device import DeviceProfile
from dsim.graph import Graph
from dsim.latency.learner import LearnsFrom
from dsim.latency.learners import learner_of
from dsim.latency.records import Basis
from dsim.latency.reprice import Pieces
from dsim.search.table import Floats
from dsim.shift.draws import draw_device
from dsim.shift.panel import Panel
from lab.claims.paper.records import Inputs, Kind, Piece
from lab.claims.paper.rule import CONFIDENCE, percent

ROUNDS = (
    100  # each gives ten draws of mispricing; nothing is learned anew, for held-out errors hold that already
)
NOT_ASKED = "no measured evidence counts, and the model was not asked"


def not_own(profile: DeviceProfile) -> str:
    """Tell why a profile's prices are not its own; empty where they are."""
    learner = learner_of(profile)
    if learner.learns_from is LearnsFrom.ALL:
        return "no measured evidence counts, and its prices are put together from other profiles"
    if profile.donor:
        return f"no measured evidence counts, and its prices start from those of {profile.donor}"
    if not learner.own_prices:
        return f"no measured evidence counts, and the pool {profile.pool} shares its prices"
    return ""


def designs(profile: DeviceProfile, archs: Sequence[Arch], inputs: Inputs) -> tuple[Floats, Floats] | str:
    """Price designs together, or tell why not.

    Every piece of a design is mispriced by a factor of its own, so large that designs err against each other as networks
    that were held out do (`dsim.shift.draws`); pieces that two designs share err alike.

    Returns
    -------
    tuple
        Milliseconds (N,), and logs (D, N) of drawn factors; or the reason, in words.
    """
    why = not_own(profile)
    if why:
        return why
    model = inputs.models.model(profile)
    for arch in archs:
        found = model.estimate(arch.to_graph(), CONFIDENCE)
        if not found.complete:
            return (
                f"no measured evidence counts, and the model cannot price it: {found.notes[0].split(';')[0]}"
            )
    spread = inputs.models.spread(profile)
    if spread is None:
        return "no measured evidence counts, and too few networks were to say how far the model errs between designs"
    panel = Panel(archs)
    drawn = draw_device(
        profile.name, panel, model, [model] * ROUNDS, Pieces(model, panel.graphs).vectors, spread, CONFIDENCE, inputs.seed
    )  # fmt: skip
    return drawn.ms, drawn.log


def _outside(profile: DeviceProfile, archs: Sequence[Arch], inputs: Inputs) -> str:
    """Tell which kernels of stems were never timed in like size."""
    model = inputs.models.model(profile)
    for arch in archs:
        for kernel in model.estimate(arch.to_graph(), CONFIDENCE).kernels:
            if kernel.scope == "stem" and kernel.evidence in (Basis.EXTRAPOLATED, Basis.UNSUPPORTED):
                return f"no measured evidence counts, and {kernel.kind} of the stem {arch.stem} is {kernel.evidence} here"
    return ""


def change_of_stem(
    profile: DeviceProfile, what: str, a: tuple[str, Arch], b: tuple[str, Arch], inputs: Inputs
) -> Piece | str:
    """Predict what going from one design's stem to another's does, where both stems' kernels are within the evidence."""
    why = not_own(profile) or _outside(profile, (a[1], b[1]), inputs)
    if why:
        return why
    found = designs(profile, (a[1], b[1]), inputs)
    if isinstance(found, str):
        return found
    ms, log = found
    value = math.log(ms[1] / ms[0])
    rest = (1.0 - CONFIDENCE) / 2.0
    low, high = (value + float(q) for q in np.quantile(log[:, 1] - log[:, 0], (rest, 1.0 - rest)))
    return Piece(
        Kind.PREDICTED, what, a[0], b[0], float(ms[0]), float(ms[1]), percent(value), percent(low), percent(high), 0,
        f"{profile.method} model of {profile.name}, {CONFIDENCE:.0%} interval from errors between held-out designs",
    )  # fmt: skip


def change_of_network(
    profile: DeviceProfile, what: str, a: tuple[str, Graph], b: tuple[str, Graph], inputs: Inputs
) -> Piece | str:
    """Predict how two networks of different families compare; their errors are taken to be independent."""
    why = not_own(profile)
    if why:
        return why
    model = inputs.models.model(profile)
    one, other = (model.estimate(graph, CONFIDENCE) for _, graph in (a, b))
    for found in (one, other):
        if not found.complete:
            return (
                f"no measured evidence counts, and the model cannot price it: {found.notes[0].split(';')[0]}"
            )
    value = math.log(other.latency_ms / one.latency_ms)
    up = math.hypot(math.log(other.high_ms / other.latency_ms), math.log(one.latency_ms / one.low_ms))
    down = math.hypot(math.log(other.latency_ms / other.low_ms), math.log(one.high_ms / one.latency_ms))
    return Piece(
        Kind.PREDICTED, what, a[0], b[0], one.latency_ms, other.latency_ms, percent(value), percent(value - down),
        percent(value + up), 0,
        f"{profile.method} model of {profile.name}, {CONFIDENCE:.0%} intervals of both networks from held-out families",
    )  # fmt: skip
