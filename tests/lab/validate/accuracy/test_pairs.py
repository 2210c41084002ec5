"""Effects of one network's pairs, predicted from the other networks'."""

from __future__ import annotations

from lab.validate.accuracy.pairs import effect_pairs


def test_pairs_are_predicted_from_other_networks() -> None:
    # no network but PoolFormer tried group norm or SiLU; what is left is what the others say of batch and layer norm
    pairs = {(p.base, p.change): p for p in effect_pairs()}
    assert (
        pairs["PoolFormer-S12", "group_norm -> layer_norm"].predicted > 0.0
    )  # layer beats batch on EdgeNeXt
    assert pairs["PoolFormer-S12", "gelu -> relu"].predicted < 0.0
