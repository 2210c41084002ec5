"""Cards: they belong to the evidence that they were found on, and a damaged one says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dsim.device import bundled_names, find_profile
from dsim.device.card import NAME, Card, evidence_hash, read_card, told_by, write_card
from dsim.errors import FileFormatError
from dsim.latency.records import Identified
from dsim.latency.summary import sort_choices, summarise
from tests.thorough import cases

CARD = Card("0" * 16, "fine", "", 3, 2, 0, 0, 1.5, 50.0, 100.0, 0.9, 90.0, 1.25, ("norm:a>b",), (), ("stem",))


def test_a_card_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    assert read_card(tmp_path) is None
    write_card(tmp_path, CARD)
    assert read_card(tmp_path) == CARD


@pytest.mark.parametrize("text", ["nonsense", "content = 3", ""])
def test_a_damaged_card_says_what_to_run(tmp_path: Path, text: str) -> None:
    (tmp_path / NAME).write_text(text, encoding="utf-8")
    with pytest.raises(FileFormatError, match="dsim device validate"):
        read_card(tmp_path)


@pytest.mark.parametrize("name", bundled_names())
def test_every_bundled_profile_has_a_card_of_its_present_evidence(name: str) -> None:
    profile = find_profile(name)
    card = read_card(profile.folder)
    assert card is not None, f"run: python -m lab.validate.profiles {name}"
    assert card.content == evidence_hash(profile.folder), f"run: python -m lab.validate.profiles {name}"
    assert (card.method, card.donor, card.ops) == (profile.method, profile.donor, len(profile.ops))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", cases(["epyc-zen3-litert"], ["pixel4-cpu-1large-float", "mi8se-cpu-1large-quant"])
)
def test_a_card_holds_what_validation_gives(name: str) -> None:
    found = summarise(name).card
    kept = read_card(find_profile(name).folder)
    assert kept is not None
    assert (found.networks, found.families) == (kept.networks, kept.families)
    for figure in ("median_error", "within_10", "within_20", "spearman", "coverage", "width"):
        assert getattr(found, figure) == pytest.approx(getattr(kept, figure), rel=0.05, abs=1.0), figure


def test_choices_are_sorted_once_each() -> None:
    choices = [
        Identified("norm:batch>group", 1.0, 0.5, 1.5, True, ""),
        Identified("norm:group>batch", -1.0, -1.5, -0.5, True, ""),
        Identified("activation:relu>gelu", 0.0, -1.0, 1.0, False, ""),
    ]
    assert sort_choices(choices, False) == (("norm:batch>group",), (), ("activation:relu>gelu",))
    assert sort_choices(choices, True) == (("norm:batch>group",), ("activation:relu>gelu",), ())


def test_what_a_donor_cannot_tell_is_told_by_nothing() -> None:
    # iphone12, the donor, tells relu, gelu and silu apart, and no other activations; the Snapdragon has no pair of its own
    card = read_card(find_profile("x-elite-qnn-float").folder)
    assert card is not None
    assert card.donor == "iphone12"
    told = told_by(card)
    assert told.own == ()
    assert sorted(told.donor) == ["activation:gelu>silu", "activation:relu>gelu", "activation:relu>silu"]
    assert {"activation:relu>hardswish", "activation:gelu>hardswish", "norm:batch>layer"} <= set(told.nothing)
    assert sorted(told.donor + told.nothing) == sorted(card.inherited + card.cannot_tell)
    assert told_by(replace(card, donor="gone")).donor == ()
