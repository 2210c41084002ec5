"""Statement: hardswish is far slower than GELU (observation 4). It is of one converter and one iOS, and holds for that stack alone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from dsim.device import DeviceProfile, contrasts_on
from dsim.device.graded import GradedContrast
from lab.claims.paper.pairs import contrast_piece
from lab.claims.paper.records import Check, Inputs, Kind, Piece, Ruling, Statement
from lab.claims.paper.rule import FLOOR, NETWORK, SLOWER_WORDS, Says, judged, mirrored, percent

KEY = "hardswish"
_SIDES = frozenset({"gelu", "hardswish"})


def _published(profile: DeviceProfile) -> Iterator[Piece]:
    """Yield graded contrasts of the two on this stack; those below grade A are shown and do not count."""
    for seen in contrasts_on(profile):
        one = seen.contrast
        if one.kind == "activation" and {one.before.lower(), one.after.lower()} == _SIDES:
            piece = _piece(
                one, "" if seen.identifies else f"grade {one.grade}, {seen.scope}: {one.grade.words}"
            )
            yield piece if one.before.lower() == "gelu" else mirrored(piece)


def _piece(one: GradedContrast, why_not: str) -> Piece:
    """Make a piece of evidence; its interval is the noise of one laboratory and what the figures are rounded to."""
    rounding = sum(
        0.5 * 10.0 ** -len(repr(ms).partition(".")[2]) / ms for ms in (one.before_ms, one.after_ms)
    )
    log, off = math.log(one.after_ms / one.before_ms), math.log1p(FLOOR / 100.0) + rounding
    return Piece(
        Kind.CONTRAST, f"activation: {one.network}", one.before, one.after, one.before_ms, one.after_ms, percent(log),
        percent(log - off), percent(log + off), 2, f"{one.source}, {one.device}, {one.version}", why_not,
    )  # fmt: skip


def _timed(profile: DeviceProfile) -> Iterator[Piece]:
    for contrast in profile.contrasts:
        if contrast.graph_a and contrast.graph_b:
            if contrast.choice == "activation:gelu>hardswish":
                yield contrast_piece(profile, contrast)
            elif contrast.choice == "activation:hardswish>gelu":
                yield mirrored(contrast_piece(profile, contrast))


def judge(profile: DeviceProfile, _inputs: Inputs) -> Check:
    """Judge one device."""
    timed, published = list(_timed(profile)), list(_published(profile))
    unit = "% of the block's time" if timed else NETWORK
    check = judged(
        KEY,
        profile.name,
        [*published, *timed],
        Says.SLOWER,
        "the two were timed in no otherwise equal networks here",
        unit,
    )
    return replace(check, verdict=Ruling.STACK) if check.verdict is Ruling.HOLDS else check


STATEMENT = Statement(
    KEY,
    "HardSwish is far slower than GELU (observation 4: LeViT-256 takes 44.5 ms with the one and 11.9 with the other).",
    f"Networks, or dsim's own blocks, that differ in the activation alone. {SLOWER_WORDS} Where hardswish is slower it *holds for that "
    "stack*: an operator that a converter and system do not support on the accelerator says nothing of others. No model is asked.",
    judge,
)
