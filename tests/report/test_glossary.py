"""A word that an output uses is explained there, and no other."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from dsim.arch import Mixer, Stem, get_preset
from dsim.cli import main
from dsim.device import find_profile
from dsim.device.card import read_card
from dsim.device.glance import glances
from dsim.report.glossary import BLOCKS, STEMS, cores_glossary, design_glossary, evidence_glossary
from dsim.report.study import show_study
from tests.report.test_answer import KEPT, found


def test_every_block_and_stem_has_words() -> None:
    assert set(BLOCKS) == set(map(str, Mixer))
    assert set(STEMS) == set(map(str, Stem))


def test_only_what_a_design_has_is_explained() -> None:
    words = design_glossary([get_preset("efficientformer_l1")])
    assert words.startswith("stem two_convs is two 3x3 convolutions of stride 2. Blocks: pooling averages")
    assert "attention is EfficientFormer's" in words
    assert "conv7" not in words


def test_words_about_evidence() -> None:
    said = evidence_glossary("no clean contrast here: what the choice costs is the donor's, on another chip")
    assert "two measured networks that differ in one thing alone" in said
    assert "the device whose prices this one starts from" in said
    assert evidence_glossary("families disagree") == ""


def test_cores_in_names_of_profiles() -> None:
    assert cores_glossary("pixel4-cpu-1large1med-float, Pixel 4, 3med") == (
        "1large1med: on 1 large core and 1 medium core; 3med: on 3 medium cores."
    )
    assert cores_glossary("iphone12") == ""
    named = {word for one in glances() for word in one.name.split("-") if word.endswith(("large", "med"))}
    assert all(cores_glossary(word) for word in named)


def test_details_of_a_study_explain_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    donors = replace(KEPT[0], why="no clean contrast here: the price is the donor's")
    show_study(found(not_identified=(donors,)), details=True)
    text = " ".join(capsys.readouterr().out.split())
    assert "In words: stem two_convs is" in text
    assert "In words: a clean contrast is" in text


def test_a_profile_says_why_fewer_networks_are_held_out_than_measured(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["device", "show", "iphone12"])
    text = " ".join(capsys.readouterr().out.split())
    said = re.search(
        r"The (\d+) are those of the (\d+) measured networks that were timed in the way that predictions are for",
        text,
    )
    card = read_card(find_profile("iphone12").folder)
    assert said
    assert card
    assert int(said[1]) == card.networks < int(said[2])
