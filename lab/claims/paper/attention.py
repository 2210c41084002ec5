"""Statement: attention is not slow by itself at low resolution, it takes no longer than its work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import partial

import numpy as np

from dsim.device import DeviceProfile
from dsim.op import OpKind
from lab.claims.paper.in_situ import DESIGNS, LEAST, Part, log_ratio, median_piece, parts_of, source_of
from lab.claims.paper.pairs import contrast_piece, macs_ratio, pair_pieces
from lab.claims.paper.predicted import not_own
from lab.claims.paper.records import Check, Inputs, Kind, Piece, Statement
from lab.claims.paper.rule import SLOWER_WORDS, Says, judged

LAST, LATE = "attention-last-stage", "attention-stage-3"
_WHAT = "attention for separable convolutions in stages 3 and 4"
PAIRS = tuple(
    (_WHAT, f"convformer_{size}@{side}", f"caformer_{size}@{side}")
    for size in ("s18", "s36", "m36", "b36")
    for side in (224, 384)
)
CHOICE = "mixer:repmixer>attention"
_NOTHING = {
    key: f"no pair, and fewer than {LEAST} designs timed from inside, differ in attention {where}"
    for key, where in ((LAST, "in the last stage alone"), (LATE, "in stage 3"))
}
_STAGES = {LAST: ("stages.3", "stage 4"), LATE: ("stages.2", "stage 3")}


def _blocks(profile: DeviceProfile, key: str) -> Iterator[Piece]:
    """Compare attention blocks with the other blocks of the same stage of the same design, per multiply-accumulate."""
    scope, name = _STAGES[key]
    blocks: dict[str, list[Part]] = defaultdict(list)
    for part in parts_of(profile):
        stage, _, block = part.scope.partition(".blocks.")
        if part.network.startswith(DESIGNS) and stage == scope and block:
            blocks[part.network].append(part)
    found: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for parts in blocks.values():
        mixing = [p for p in parts if p.holds(OpKind.SOFTMAX)]
        plain = [p for p in parts if not p.holds(OpKind.SOFTMAX)]
        a, b = (float(np.mean([p.latency_ms for p in of])) if of else 0.0 for of in (plain, mixing))
        if a > 0 and b > 0:
            work = float(np.mean([p.macs for p in mixing]) / np.mean([p.macs for p in plain]))
            kind = "attention of V1 (tokens)" if mixing[0].holds(OpKind.LINEAR) else "attention of V2 (maps)"
            found[kind].append((a, b, log_ratio(a, b, work)))
    for kind, rows in sorted(found.items()):
        middle = (float(np.median([a for a, _, _ in rows])), float(np.median([b for _, b, _ in rows])))
        piece = median_piece(
            f"{kind} for pooling or convolution, {name}, per multiply-accumulate", f"other blocks of {name}",
            f"{kind}, {name}", [log for _, _, log in rows], middle, source_of(profile),
        )  # fmt: skip
        if piece:
            yield piece


def judge(key: str, profile: DeviceProfile, _inputs: Inputs) -> Check:
    """Judge one device."""
    pieces = list(_blocks(profile, key))
    pieces += [
        contrast_piece(profile, contrast, macs_ratio(contrast.graph_a, contrast.graph_b))
        for contrast in profile.contrasts
        if contrast.choice == CHOICE
        and contrast.graph_a
        and contrast.graph_b
        and (key == LAST) == (contrast.what == _STAGES[LAST][1])
    ]
    if key == LATE:
        pieces += pair_pieces(profile, PAIRS, macs_ratio)
    nothing = not_own(profile) or _NOTHING[key]
    blocks = any(piece.kind is Kind.IN_SITU for piece in pieces)
    unit = f"% of the {'block' if blocks else 'network'}'s time per multiply-accumulate"
    return judged(key, profile.name, pieces, Says.NOT_SLOWER, nothing, unit)


_RULE = (
    "The change in time is divided by the change in multiply-accumulates: a block that computes more may take longer. "
    f"{SLOWER_WORDS} It holds where attention is not slower. No model is asked: attention is one block of many in a design, and a "
    "predicted change of a whole network would say little of it."
)
LAST_STAGE = Statement(
    LAST,
    "Attention is not slow by itself at the lowest resolution (stage 4: 7x7 at 224 px, 8x8 at 256 px).",
    f"Only what differs in the last stage counts. {_RULE}",
    partial(judge, LAST),
)
STAGE_3 = Statement(
    LATE,
    "Attention is not slow by itself at a sixteenth of the input's side (stage 3: 14x14 at 224 px), alone or with stage 4.",
    "What differs in stage 3 counts, and in stages 3 and 4 together. A network that left its accelerator is slower for that reason; "
    f"published contrasts do not say whether one did. {_RULE}",
    partial(judge, LATE),
)
