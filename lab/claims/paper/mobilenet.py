"""Statement: EfficientFormer-L1 runs as fast as MobileNetV2 x1.4."""

from __future__ import annotations

from dataclasses import replace

from dsim.device import DeviceProfile
from dsim.latency.networks import read_graph
from lab.claims.paper.pairs import pair_pieces
from lab.claims.paper.predicted import NOT_ASKED, change_of_network
from lab.claims.paper.records import Check, Inputs, Statement
from lab.claims.paper.rule import SLOWER_WORDS, Says, judged, says

KEY = "as-fast-as-mobilenetv2"
L1, WIDE, PLAIN = "efficientformer_l1@224", "mobilenetv2_140@224", "mobilenetv2_100@224"
_WHAT = "EfficientFormer-L1 for MobileNetV2 x1.4"
_BOUND = "EfficientFormer-L1 for MobileNetV2 x1.0, which does less than x1.4 in every layer"


def judge(profile: DeviceProfile, inputs: Inputs) -> Check:
    """Judge one device."""
    pieces = list(pair_pieces(profile, ((_WHAT, WIDE, L1),)))
    if not pieces:
        # not slower than the smaller network is not slower than the larger; slower than the smaller says nothing
        for piece in pair_pieces(profile, ((_BOUND, PLAIN, L1),)):
            told = says(piece) is Says.NOT_SLOWER
            pieces.append(
                piece if told else replace(piece, why_not="x1.4 takes longer, by how much is not known")
            )
    nothing = "both were never timed together here" if pieces else NOT_ASKED
    if inputs.ask and not any(piece.counts for piece in pieces):
        found = change_of_network(profile, _WHAT, (WIDE, read_graph(WIDE)), (L1, read_graph(L1)), inputs)
        if isinstance(found, str):
            nothing = found
        else:
            pieces.append(found)
    return judged(KEY, profile.name, pieces, Says.NOT_SLOWER, nothing)


STATEMENT = Statement(
    KEY,
    "EfficientFormer-L1 runs as fast as MobileNetV2 x1.4.",
    "Both networks as one laboratory timed them in one protocol, MobileNetV2 x1.4 being the first side. "
    f"{SLOWER_WORDS} It holds where L1 is not slower. Where only MobileNetV2 x1.0 was timed with L1, not slower than that is enough, and "
    "slower says nothing. Where nothing was measured, both are priced, with intervals of networks whose families were held out.",
    judge,
)
