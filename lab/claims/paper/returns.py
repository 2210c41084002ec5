"""Statement: from EfficientFormer-L1 to L3 to L7 accuracy rises, and a further millisecond buys less of it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np

from dsim.arch import get_preset
from dsim.device import DeviceProfile
from lab.claims.paper.pairs import timed_together
from lab.claims.paper.predicted import NOT_ASKED, designs
from lab.claims.paper.records import Check, Inputs, Kind, Piece, Ruling, Statement
from lab.claims.paper.rule import CONFIDENCE, FLOOR, rests_on
from lab.validate.accuracy.published import PUBLISHED

KEY = "returns"
NAMES = ("efficientformer_l1", "efficientformer_l3", "efficientformer_l7")
GRAPHS = tuple(f"{name}@224" for name in NAMES)
RUN_POINTS = 0.2  # points of top-1 by which a published figure may be off: two training runs of one recipe
Three = tuple[float, float, float]


def rates(top1: Three, cost: Three) -> tuple[float, float]:
    """Return points of top-1 per unit of cost for either step."""
    return (top1[1] - top1[0]) / (cost[1] - cost[0]), (top1[2] - top1[1]) / (cost[2] - cost[1])


def factor(top1: Three, cost: Three) -> float:
    """Return how many times more a unit of cost buys in the first step than in the second."""
    first, second = rates(top1, cost)
    return first / second if second > 0 else math.inf


def factor_range(top1: Three, cost: Three, off: Three) -> tuple[float, float]:
    """Return the least and the largest factor that errors of accuracy and of cost (as logs) allow together."""
    found = []
    for signs in itertools.product((-1.0, 1.0), repeat=6):
        moved = tuple(t + RUN_POINTS * s for t, s in zip(top1, signs[:3], strict=True))
        costs = tuple(c * math.exp(o * s) for c, o, s in zip(cost, off, signs[3:], strict=True))
        if costs[0] < costs[1] < costs[2]:
            found.append(factor((moved[0], moved[1], moved[2]), (costs[0], costs[1], costs[2])))
    return (min(found), max(found)) if found else (0.0, math.inf)


def top1() -> Three:
    """Return the published top-1 of the three, percent."""
    return PUBLISHED[NAMES[0]], PUBLISHED[NAMES[1]], PUBLISHED[NAMES[2]]


def parameters() -> Three:
    """Return the parameters of the three, millions."""
    a, b, c = (get_preset(name).to_graph().params / 1e6 for name in NAMES)
    return a, b, c


def _piece(kind: Kind, ms: Three, low: float, high: float, count: int, source: str) -> Piece:
    first, second = rates(top1(), ms)
    return Piece(
        kind, f"L1, L3, L7 take {ms[0]:.3g}, {ms[1]:.3g}, {ms[2]:.3g} ms: {first:.3g} points per ms, then {second:.3g}",
        "L1 to L3", "L3 to L7", None, None, factor(top1(), ms), low, high, count, source,
    )  # fmt: skip


def _measured(profile: DeviceProfile) -> Iterator[Piece]:
    for (model, protocol, _), timed in sorted(timed_together(profile, GRAPHS).items()):
        if all(graph in timed for graph in GRAPHS):
            a, b, c = (timed[graph] for graph in GRAPHS)
            off = tuple(math.log1p(FLOOR / 100.0) + error / ms for ms, error, _ in (a, b, c))
            low, high = factor_range(top1(), (a[0], b[0], c[0]), (off[0], off[1], off[2]))
            where = f"{a[2].split(' [')[0]}, {model}, {profile.protocols.get(protocol, protocol)}"
            yield _piece(Kind.PAIR, (a[0], b[0], c[0]), low, high, 3, where)


def _predicted(profile: DeviceProfile, inputs: Inputs) -> Piece | str:
    found = designs(profile, [get_preset(name) for name in NAMES], inputs)
    if isinstance(found, str):
        return found
    ms, log = found
    drawn = ms * np.exp(log)
    ranges = [factor_range(top1(), (a, b, c), (0.0, 0.0, 0.0)) for a, b, c in drawn if a < b < c]
    rest = (1.0 - CONFIDENCE) / 2.0
    low = float(np.quantile([least for least, _ in ranges], rest))
    high = float(np.quantile([most for _, most in ranges], 1.0 - rest))
    return _piece(
        Kind.PREDICTED, (ms[0], ms[1], ms[2]), low, high, 0, f"{profile.method} model of {profile.name}"
    )


def judge(profile: DeviceProfile, inputs: Inputs) -> Check:
    """Judge one device."""
    pieces, nothing = list(_measured(profile)), NOT_ASKED
    if inputs.ask and not pieces:
        found = _predicted(profile, inputs)
        if isinstance(found, str):
            nothing = found
        else:
            pieces.append(found)
    if not pieces:
        return Check(KEY, profile.name, Ruling.OPEN, nothing, None, None, None, "", "nothing", ())
    values = [piece.value for piece in pieces]
    low, high = min(piece.low for piece in pieces), max(piece.high for piece in pieces)
    if low > 1.0:
        verdict, why = (
            Ruling.HOLDS,
            "a millisecond buys less from L3 to L7 than from L1 to L3, whatever the errors",
        )
    elif high < 1.0:
        verdict, why = (
            Ruling.FAILS,
            "a millisecond buys more from L3 to L7 than from L1 to L3, whatever the errors",
        )
    else:
        verdict, why = Ruling.OPEN, "the errors of accuracy and of time allow either"
    return Check(
        KEY, profile.name, verdict, why, float(np.median(values)), low, high,
        "times more points per ms in the first step", rests_on(pieces), tuple(pieces),
    )  # fmt: skip


STATEMENT = Statement(
    KEY,
    "From L1 to L3 to L7 accuracy rises, and each further millisecond buys less of it.",
    "Published top-1 (300 epochs, distilled) over milliseconds of the three networks, timed together; each figure off by up to "
    f"{RUN_POINTS} points of top-1 (two training runs), {FLOOR:.0f}% of time and what its table rounds away, in the worst combination. It holds "
    "where the points per ms of the first step exceed those of the second in every combination. Where nothing was measured, all "
    "three are priced, and the 90% interval of the milliseconds takes the place of the last two errors. Per parameter it is the same on every device and is stated once.",
    judge,
)
