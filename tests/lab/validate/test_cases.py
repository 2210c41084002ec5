"""Small cases are judged by their right answers: an answer that is not right is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lab.validate.cases import page, sheets

SHEET = "network,latency_ms\nmobilenetv2_100@224,9.1\nresnet50@224,61.3\nefficientnet_b0@224,15.2\n"
READ = {"mobilenetv2_100@224": [9.1], "resnet50@224": [61.3], "efficientnet_b0@224": [15.2]}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DSIM_PROFILES", str(tmp_path / "profiles"))
    (tmp_path / "csv").mkdir()
    (tmp_path / "csv" / "good.csv").write_text(SHEET)
    (tmp_path / "csv" / "bad.csv").write_text(SHEET.replace("61.3", "soon"))
    return tmp_path


@pytest.mark.parametrize(
    ("case", "agrees"),
    [
        ({"files": ["good"], "ms": READ}, True),
        ({"files": ["good"], "ms": READ | {"resnet50@224": [61.9]}}, False),
        ({"files": ["bad"], "refused": ["latency_ms", "soon"]}, True),
        ({"files": ["good"], "refused": ["latency_ms"]}, False),
        ({"files": ["bad"], "ms": READ}, False),
    ],
)
def test_an_answer_agrees_or_is_told(folder: Path, case: dict[str, Any], agrees: bool) -> None:
    (row,) = sheets(folder, {"right": "as written", **case})
    assert row.agrees is agrees, row.now
    assert f"{int(agrees)} of 1 answers agree" in page([row])
