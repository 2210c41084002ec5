"""Statement: 1x1 convolutions are faster than linear layers on tokens; batch norm is on both sides."""

from __future__ import annotations

from dsim.device import DeviceProfile
from lab.claims.paper.pairs import pair_pieces
from lab.claims.paper.records import Check, Inputs, Statement
from lab.claims.paper.rule import SLOWER_WORDS, Says, judged

KEY = "conv-linear"
_WHAT = "linear layers on tokens for 1x1 convolutions on maps, at equal MACs and parameters"
PAIRS = tuple(
    (_WHAT, f"levit_conv_{size}{form}@224", f"levit_{size}{form}@224")
    for form in ("", "+unfused")
    for size in ("128s", "128", "192", "256", "256d", "384", "384_s8", "512", "512d")
)


def judge(profile: DeviceProfile, _inputs: Inputs) -> Check:
    """Judge one device."""
    nothing = (
        "no network was timed in both forms; a model's prices of the two are not tested against each other"
    )
    return judged(KEY, profile.name, list(pair_pieces(profile, PAIRS)), Says.SLOWER, nothing)


STATEMENT = Statement(
    KEY,
    "CONV-BN is faster than linear layers on tokens (the half of the statement that is not about the norm).",
    "LeViT in both forms that timm has, batch norm in both. The form with linear layers also transposes about twice as often, "
    f"so what is measured is the whole form. {SLOWER_WORDS} It holds where the form with linear layers is slower.",
    judge,
)
