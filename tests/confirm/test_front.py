"""The road from a study to its confirmed answer: what is written, how times come back, and what is refused."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import dsim
from dsim.arch import get_preset
from dsim.cli.main import dsim as command
from dsim.confirm import Belief, Plan, Verdict
from dsim.confirm.front import Confirmed, Step, is_strange, name_of, pool_of
from dsim.confirm.keep import evidence, own_name
from dsim.confirm.kit import COMMANDS, form_of
from dsim.confirm.times import times_of
from dsim.device import find_profile
from dsim.errors import DsimError, FileFormatError
from dsim.export.targets import FORMS
from dsim.graph.onnx import read_onnx
from dsim.own.resolve import resolve
from dsim.report.confirm import show_plan
from dsim.search import Candidate, StudyResult, StudySpec
from dsim.search.result import Cost

NAMES = ["design-00000000", "design-abcdef12"]


def test_times_are_found_by_the_name_of_their_folder(tmp_path: Path) -> None:
    sheet = tmp_path / "results.csv"
    sheet.write_text("network,latency_ms\ndesign-abcdef12/model.onnx,1.5\ndesign-abcdef12,1.7\n")
    assert times_of([sheet], NAMES) == ({1: [1.5, 1.7]}, set(), ())


LOG = """STARTING!
Graph: [/data/local/tmp/{}.tflite]
Inference timings in us: Init: 18777, First inference: 64791, Warmup (avg): 37758.2, Inference (avg): {}
"""


def test_a_log_of_the_command_in_the_kit_is_read_as_it_is(tmp_path: Path) -> None:
    log = tmp_path / "phone.log"
    log.write_text(LOG.format("design-abcdef12", 1500) + LOG.format("design-00000000", 1200))
    assert times_of([log], NAMES) == ({0: [1.2], 1: [1.5]}, set(), ())
    log.write_text(LOG.format("model", 1500))
    with pytest.raises(FileFormatError, match=r"name this file as .* such as design-00000000\.log$"):
        times_of([log], NAMES)
    named = log.rename(tmp_path / "design-abcdef12.log")
    assert times_of([named], NAMES) == ({1: [1.5]}, set(), ())


def test_rows_without_a_time_are_skipped_and_counted(tmp_path: Path) -> None:
    sheet, more = tmp_path / "results.csv", tmp_path / "more.csv"
    sheet.write_text("network,latency_ms\ndesign-00000000,\ndesign-abcdef12,1.5\n")
    assert times_of([sheet], NAMES) == ({1: [1.5]}, set(), ("design-00000000",))
    more.write_text("network,latency_ms\ndesign-00000000,1.2\n")
    assert times_of([sheet, more], NAMES) == ({0: [1.2], 1: [1.5]}, set(), ())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("network,latency_ms\nresnet50,1.5\n", "must be of one of the study's designs, got 'resnet50'"),
        ("network,latency_ms\ndesign-12345678,1.5\n", "such as design-00000000"),
        (
            "network,latency_ms\ndesign-abcdef12,\ndesign-00000000,\n",
            "must hold a time of one design at least",
        ),
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


def test_times_that_contradict_each_other_are_strange() -> None:
    # two designs whose errors are the same: 0.2 off is no wonder for either, but for one of them alone
    alike = np.full((2, 2), 0.01)
    two = Belief(np.ones(2), alike, np.zeros(2), np.ones(2), np.ones(2), 2.0, 0.9)
    assert not is_strange(two, {0: 0.2, 1: 0.2})
    assert is_strange(two, {0: 0.2, 1: 0.0})
    assert not is_strange(two, {})


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
    assert FORMS[form].file in COMMANDS[form]


def test_wrong_usage_is_told_before_any_work(tmp_path: Path) -> None:
    for options, says in (
        (["--out", "a", "--results", "b"], "give one of the two"),
        (["--to", "onnx"], "--to needs --out"),
        (["--no-keep"], "say what becomes of times"),
        (["--most", "2"], "3<=x<=8"),
    ):
        done = CliRunner().invoke(command, ["confirm", str(tmp_path), *options])
        assert done.exit_code == 2
        assert says in done.output
    with pytest.raises(DsimError, match="3 to 8 designs can be timed, got 9"):
        dsim.confirm.plan(tmp_path, most=9)
    with pytest.raises(DsimError, match=r"has no study\.toml"):
        dsim.confirm.plan(tmp_path)


def test_a_folder_that_cannot_be_written_is_told_before_the_study_is_read(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file")
    kit = tmp_path / "kit"
    kit.mkdir()
    (kit / "results.csv").write_text("network,latency_ms\n")
    for out, says in ((taken, "must be a folder, and is a file"), (kit, "may hold times")):
        done = CliRunner().invoke(command, ["confirm", str(tmp_path / "no-study"), "--out", str(out)])
        assert done.exit_code == 1
        assert says in done.stderr


@pytest.mark.slow
def test_a_study_is_planned_written_timed_and_confirmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = dsim.search("iphone12", 2.0, trials=8, out=tmp_path, name="mine")
    folder = tmp_path / "mine"
    plan = dsim.confirm.plan(folder)
    assert 3 <= len(plan.steps) <= 8
    # in Python it shows what to time, not all that it holds
    assert repr(plan).startswith("What to time on iphone12 for mine\n")
    assert all(repr(plan).count(step.name) == 1 for step in plan.steps)
    assert len(repr(plan).splitlines()) == len(plan.steps) + 2
    risks = [plan.risk, *(step.risk for step in plan.steps)]
    assert risks[-1] < risks[0] / 2
    done = CliRunner().invoke(
        command, ["confirm", str(folder), "--out", str(tmp_path / "kit"), "--to", "onnx", "--json"]
    )
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert [one["design"] for one in told["time_next"]] == [step.name for step in plan.steps]
    assert "The study is for Core ML" in (tmp_path / "kit" / "README.md").read_text()
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "coremltools", None)
        done = CliRunner().invoke(command, ["confirm", str(folder), "--out", str(tmp_path / "other")])
    assert done.exit_code == 1
    assert "export to coreml needs coremltools" in done.stderr
    assert not (tmp_path / "other").exists()
    for step in plan.steps:
        written = read_onnx(tmp_path / "kit" / step.name / "model.onnx")
        assert written.macs == step.design.arch.to_graph().macs
    again = CliRunner().invoke(
        command, ["confirm", str(folder), "--out", str(tmp_path / "kit"), "--to", "onnx"]
    )
    assert again.exit_code == 1
    assert "may hold times" in again.output
    results = tmp_path / "kit" / "results.csv"
    first = plan.steps[0]
    results.write_text(
        results.read_text().replace(f"{first.name},", f"{first.name},{first.design.latency_ms}")
    )
    partly = CliRunner().invoke(command, ["confirm", str(folder), "--results", str(results), "--no-keep"])
    assert partly.exit_code == 0, partly.output
    left = len(plan.steps) - 1
    assert f"Not timed: {left} designs of the sheet: {plan.steps[1].name}" in partly.output
    assert study.chosen is not None
    own = f"design-{study.chosen.arch.canonical_hash()[:8]}"
    assert own in {step.name for step in plan.steps}  # nothing confirms a choice that was not timed itself
    sheet = tmp_path / "results.csv"
    pool = pool_of(study)

    def timed(slower: float, designs: Sequence[Candidate]) -> Confirmed:
        """Return the answer of a device that takes so many times what was predicted."""
        rows = [f"{name_of(one)},{slower * one.latency_ms}\n" for one in designs]
        sheet.write_text("network,latency_ms\n" + "".join(rows))
        return dsim.confirm(folder, [sheet])

    # The study chose for a 90% chance, so that its choice is predicted to take less than the budget. Where the device takes that room up
    # to 5%, what is larger no longer fits, and designs between lose less than counts.
    same = timed(1.9 / study.chosen.latency_ms, pool)
    assert (same.answer.verdict, same.name) == (Verdict.CONFIRMED, own)
    assert repr(same).startswith("mine on iphone12: confirmed\n")
    assert own in repr(same)
    # Where the device is a tenth quicker, and the error is gone that the room was left for, something larger fits.
    quicker = timed(0.9, pool)
    assert quicker.answer.verdict is Verdict.CHANGED
    assert quicker.chosen is not None
    assert quicker.chosen.top1_low > study.chosen.top1_low
    assert 0.9 * quicker.chosen.latency_ms < 2.0
    # a device that is a fifth quicker, of which the planned designs alone were timed: something larger still, which may itself be
    # among those that are to be timed next
    quick = timed(0.8, [step.design for step in plan.steps])
    assert quick.answer.verdict is not Verdict.CONFIRMED
    assert quick.chosen is not None
    assert quick.name != own
    assert quick.chosen.top1_low > quicker.chosen.top1_low - 0.2
    # one that is a fifth slower: the choice takes more than the budget, and something smaller is named
    slow = timed(1.2, pool)
    assert slow.answer.verdict is Verdict.CHANGED
    assert slow.chosen is not None
    assert 1.2 * study.chosen.latency_ms > 2.0 > 1.2 * slow.chosen.latency_ms
    assert not any(one.notes for one in (same, quicker, quick, slow))
    # the times become evidence of a profile of the user's own: more are added, those of the same design are replaced
    monkeypatch.setenv("DSIM_PROFILES", str(tmp_path / "profiles"))
    timed(1.2, pool[:3])
    assert dsim.confirm.keep(folder, [sheet]).name == "iphone12-timed"
    timed(1.1, pool[2:6])
    kept = dsim.confirm.keep(folder, [sheet])
    assert (kept.earlier, kept.added and kept.added.networks) == (2, 6)
    profile = find_profile("iphone12-timed")
    assert (profile.method, profile.donor, profile.folder.parent) == (
        "few-shot",
        "iphone12",
        tmp_path / "profiles",
    )
    measured = {one.network: one.latency_ms for one in profile.networks}
    slower = [1.2, 1.2, 1.1, 1.1, 1.1, 1.1]
    assert measured == pytest.approx(
        {name_of(one): times * one.latency_ms for one, times in zip(pool, slower, strict=False)}
    )
    sheet.write_text(f"network,latency_ms\n{own},1.8\n")
    few = dsim.confirm.keep(folder, [sheet], "another")
    assert "at least 3 different networks, got 1" in few.why_not
    assert not (tmp_path / "profiles" / "another").exists()
    for name, says in (("iphone13", "comes with dsim"), ("iphone12", "another profile than the study's")):
        with pytest.raises(DsimError, match=says):
            dsim.confirm.keep(folder, [sheet], name)


def test_times_find_the_graphs_of_their_designs(tmp_path: Path) -> None:
    small, large = (
        Candidate(get_preset(name), 1.4, 1.2, 1.7, 0.95, 80.0, 79.0, 81.0, 12_000_000, 10**9)
        for name in ("efficientformer_l1", "efficientformer_l3")
    )
    result = StudyResult(
        StudySpec("iphone12", 2.0, name="mine"), small, (small, large), small, (), (), Cost(2.0, 10, 3, 0)
    )
    sheet = tmp_path / "results.csv"
    sheet.write_text(f"network,latency_ms\n{name_of(large)},3.5\n")
    found, earlier = evidence(result, [sheet], None)
    assert earlier == 0
    assert [(one.reference, one.latency_ms) for one in found.networks] == [(name_of(large), 3.5)]
    assert found.graphs[found.networks[0].graph].macs == large.arch.to_graph().macs


def test_a_profile_of_times_never_has_the_name_of_the_one_that_judged() -> None:
    assert own_name("iphone12") == "iphone12-timed"
    assert own_name("iphone12-timed") == "iphone12-timed-2"
    assert own_name("iphone12-timed-2") == "iphone12-timed-3"


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
    shown = capsys.readouterr().out
    assert "\n  dsim confirm studies/mine --out to-time\n" in shown
    assert "design-00000000           1.40   1.20 to 1.70" in shown  # three digits each
    assert "The study's choice: design-00000000." in shown
    show_plan(plan, Path("studies/mine"), Path("kit"))
    assert "\n  dsim confirm studies/mine --results kit/results.csv\n" in capsys.readouterr().out
