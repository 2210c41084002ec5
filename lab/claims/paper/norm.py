"""Statement: batch norm behind convolutions is faster than layer norm or group norm."""

from __future__ import annotations

from collections.abc import Iterator

from dsim.device import DeviceProfile
from lab.claims.paper.pairs import contrast_piece, pair_pieces
from lab.claims.paper.records import Check, Inputs, Kind, Piece, Statement
from lab.claims.paper.rule import NETWORK, SLOWER_WORDS, Says, judged, mirrored

KEY = "conv-bn"
_WHAT = "group norm for batch norm"
PAIRS = (
    *((_WHAT, f"resnet50@{side}", f"resnet50_gn@{side}") for side in (224, 288)),
    (_WHAT, "resnetv2_50d@224", "resnetv2_50d_gn@224"),
    (_WHAT, "efficientnet_b0@224", "efficientnet_b0_gn@224"),
    *((_WHAT, f"efficientnet_b3@{side}", f"efficientnet_b3_gn@{side}") for side in (288, 320)),
)
_FORWARD, _BACK = ("norm:batch>layer", "norm:batch>group"), ("norm:layer>batch", "norm:group>batch")


def _contrasts(profile: DeviceProfile) -> Iterator[Piece]:
    for contrast in profile.contrasts:
        clean = contrast.graph_a and contrast.graph_b
        why_not = "" if clean else "something else changed in the same step, as the source says"
        if contrast.choice in _FORWARD:
            yield contrast_piece(profile, contrast, why_not=why_not)
        elif contrast.choice in _BACK:
            yield mirrored(contrast_piece(profile, contrast, why_not=why_not))


def judge(profile: DeviceProfile, _inputs: Inputs) -> Check:
    """Judge one device."""
    pieces = [*pair_pieces(profile, PAIRS), *_contrasts(profile)]
    nothing = "no pair or clean contrast of norms was timed, and whole networks alone do not price one"
    blocks = any(piece.kind is Kind.CONTRAST and piece.counts for piece in pieces)
    unit = "% of the block's time" if blocks else NETWORK
    return judged(KEY, profile.name, pieces, Says.SLOWER, nothing, unit)


STATEMENT = Statement(
    KEY,
    "CONV-BN is faster than a layer norm or group norm beside it (the half of the statement that is about the norm).",
    "Networks, or dsim's own blocks, that differ in the norm alone. "
    f"{SLOWER_WORDS} It holds where layer norm or group norm is slower. No model is asked: without a clean contrast a norm's price is not identified.",
    judge,
)
