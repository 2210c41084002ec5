"""The rule that all checks of speed share: when two times differ, and when pieces of evidence agree.

Its two figures are the project's noise floors, and were there before any of the evidence was asked: two runs of one
laboratory differ by 3%, two sources by 6%.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum

import numpy as np

from dsim.latency.identify import NOISE_FLOOR
from dsim.latency.methods.pooled.fit import CONTRAST_SD
from lab.claims.paper.records import Check, Kind, Piece, Ruling

FLOOR = 100 * CONTRAST_SD  # percent: two runs of one laboratory
MARGIN = 100 * NOISE_FLOOR  # percent: two sources
CONFIDENCE = 0.9
BACK = "the other way round"
NETWORK = "% of the network's time"

SLOWER_WORDS = (
    f"A piece of evidence says *slower* where the time rises by {FLOOR:.0f}% or more and its interval excludes zero, and "
    f"*not slower* where it rises by less than {FLOOR:.0f}% and its interval ends below {MARGIN:.0f}%; else it is open. "
    "A device's verdict needs at least half of the pieces that count, and none that says the opposite."
)


class Says(StrEnum):
    """What one piece of evidence says of ``b`` against ``a``."""

    SLOWER = "slower"
    NOT_SLOWER = "not slower"
    OPEN = "open"


def says(piece: Piece) -> Says:
    """Tell whether ``b`` is slower."""
    if piece.value >= FLOOR and piece.low > 0:
        return Says.SLOWER
    if piece.value < FLOOR and piece.high <= MARGIN:
        return Says.NOT_SLOWER
    return Says.OPEN


def percent(log_ratio: float) -> float:
    """Return a log ratio as percent of change."""
    return 100.0 * math.expm1(log_ratio)


def mirrored(piece: Piece) -> Piece:
    """Return the same evidence from ``b`` to ``a``."""
    value, low, high = (percent(-math.log1p(x / 100.0)) for x in (piece.value, piece.high, piece.low))
    return Piece(
        piece.kind, f"{piece.what}, {BACK}", piece.b, piece.a, piece.b_ms, piece.a_ms, value, low, high,
        piece.count, piece.source, piece.why_not,
    )  # fmt: skip


def agreed(pieces: Sequence[Piece]) -> tuple[Says, str]:
    """Tell what pieces say together, and why."""
    found = [says(piece) for piece in pieces if piece.counts]
    slower, not_slower = found.count(Says.SLOWER), found.count(Says.NOT_SLOWER)
    told = f"{slower} of {len(found)} say slower, {not_slower} not slower"
    if not found:
        return Says.OPEN, "no evidence that counts"
    if slower and not_slower:
        return Says.OPEN, f"the evidence disagrees: {told}"
    if 2 * slower >= len(found):
        return Says.SLOWER, told
    if 2 * not_slower >= len(found):
        return Says.NOT_SLOWER, told
    return Says.OPEN, f"too close to the noise: {told}"


def judged(
    statement: str,
    device: str,
    pieces: Sequence[Piece],
    holds_if: Says,
    nothing: str = "",
    unit: str = NETWORK,
) -> Check:
    """Apply the rule.

    Parameters
    ----------
    holds_if
        Which of slower and not slower the statement claims of ``b``.
    nothing
        Why there is nothing to judge by, said where no piece counts.
    unit
        What the figure is percent of.
    """
    counting = [piece for piece in pieces if piece.counts]
    found, why = agreed(pieces)
    verdict = Ruling.HOLDS if found is holds_if else Ruling.FAILS
    if found is Says.OPEN:
        verdict = Ruling.OPEN
    if not counting:
        return Check(
            statement, device, verdict, nothing or why, None, None, None, "", "nothing", tuple(pieces)
        )
    values = [piece.value for piece in counting]
    one = counting[0]
    low, high = (one.low, one.high) if len(counting) == 1 else (min(values), max(values))
    return Check(
        statement, device, verdict, why, float(np.median(values)), low, high, unit,
        rests_on(counting), tuple(pieces),
    )  # fmt: skip


def rests_on(pieces: Sequence[Piece]) -> str:
    """Name kinds of evidence, how many pieces of each, and the sources."""
    parts = []
    for kind in Kind:
        of = [piece for piece in pieces if piece.kind is kind]
        if of:
            told = sorted({piece.source for piece in of})
            if kind is Kind.IN_SITU:
                told = [f"medians over {' and '.join(str(piece.count) for piece in of)} cases", *told]
            parts.append(f"{kind}, n={len(of)} ({'; '.join(told)})")
    return " + ".join(parts)
