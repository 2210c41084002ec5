"""The claims' commands find their marks in the notes, and make of the committed records what stands there."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from lab.claims import backtest, reality_check
from lab.places import NOTES


@pytest.mark.parametrize("command", [reality_check, backtest], ids=lambda module: module.__name__)
def test_tables_and_words_are_those_of_the_records(
    command: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("altair")
    page = Path(shutil.copy(NOTES / "reality.md", tmp_path))
    before = page.read_text(encoding="utf-8")
    monkeypatch.setattr(command, "NOTES", tmp_path)
    monkeypatch.setattr(sys, "argv", ["", "--docs"])
    command.main()  # type: ignore[attr-defined]
    assert page.read_text(encoding="utf-8") == before
