"""Every verb's output at 60, 80 and 110 columns: it fits, and no figure or interval is broken over two lines."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dsim.cli import main
from dsim.device import find_profile
from dsim.device.add import Added
from dsim.device.card import read_card
from dsim.latency.methods.few_shot.advice import Advice
from dsim.latency.scoring import Coverage, Held, Score
from dsim.latency.summary import ProfileSummary
from dsim.report.adapting import show_added, show_advice
from dsim.report.compared import show_comparison
from dsim.report.console import result_console, show_table
from dsim.report.measuring import measured_table
from dsim.report.study import show_study
from dsim.report.timed import agreement_table, timed_table
from dsim.report.validation import incomplete_table, pair_table, profile_table, validation_tables
from dsim.shift.measured import Timed, design_id
from tests.report.records import SMALL, comparison
from tests.report.test_answer import KEPT, found

WIDTHS = (60, 80, 110)
DEVICES = (
    "iphone12",
    "galaxy-s24-onnx-float",
    "epyc-zen3-onnxruntime",
    "pixel4-cpu-3med-float",
    "rtxpro6000-compiled-bf16",
)
HELD = tuple(
    Held("iphone12", f"a_network_with_a_long_name_{n}@224", f"family{n % 3}", 1.0 + n, 1.1 + n, 0.9 + n, 1.3 + n, "", "inside")
    for n in range(6)
)  # fmt: skip
SCORE = Score(36, 9, 10.123, 9.3, 50.4, 89.1, 0.94, 92.0, 1.69)


def check(text: str, width: int) -> None:
    """Hold every line to the width, but commands and words that are longer than it."""
    assert text.strip()
    for line in text.splitlines():
        command = line.startswith("  dsim ")
        longest = max((len(word) for word in line.split()), default=0)
        assert len(line) <= width or command or longest + 6 > width, line
        assert not re.search(
            r"(?<!\w)\d[\d.]*%? (to|of|x|-)$|\(up$|\b(at least)$|^\s*(to|of|x) ([-+]?\d|\?)", line
        ), line
        assert "…" not in line, line


def out(show: Callable[[], Any], capsys: pytest.CaptureFixture[str]) -> str:
    show()
    return capsys.readouterr().out


@pytest.fixture(params=WIDTHS)
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("COLUMNS", str(request.param))
    return int(request.param)


@pytest.mark.parametrize(
    "words",
    [
        "predict efficientformer_l1 --device iphone12",
        "predict efficientformer_l1 --device iphone12,iphone13,no-such-device",
        "top1 efficientformer_l1",
        "device list",
        "device list --all",
        "device show iphone12",
        "device show m5-ane",
        "device networks --filter resnet",
    ],
)
def test_commands(words: str, width: int, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(words.split())
    assert stop.value.code in (0, 1)
    check(capsys.readouterr().out, width)


@pytest.mark.slow
def test_the_plan(width: int, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["device", "plan"])
    check(capsys.readouterr().out, width)


@pytest.mark.parametrize("details", [False, True])
def test_a_study(width: int, details: bool, capsys: pytest.CaptureFixture[str]) -> None:
    check(out(lambda: show_study(found(not_identified=KEPT), details), capsys), width)
    nothing = found(chosen=None, nearest_feasible_budget_ms=1.0)
    check(out(lambda: show_study(nothing, details), capsys), width)


@pytest.mark.parametrize("details", [False, True])
def test_a_comparison(width: int, details: bool, capsys: pytest.CaptureFixture[str]) -> None:
    check(out(lambda: show_comparison(comparison(DEVICES), "studies/latency", details), capsys), width)


def test_a_profile_that_was_added(width: int, capsys: pytest.CaptureFixture[str]) -> None:
    added = Added("mine", Path("profiles/mine"), "few-shot", "pixel4-cpu-3med-float", 12, 0, 3, ("a note",))
    check(out(lambda: show_added(added), capsys), width)
    advice = Advice(
        tuple((name, 12.3, 0.25) for name in DEVICES),
        {held.graph: held.error * 100.0 for held in HELD},
        (),
        tuple((held.graph, 0.3, 0.2) for held in HELD),
    )
    check(out(lambda: show_advice(find_profile("iphone12"), advice), capsys), width)


def test_what_validation_and_measuring_found(width: int, capsys: pytest.CaptureFixture[str]) -> None:
    card = read_card(find_profile("iphone12").folder)
    assert card
    summaries = [ProfileSummary(name, "iphone", card, HELD) for name in DEVICES]
    validation = SimpleNamespace(
        device="iphone12", networks=HELD, clean=SCORE, with_cliffs=SCORE, high_resolution=SCORE, all_protocols=SCORE,
        by_family={"a family": SCORE}, pooled_coverage=Coverage(36, 92.0, 85.0, 97.0), contrasts=(),
    )  # fmt: skip
    timed = [Timed("iphone12", design_id(SMALL.arch), 1.25, 0.01, 50, 0.2, "chip", "runtime 1")]
    tables = (
        profile_table(summaries), pair_table(summaries), incomplete_table(summaries),
        measured_table({"iphone12": HELD}), *validation_tables(validation),  # type: ignore[arg-type]
        agreement_table(comparison(DEVICES), timed), timed_table(comparison(DEVICES), timed, "iphone12"),
    )  # fmt: skip
    assert not math.isnan(SCORE.median)
    for data in tables:
        check(out(lambda data=data: show_table(result_console(), data), capsys), width)  # type: ignore[misc]
