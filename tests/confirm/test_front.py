"""The road from a study to its confirmed answer: what is written, how times come back, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import dsim
from dsim.arch import get_preset
from dsim.cli.main import dsim as command
from dsim.confirm import Belief, Plan, Verdict
from dsim.confirm.front import Step, is_strange, times_of
from dsim.confirm.kit import COMMANDS, FILES, form_of
from dsim.device import find_profile
from dsim.errors import DsimError, FileFormatError
from dsim.graph.onnx import read_onnx
from dsim.own.resolve import resolve
from dsim.report.confirm import show_plan
from dsim.search import Candidate, StudyResult, StudySpec
from dsim.search.result import Cost

NAMES = ["design-00000000", "design-abcdef12"]


def test_times_are_found_by_the_name_of_their_folder(tmp_path: Path) -> None:
    sheet = tmp_path / "results.csv"
    sheet.write_text("network,latency_ms\ndesign-abcdef12/model.onnx,1.5\ndesign-abcdef12,1.7\n")
    assert times_of([sheet], NAMES) == ({1: [1.5, 1.7]}, set())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("network,latency_ms\nresnet50,1.5\n", "must be of one of the study's designs, got 'resnet50'"),
        ("network,latency_ms\ndesign-12345678,1.5\n", "such as design-00000000"),
        ("network,latency_ms\ndesign-abcdef12,\n", "a latency must be a positive number, got nothing"),
        ("network,latency_ms\ndesign-abcdef12,-1\n", "must be a positive number"),
    ],
)
def test_other_times_are_refused_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    sheet = tmp_path / "results.csv"
    sheet.write_text(text)
    with pytest.raises(FileFormatError, match=says):
        times_of([sheet], NAMES)


def test_a_time_beyond_all_known_errors_is_strange() -> None:
    one = Belief(np.array([1.0]), np.array([[0.01]]), np.zeros(1), np.ones(1), np.ones(1), 2.0, 0.9)
    # three standard deviations of 0.1 and 0.03 together are 0.313
    assert not is_strange(one, {0: 0.31})
    assert is_strange(one, {0: 0.32})


@pytest.mark.parametrize(
    ("runtime", "form"),
    [
        ("Core ML", "coreml"),
        ("TensorFlow Lite, QNN delegate", "litert"),
        ("LiteRT 2.2.0", "litert"),
        ("QNN", "onnx"),
    ],
)
def test_a_runtime_gets_the_file_that_it_reads(runtime: str, form: str) -> None:
    assert form_of(runtime) == form
    assert Path(FILES[form]).name in COMMANDS[form]


def test_wrong_usage_is_told_before_any_work(tmp_path: Path) -> None:
    for options, says in (
        (["--out", "a", "--results", "b"], "give one of the two"),
        (["--to", "onnx"], "--to needs --out"),
        (["--most", "2"], "3<=x<=8"),
    ):
        done = CliRunner().invoke(command, ["confirm", str(tmp_path), *options])
        assert done.exit_code == 2
        assert says in done.output
    with pytest.raises(DsimError, match="3 to 8 designs can be timed, got 9"):
        dsim.confirm.plan(tmp_path, most=9)
    with pytest.raises(DsimError, match=r"has no study\.toml"):
        dsim.confirm.plan(tmp_path)


@pytest.mark.slow
def test_a_study_is_planned_written_timed_and_confirmed(tmp_path: Path) -> None:
    study = dsim.search("iphone12", 2.0, trials=8, out=tmp_path, name="mine")
    folder = tmp_path / "mine"
    plan = dsim.confirm.plan(folder)
    assert 3 <= len(plan.steps) <= 8
    risks = [plan.risk, *(step.risk for step in plan.steps)]
    assert risks[-1] < risks[0] / 2
    done = CliRunner().invoke(
        command, ["confirm", str(folder), "--out", str(tmp_path / "kit"), "--to", "onnx", "--json"]
    )
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert [one["design"] for one in told["time_next"]] == [step.name for step in plan.steps]
    for step in plan.steps:
        written = read_onnx(tmp_path / "kit" / step.name / "model.onnx")
        assert written.macs == step.design.arch.to_graph().macs
    again = CliRunner().invoke(
        command, ["confirm", str(folder), "--out", str(tmp_path / "kit"), "--to", "onnx"]
    )
    assert again.exit_code == 1
    assert "may hold times" in again.output
    # a device that takes what was predicted of the choice, and more than the budget for all that is timed
    sheet = tmp_path / "results.csv"
    assert study.chosen is not None
    own = f"design-{study.chosen.arch.canonical_hash()[:8]}"
    times = {step.name: max(2.05, step.design.latency_ms) for step in plan.steps} | {
        own: study.chosen.latency_ms
    }
    sheet.write_text("network,latency_ms\n" + "".join(f"{name},{ms}\n" for name, ms in times.items()))
    found = dsim.confirm(folder, [sheet])
    assert found.name not in {name for name, ms in times.items() if ms > 2.0}
    assert found.answer.p_fits is not None
    assert found.answer.p_fits >= 0.9
    # one that is a fifth quicker: something larger fits, and is named
    quick = [f"{step.name},{0.8 * step.design.latency_ms}" for step in plan.steps]
    sheet.write_text("network,latency_ms\n" + "\n".join(quick) + "\n")
    changed = dsim.confirm(folder, [sheet])
    assert changed.answer.verdict in (Verdict.CHANGED, Verdict.UNCERTAIN)
    assert changed.chosen is not None
    assert changed.chosen.top1_low > study.chosen.top1_low


def test_the_sheet_of_times_makes_a_profile_too(tmp_path: Path) -> None:
    for number, name in enumerate(NAMES, start=1):
        folder = tmp_path / name
        folder.mkdir()
        design = get_preset(f"poolformer_s{12 * number}")
        (folder / "arch.json").write_text(design.to_json())
        key, graph = resolve(name, tmp_path, "results.csv, row 2")
        assert key == f"own-{name}@224"
        assert graph is not None
        assert graph.macs == design.to_graph().macs


def test_it_ends_with_what_to_do_next(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    one = Candidate(
        get_preset("efficientformer_l1"), 1.4, 1.2, 1.7, 0.95, 80.0, 79.0, 81.0, 12_000_000, 10**9
    )
    result = StudyResult(
        StudySpec("iphone12", 2.0, name="mine"), one, (one,), one, (), (), Cost(2.0, 10, 3, 0)
    )
    plan = Plan(result, find_profile("iphone12"), (Step("design-00000000", one, 0.1),), 0.5)
    show_plan(plan, Path("studies/mine"))
    assert "\n  dsim confirm studies/mine --out to-time\n" in capsys.readouterr().out
    show_plan(plan, Path("studies/mine"), Path("kit"))
    assert "\n  dsim confirm studies/mine --results kit/results.csv\n" in capsys.readouterr().out
