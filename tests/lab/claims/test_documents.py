"""The claims' commands find their marks in the notes, and make of the committed records what stands there."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from dsim.shift import load_comparison
from lab.claims import backtest, device_shift, reality_check
from lab.marked import read_block
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


def test_the_comparison_of_devices_is_written_from_its_records(tmp_path: Path) -> None:
    page = Path(shutil.copy(NOTES / "shift.md", tmp_path))
    found = {name: load_comparison(device_shift.STUDY / name) for name in device_shift.specs()}
    device_shift.write(found, page)
    for name, one in found.items():
        tables = read_block(page, "device-shift").partition(f"**Comparison `{name}`**")[2]
        assert all(device.device in tables for device in one.devices)
    assert read_block(page, "shift").startswith("- **")
    for block in ("timed-words", "timed"):
        earlier, _, today = read_block(page, block).partition("**Designs of this comparison**")
        assert "epyc-zen3-onnxruntime**" in earlier or "On epyc-zen3-onnxruntime" in earlier
        assert "epyc-zen4-onnxruntime**" in today or "On epyc-zen4-onnxruntime" in today
