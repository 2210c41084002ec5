"""One change on two devices: the headline's figures as the journal's own table has them, and what overlaps."""

from __future__ import annotations

from dsim.device import find_profile
from dsim.shift import Interval, pair_of
from dsim.shift.shared_contrasts import SharedContrast, shared_contrasts


def test_layer_norm_costs_more_where_products_are_cheap() -> None:
    found = shared_contrasts([find_profile(name) for name in ("xeon-amx-openvino", "xeon-amx-openvino-bf16")])
    by_key = {(one.choice, one.where): one for one in found}
    block = by_key["norm:batch>layer", "pooling block 28x28x96"]
    assert [round(x) for x in (block.on_a.value, block.on_a.low, block.on_a.high)] == [43, 39, 48]
    assert [round(x) for x in (block.on_b.value, block.on_b.low, block.on_b.high)] == [198, 184, 213]
    assert block.pair.differs_in == ("precision",)
    network = by_key["norm:batch>layer", "efficientformer_l1"]
    assert [round(x, 1) for x in (network.on_a.value, network.on_b.value)] == [17.3, 44.1]
    assert found[0].apart
    assert found[0].difference >= found[1].difference


def test_intervals_that_touch_are_no_difference() -> None:
    pair = pair_of(find_profile("rz-v2h-npu"), find_profile("rz-v2l-npu"))
    one = SharedContrast(pair, "norm:batch>layer", "a block", False, Interval(5, 3, 7), Interval(9, 7, 11))
    assert not one.apart
    assert SharedContrast(pair, one.choice, one.where, False, Interval(5, 3, 6.9), one.on_b).apart


def test_devices_without_a_change_in_common_have_none() -> None:
    assert shared_contrasts([find_profile("rz-v2h-npu"), find_profile("xeon-amx-openvino")]) == ()
