"""The validation of bundled profiles, on a small one."""

from __future__ import annotations

import sys

import pytest

from dsim.device import find_profile
from dsim.device.card import read_card
from lab.validate import profiles


def test_a_small_profile_scores_what_its_card_says(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    card = read_card(find_profile("pixel4-dsp").folder)
    assert card is not None
    monkeypatch.setattr(sys, "argv", ["", "pixel4-dsp", "--no-cards"])
    profiles.main()
    shown = capsys.readouterr()
    said = shown.err.splitlines()[-1]
    assert said.startswith(f"pixel4-dsp: {card.networks} networks, median error ")
    # another processor may round otherwise
    assert float(said.split()[-1].rstrip("%")) == pytest.approx(card.median_error, abs=0.6)
    assert "pixel4-dsp" in shown.out


def test_all_profiles_or_no_document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["", "pixel4-dsp", "--write", "page.md"])
    with pytest.raises(SystemExit):
        profiles.main()
