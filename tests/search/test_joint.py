"""One design for several devices: the best that fits them all, and what it gives up."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from dsim.arch.named import read_design
from dsim.cli.main import dsim as command
from dsim.errors import FileFormatError, InvalidValueError, UnavailableError
from dsim.latency import load_model
from dsim.limits import Limits
from dsim.locks import sole_writer
from dsim.rounding import limit
from dsim.search import StudySpec, load_joint
from dsim.search.files import read_joint_spec, recorded_in, write_inputs
from dsim.search.grid import Grid
from dsim.search.joint_files import read_joint, write_joint
from dsim.search.joint_latency import JointLatency
from dsim.search.joint_spec import JointSpec
from dsim.search.kept import keep_study
from dsim.search.mix import all_mixes
from dsim.search.score import Scorer
from dsim.search.study import search_mixes
from dsim.search.table import CostTable
from tests.report.records import write_joint_study
from tests.search.fakes import FakeAccuracy, FakeLatency
from tests.search.test_limits import TINY

BUDGETS = (0.9, 2.5)
TWO = ("--device", "iphone12=2ms", "--device", "galaxy-s24-qnn-float=1ms")


class Other(FakeLatency):
    """A device on which arithmetic costs more than on the first, and kernels and attention less."""

    def price(self, phi: np.ndarray, confidence: float = 0.9, chance: float | None = None):  # type: ignore[no-untyped-def]
        return super().price(phi * np.array([6.0, 0.2, 0.1]), confidence, chance)


def test_the_one_design_is_the_best_that_fits_each_device() -> None:
    accuracy, devices = FakeAccuracy(), (FakeLatency(), Other())
    best, alone = -np.inf, [-np.inf, -np.inf]
    scorers = [
        Scorer(one, accuracy, CostTable(one, accuracy), ms, 0.9)
        for one, ms in zip(devices, BUDGETS, strict=True)
    ]
    for mix in all_mixes(TINY):
        grids = [Grid(TINY, mix, scorer.table) for scorer in scorers]
        if grids[0].is_empty:
            continue
        points = grids[0].all_points()
        scores = [scorer.score(grid.rows(points)) for scorer, grid in zip(scorers, grids, strict=True)]
        fits = [scorer.feasible(one) for scorer, one in zip(scorers, scores, strict=True)]
        top1 = scores[0].top1_low
        best = max(best, top1[fits[0] & fits[1]].max(initial=-np.inf))
        alone = [max(old, top1[fit].max(initial=-np.inf)) for old, fit in zip(alone, fits, strict=True)]
    assert best < min(alone)  # both devices cost something
    joint = JointLatency(devices, BUDGETS)
    spec = StudySpec("both", 1.0, trials=100, space=TINY, name="t")
    found = search_mixes(spec, Scorer(joint, accuracy, CostTable(joint, accuracy), 1.0, 0.9), "")
    assert found.chosen is not None
    assert found.chosen.top1_low == pytest.approx(best, rel=1e-12)
    graph = found.chosen.arch.to_graph()
    for one, ms in zip(devices, BUDGETS, strict=True):
        assert one.price(one.featurise(graph)[None]).needs_ms[0] <= limit(ms)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Missing option '--device'"),
        (("--device", "iphone12"), "Missing option '--budget'"),
        ((*TWO, "--budget", "2ms"), "several devices must differ and have a budget each, without --budget"),
        (("--device", "iphone12", *TWO[2:]), "several devices must differ and have a budget each"),
        ((*TWO[:2], *TWO[:2]), "several devices must differ"),
        ((*TWO, "--storage", "sqlite:///x.db"), "--storage does not go with several devices"),
        ((*TWO, "--px", "192,224"), "give one side, such as --px 224"),
        (("--device", "iphone12=2"), "needs a unit"),
    ],
)
def test_bad_input_ends_in_one_line(words: tuple[str, ...], said: str) -> None:
    done = CliRunner().invoke(command, ["study", *words])
    assert done.exit_code == 2
    assert said in " ".join(done.output.split())


@pytest.mark.slow
def test_the_command_shows_one_design_and_what_it_gives_up(tmp_path: Path) -> None:
    words = ["study", *TWO, "--trials", "12", "--params", "8M", "--out", str(tmp_path)]
    shown = CliRunner().invoke(command, words)
    assert shown.exit_code == 0
    assert len(shown.stdout.splitlines()) <= 30
    told = json.loads(CliRunner().invoke(command, [*words, "--json"]).stdout)
    arch = read_design(tmp_path / "iphone12-2ms-and-galaxy-s24-qnn-float-1ms-params-8M")
    assert arch.to_dict() == told["chosen"]["arch"]
    graph = arch.to_graph()
    assert graph.params <= 8e6
    for one, ms in zip(told["devices"], (2.0, 1.0), strict=True):
        model = load_model(one["device"])
        priced = model.price(model.featurise(graph)[None], 0.9)
        assert priced.needs_ms[0] <= limit(ms)
        assert one["design"]["latency_ms"] == pytest.approx(priced.latency_ms[0])
        assert one["own"]["top1_low"] >= one["design"]["top1_low"] - 1e-9
        assert one["lost"]["low"] <= one["lost"]["points"] <= one["lost"]["high"]
    assert (tmp_path / "iphone12-2ms-params-8M" / "chosen.json").exists()


@pytest.mark.slow
def test_it_is_a_study_as_others_are(tmp_path: Path) -> None:
    words = ["study", *TWO, "--trials", "12", "--name", "both", "--out", str(tmp_path), "--json"]
    folder = tmp_path / "both"

    def run(*asked: str) -> dict[str, Any]:
        return dict(json.loads(CliRunner().invoke(command, [*words, *asked]).stdout))

    first = run()
    assert load_joint(folder).to_dict() == first
    assert run() == first  # shown again, the seconds that it took included
    (folder / "chosen.json").unlink()
    lines = (folder / "trials.jsonl").read_bytes().splitlines(keepends=True)
    assert len(lines) == 13
    (folder / "trials.jsonl").write_bytes(b"".join([*lines[:6], lines[6][:20]]))  # as a killed run leaves it
    went_on = run()
    assert {**went_on, "cost": {**went_on["cost"], "seconds": first["cost"]["seconds"]}} == first
    assert (folder / "trials.jsonl").read_bytes() == b"".join(lines)
    said = CliRunner().invoke(command, [*words, "--seed", "1"])
    assert said.exit_code == 1
    assert "differs in seed (0 there, 1 asked)" in said.stderr


def test_what_takes_one_device_says_where_its_study_lies(tmp_path: Path) -> None:
    folder = write_joint_study(tmp_path / "both")
    said = CliRunner().invoke(command, ["confirm", str(folder)])
    assert said.exit_code == 1
    assert "holds one for 2" in said.stderr
    assert str(tmp_path / "both-iphone12") in said.stderr
    (folder / "chosen.json").unlink()
    with pytest.raises(FileFormatError, match="was not finished"):
        load_joint(folder)


def test_a_second_process_is_told_to_wait(tmp_path: Path) -> None:
    spec = JointSpec.of({"a": 1.0, "b": 2.0}, name="both", out=tmp_path)
    spec.folder.mkdir()

    def never() -> Any:
        raise AssertionError

    with (
        sole_writer(spec.folder),
        pytest.raises(
            UnavailableError, match=r"another one works on it; wait for its end$"
        ),  # --storage is for one
    ):
        keep_study(spec, "a", {}, never, never, lambda: read_joint(spec), write_joint)


def test_its_inputs_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    spec = JointSpec.of(
        dict(zip(("b", "a@batch8"), BUDGETS, strict=True)), limits=Limits(params=8e6), out=tmp_path, seed=3
    )
    assert spec.name == "b-0.9ms-and-a-batch8-2.5ms-params-8M"
    assert spec.alone("b").name == "b-0.9ms-params-8M"
    write_inputs(spec, "a", {})
    written = recorded_in(spec.folder).inputs
    assert read_joint_spec(written, spec.name, tmp_path, "") == spec
    with pytest.raises(FileFormatError, match="f: one design for several devices needs at least two, got 1"):
        read_joint_spec({**written, "budgets_ms": {"b": 0.9}}, spec.name, tmp_path, "f")
    named = replace(spec, shares=replace(spec.shares, name="mine"))
    assert [named.alone(one).name for one in spec.budgets_ms] == ["mine-b", "mine-a-batch8"]
    with pytest.raises(InvalidValueError, match="at least two, got 1"):
        JointSpec.of({"a": 1.0})
    with pytest.raises(InvalidValueError, match="positive number of milliseconds, got -1"):
        JointSpec.of({"a": 1.0, "b": -1.0})


@pytest.mark.slow
def test_where_nothing_fits_all_devices_the_nearest_is_shown(tmp_path: Path) -> None:
    words = ["study", "--device", "iphone12=2ms", "--device", "galaxy-s24-qnn-float=0.01ms", "--trials", "4"]
    shown = CliRunner().invoke(command, [*words, "--out", str(tmp_path)])
    assert shown.exit_code == 3
    assert "No design fits both devices. The nearest is shown: every budget times" in shown.stdout
