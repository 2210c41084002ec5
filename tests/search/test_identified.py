"""A choice without evidence stays at its published value, and the output says so."""

from __future__ import annotations

from dataclasses import dataclass

from dsim.arch import Activation, Mixer, Norm, Stem
from dsim.device import find_profile
from dsim.device.card import read_card, told_by
from dsim.latency import load_model
from dsim.search.identified import keep_identified
from dsim.search.space import Space


@dataclass(frozen=True)
class Verdict:
    identified: bool
    why: str = "spread over bootstraps"
    contradicted: bool = False


def test_only_identified_activations_and_norms_are_searched() -> None:
    verdicts = {"activation:gelu>relu": Verdict(True), "activation:gelu>silu": Verdict(False)}
    space, dropped = keep_identified(Space(), verdicts)
    assert space.activations == (Activation.GELU, Activation.RELU)
    assert space.norms == (Norm.BATCH,)
    by_choice = {item.choice: item for item in dropped}
    assert by_choice["activation"].dropped == ("silu", "hardswish")
    assert by_choice["activation"].kept == "gelu"
    assert by_choice["activation"].why == "spread over bootstraps"
    assert by_choice["norm"].dropped == ("layer", "group")
    assert by_choice["norm"].why == "the profile has no evidence on it"


def test_a_stem_or_mixer_is_dropped_only_on_a_verdict() -> None:
    space, dropped = keep_identified(
        Space(), {"stem:two_convs>conv7": Verdict(False), "mixer:pooling>ffn": Verdict(False)}
    )
    assert space.stems == (Stem.TWO_CONVS, Stem.PATCHIFY)
    assert all(Mixer.FFN not in row and Mixer.CONV5 in row for row in space.mixers)
    assert {item.choice for item in dropped} >= {"stem", "mixer"}


def test_rows_that_differ_are_named_by_stage() -> None:
    rows = ((Mixer.POOLING, Mixer.FFN), (Mixer.POOLING,), (Mixer.POOLING,), (Mixer.POOLING,))
    _, dropped = keep_identified(Space(mixers=rows), {"mixer:pooling>ffn": Verdict(False)})
    assert [item.choice for item in dropped if item.choice.startswith("mixer")] == ["mixer in stage 1"]


def test_a_choice_that_the_model_prices_against_the_evidence_is_not_searched() -> None:
    verdicts = {
        "activation:gelu>relu": Verdict(True, "measured, and priced the other way round", contradicted=True)
    }
    space, dropped = keep_identified(Space(), verdicts)
    assert space.activations == (Activation.GELU,)
    assert "the other way round" in next(item.why for item in dropped if item.choice == "activation")


def test_a_search_leaves_alone_what_the_card_does_not_call_told_here() -> None:
    # the words of `dsim device show` and what a study does not search come from one verdict
    card = read_card(find_profile("iphone12").folder)
    assert card is not None
    told = told_by(card)
    _, dropped = keep_identified(Space(), load_model("iphone12").identified)
    assert [item.choice for item in dropped] == ["activation", "norm"]
    for item in dropped:
        for option in item.dropped:
            pair = {f"{item.choice}:{item.kept}>{option}", f"{item.choice}:{option}>{item.kept}"}
            assert pair & set(told.donor + told.nothing)
            assert not pair & set(told.own)
