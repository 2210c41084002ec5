"""Timed blocks decide what is identified; where the model prices it otherwise, that is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dsim.device.profile import Contrast, DeviceProfile
from dsim.errors import InvalidValueError
from dsim.graph import GraphBuilder
from dsim.graph.store import save_graphs
from dsim.latency.methods.operators.blocks import BlockPair, block_pairs
from dsim.latency.methods.operators.choices import choices
from dsim.latency.methods.operators.evidence import OpEvidence
from dsim.latency.records import Identified
from dsim.op import OpKind


def decided(timed: OpEvidence, *pairs: BlockPair, choice: str = "norm:batch>layer") -> Identified:
    found = {one.choice: one for one in choices(timed, {choice: pairs} if pairs else {})}
    return found[choice]


def test_blocks_that_agree_identify_a_choice(timed: OpEvidence) -> None:
    before = decided(timed)
    assert not before.identified
    found = decided(timed, BlockPair(0.2, 0.01, 0.1), BlockPair(0.3, 0.01, 0.2))
    assert found.identified
    assert "2 blocks" in found.why
    assert not found.contradicted
    scale = found.priced_ms / 0.15 if found.priced_ms else 0.0  # the median of 0.1 and 0.2
    assert 0.18 * scale < found.low_ms < found.contrast_ms < found.high_ms < 0.32 * scale


def test_blocks_that_disagree_do_not(timed: OpEvidence) -> None:
    found = decided(timed, BlockPair(0.2, 0.01, 0.1), BlockPair(-0.3, 0.01, 0.2))
    assert not found.identified
    assert "blocks disagree" in found.why


def test_a_wide_interval_does_not(timed: OpEvidence) -> None:
    assert not decided(timed, BlockPair(0.1, 0.5, 0.1), BlockPair(0.1, 0.5, 0.1)).identified


def test_no_difference_beyond_the_noise_floor(timed: OpEvidence) -> None:
    found = decided(timed, BlockPair(0.001, 0.01, 0.01), BlockPair(-0.002, 0.01, 0.01))
    assert found.identified
    assert "noise floor" in found.why
    assert not found.contradicted
    assert decided(timed, BlockPair(0.001, 0.01, 0.5), BlockPair(-0.002, 0.01, 0.5)).contradicted


def test_a_price_of_the_other_sign_is_said(timed: OpEvidence) -> None:
    found = decided(timed, BlockPair(0.2, 0.01, -0.1), BlockPair(0.3, 0.01, -0.1))
    assert found.identified
    assert found.contradicted
    assert "the model does not price it so" in found.why


def test_blocks_come_before_kernels(timed: OpEvidence) -> None:
    choice = "activation:relu>hardswish"
    assert "kernels" in decided(timed, choice=choice).why
    assert "blocks" in decided(timed, BlockPair(0.2, 0.01, 0.1), BlockPair(0.3, 0.01, 0.2), choice=choice).why


def contrast(a: str, b: str, a_ms: float, b_ms: float) -> Contrast:
    return Contrast(
        "norm:batch>layer",
        "",
        a,
        b,
        a_ms,
        b_ms,
        0.0,
        "m",
        "p",
        "l",
        "s",
        "",
        b_ms - a_ms - 0.1,
        b_ms - a_ms + 0.1,
    )


def test_pairs_come_in_both_directions_with_the_model_s_price(phone: DeviceProfile, tmp_path: Path) -> None:
    builder = GraphBuilder()
    graph = builder.build(builder.add(OpKind.RELU, builder.input((1, 4, 2, 2))))
    save_graphs(tmp_path / "graphs.parquet", {"a@2": graph, "b@2": graph})
    profile = replace(
        phone,
        folder=tmp_path,
        contrasts=(
            contrast("a@2", "b@2", 2.0, 3.0),
            contrast("a@2", "b@2", 4.0, 3.0),
            contrast("a@2", "c@2", 1.0, 1.0),
        ),
    )
    prices = iter((10.0, 15.0))
    found = block_pairs(profile, lambda _: next(prices))
    forth, back = found["norm:batch>layer"], found["norm:layer>batch"]
    assert [one.change for one in forth] == pytest.approx([0.5, -0.25, 0.0])
    assert [one.change for one in back] == pytest.approx([-1 / 3, 1 / 3, 0.0])
    assert forth[0].spread == pytest.approx(0.1 / 1.645 / 2.0, rel=0.01)
    assert forth[0].priced == pytest.approx(0.5)
    assert back[0].priced == pytest.approx(-1 / 3)
    assert forth[2].priced is None, "its graph is not stored"


def test_published_contrasts_are_no_timed_blocks(phone: DeviceProfile) -> None:
    published = replace(contrast("a@2", "b@2", 2.0, 3.0), low_ms=None, high_ms=None)
    assert block_pairs(replace(phone, contrasts=(published, published)), lambda _: 1.0) == {}
    with pytest.raises(InvalidValueError, match="both"):
        replace(published, low_ms=1.0)
    with pytest.raises(InvalidValueError, match="swap"):
        replace(published, low_ms=1.0, high_ms=0.0)
