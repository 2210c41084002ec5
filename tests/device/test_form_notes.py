"""What is said of forms on a stack: times as they were measured, the scope that they were seen in, and no price."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dsim.attrs import NormAttrs
from dsim.device import find_profile
from dsim.device.form_notes import KIND, SIDES, form_notes
from dsim.device.graded import GradedContrast, packs
from dsim.graph import Graph, GraphBuilder
from dsim.network.price import price
from dsim.op import OpKind, Writing

CHIP, ELSEWHERE = "8-elite-gen5-tflite-float", "iphone12"


def network(kind: OpKind = OpKind.GELU, writing: Writing | None = None) -> Graph:
    b = GraphBuilder()
    return b.build(b.add(kind, b.input((1, 8)), writing=writing))


def gelus() -> list[GradedContrast]:
    return [
        one
        for one in packs()
        if one.kind == KIND and one.unit == "npu" and one.before in SIDES and one.after in SIDES
    ]


def test_times_are_those_of_the_pack_and_the_network_is_named() -> None:
    (note,) = form_notes(find_profile(CHIP), network())
    dino = next(
        one for one in gelus() if one.network.startswith("DINOv2") and one.after.endswith("erf formula")
    )
    assert f"{dino.before_ms:.3g} ms written out by tanh" in note
    assert f"{dino.after_ms:.3g} ms in one op by erf" in note
    assert "the form of gelu changed the time on this chip (LiteRT on its npu)" in note
    assert note.endswith("Here it is in one op by erf; nothing is added to this estimate")


@pytest.mark.parametrize("graph", [network(OpKind.RELU), network(OpKind.SILU), network(OpKind.HARDSWISH)])
def test_nothing_is_said_of_what_no_contrast_speaks_of(graph: Graph) -> None:
    assert not form_notes(find_profile(CHIP), graph)


def test_nothing_is_said_of_another_chip() -> None:
    assert not form_notes(find_profile(ELSEWHERE), network())


def test_a_form_that_was_not_timed_is_named_as_such() -> None:
    (note,) = form_notes(find_profile(CHIP), network(writing=Writing.CHAIN))
    assert "Here it is written out by erf, which was not timed there" in note


def test_equal_times_make_no_difference_and_the_own_stack_goes_first() -> None:
    profile = find_profile(CHIP)
    own = [
        replace(one, runtime=profile.runtime, before_ms=10.0, after_ms=10.2, before_low_ms=None, before_high_ms=None,
                after_low_ms=None, after_high_ms=None)
        for one in gelus()
        if one.network.startswith("DINOv2")
    ]  # fmt: skip
    (note,) = form_notes(profile, network(), [*own, *packs()])
    assert "made no difference on this stack" in note
    assert "TIPSv2" not in note


def test_many_networks_in_which_it_made_no_difference_are_counted_alone() -> None:
    (note,) = form_notes(find_profile("epyc-zen4-onnxruntime"), network(writing=Writing.CHAIN))
    assert "made no difference on this stack: " in note
    assert " networks (grade A). Here it is written out by erf" in note
    (other,) = form_notes(find_profile("epyc-zen4-onnxruntime"), network(writing=Writing.TANH_CHAIN))
    assert "changed the time on this stack: convnext_atto with gelu_tanh" in other  # where it mattered most


def test_every_side_of_gelu_norm_and_softmax_in_the_packs_is_a_form_or_a_chain_of_its_own() -> None:
    sides = {side for one in packs() if one.kind == KIND for side in (one.before, one.after)}
    named = {side for side in sides if side.startswith(("GELU", "layer norm", "softmax"))}
    assert named - set(SIDES) == {
        "GELU, erf as a chain of 96 operators",
        "layer norm, deviation scaled before it is squared",
    }
    assert set(SIDES) <= sides


def test_predict_says_it_and_lists_the_forms() -> None:
    priced = price(network(writing=Writing.TANH_CHAIN), CHIP)
    assert any("the form of gelu changed the time" in note for note in priced.estimate.notes)
    assert priced.to_dict()["forms"] == {"gelu by tanh, written out": 1}
    assert priced.estimate.latency_ms == pytest.approx(price(network(), CHIP).estimate.latency_ms)


def test_one_function_alone_can_be_asked_about() -> None:
    b = GraphBuilder()
    both = b.build(b.add(OpKind.GELU, b.add(OpKind.LAYER_NORM, b.input((1, 8)), attrs=NormAttrs())))
    assert len(form_notes(find_profile(CHIP), both)) == 2
    assert len(form_notes(find_profile(CHIP), both, only="gelu")) == 1
