"""Statement: a consistent feature dimension matters, for reshapes cost time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from dsim.device import DeviceProfile
from dsim.latency.networks import own_graphs, read_networks
from dsim.op import OpKind
from lab.claims.paper.in_situ import DESIGNS, HOW, LEAST, median_range, source_of
from lab.claims.paper.linear import PAIRS
from lab.claims.paper.pairs import pair_pieces
from lab.claims.paper.records import Check, Inputs, Kind, Piece, Ruling, Statement
from lab.claims.paper.rule import FLOOR, rests_on

KEY = "consistent-dimension"
REORDER = (OpKind.RESHAPE, OpKind.TRANSPOSE)
_CONFOUNDED = "linear layers became 1x1 convolutions in the same step (counted under conv-linear); the pair cannot tell the two apart"


def reorder_shares(profile: DeviceProfile) -> tuple[list[float], float]:
    """Return what part of its attention blocks' time each design spends on reshapes and transposes, and median block ms."""
    whole: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    moved: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    attention: set[tuple[str, str]] = set()
    rows = [row for row in profile.ops if row.how == HOW and row.network.startswith(DESIGNS)]
    if not rows:
        return [], 0.0
    found = read_networks(frozenset(row.network for row in rows), profile.passes, own_graphs((profile,)))
    for row in rows:
        scope = found[row.network].run.nodes[row.position].scope
        whole[row.network][scope] += row.latency_ms
        if row.op.kind in REORDER:
            moved[row.network][scope] += row.latency_ms
        if row.op.kind is OpKind.SOFTMAX:
            attention.add((row.network, scope))
    by_network: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for network, scope in sorted(attention):
        by_network[network].append((moved[network][scope], whole[network][scope]))
    shares = [sum(m for m, _ in of) / sum(w for _, w in of) for of in by_network.values()]
    blocks = [w for of in by_network.values() for _, w in of]
    return shares, float(np.median(blocks)) if blocks else 0.0


def _piece(profile: DeviceProfile) -> Iterator[Piece]:
    shares, block_ms = reorder_shares(profile)
    if len(shares) < LEAST:
        return
    values = [100.0 * share for share in shares]
    value = float(np.median(values))
    low, high = median_range(values)
    yield Piece(
        Kind.IN_SITU, "share of an attention block's time that reshapes and transposes take", "whole block",
        "reshapes and transposes", block_ms, block_ms * value / 100.0, value, low, high, len(values),
        source_of(profile),
    )  # fmt: skip


def judge(profile: DeviceProfile, _inputs: Inputs) -> Check:
    """Judge one device."""
    counting = list(_piece(profile))
    context = [
        Piece(
            p.kind, p.what, p.a, p.b, p.a_ms, p.b_ms, p.value, p.low, p.high, p.count, p.source, _CONFOUNDED
        )
        for p in pair_pieces(profile, PAIRS)
    ]
    if not counting:
        why = f"fewer than {LEAST} designs with attention were timed operator by operator, and no pair differs in reshapes alone"
        return Check(KEY, profile.name, Ruling.OPEN, why, None, None, None, "", "nothing", tuple(context))
    one = counting[0]
    if one.low > FLOOR:
        verdict, why = Ruling.HOLDS, f"reordering takes more than {FLOOR:.0f}% of an attention block"
    else:
        verdict = Ruling.OPEN
        why = "what operators take is the least that reordering costs: a runtime may hide more of it in their neighbours"
    return Check(
        KEY, profile.name, verdict, why, one.value, one.low, one.high, "% of an attention block",
        rests_on(counting), (*counting, *context),
    )  # fmt: skip


STATEMENT = Statement(
    KEY,
    "A consistent feature dimension matters: reshaping between maps and tokens costs time.",
    "Of designs whose operators were timed while they ran: the share of an attention block's time that its reshapes and "
    f"transposes take, median over designs, 90% interval by order statistics. It holds where the interval lies above {FLOOR:.0f}%. "
    "A smaller share refutes nothing, because a runtime may hide the cost elsewhere: then it is cannot tell. LeViT with linear "
    "layers against LeViT with convolutions is shown and does not count, for two things change at once.",
    judge,
)
