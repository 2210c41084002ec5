"""A comparison on the user's own task: ranks in all that it says, none where the supernet holds no such design."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

import dsim
from dsim.arch import Activation, Arch, Stem
from dsim.cli.main import dsim as command
from dsim.errors import FileAccessError, FileFormatError, InvalidValueError, UnavailableError
from dsim.records import to_plain
from dsim.report.compared import show_comparison
from dsim.search.candidate import Ranked
from dsim.search.task import Task
from dsim.shift import Comparison, ComparisonSpec, load_comparison, run_comparison, to_dict
from dsim.shift.files import from_dict, ranked, tables
from dsim.shift.strongest import findings
from dsim.shift.swaps import with_activation
from dsim.supernet import Supernet, load_supernet, task_source
from dsim.supernet.anchors import TABLE as ANCHORS
from dsim.supernet.task.designs import middle_design
from dsim.supernet.task.summary import summarise
from tests.report.records import comparison
from tests.supernet.small import SMALL
from tests.supernet.task.test_study import anchors, copied  # noqa: F401

DEVICES = ("iphone12", "pixel6-cpu")
TASK = Task("photos.supernet", "on photos, 160,000 images seen", 100, 0, 160_000)
SUBNETS = 32


def made() -> Comparison:
    """The made comparison of `tests.report.records` as one on a task, where one change was never trained."""
    found = comparison(DEVICES)
    first, *rest = found.what_if.rows
    rows = (dataclasses.replace(first, top1=None), *rest)
    what_if = dataclasses.replace(found.what_if, rows=rows)
    inputs = {**found.inputs, "task": to_plain(TASK), "like": TASK.middle, "what_if": TASK.middle}
    return ranked(dataclasses.replace(found, what_if=what_if, inputs=inputs), TASK)


def words_of(found: Comparison, capsys: pytest.CaptureFixture[str], details: bool = False) -> str:
    show_comparison(found, "studies/one", details)
    return " ".join(capsys.readouterr().out.split())


def test_what_is_printed_names_ranks(capsys: pytest.CaptureFixture[str]) -> None:
    found = made()
    for text in (
        words_of(found, capsys),
        words_of(found, capsys, True),
        repr(found),
        repr(found.devices[0]),
        repr(found.devices[0].best),
    ):
        assert "rank" in text
        assert "top-1" not in text.lower()
        assert "imagenet" not in text.lower()
        assert "300 epochs" not in text
    step = "dsim study --device iphone12 --budget 1ms --accuracy photos.supernet"
    assert step in words_of(found, capsys)  # for an accuracy, designs are trained and tested there
    text = words_of(found, capsys, True)
    assert "trained on photos, 160,000 images seen; they are no accuracies" in text
    assert "Rank points lost on a device" in text
    assert "not trained" in text
    assert "ranks are learned from 100 sub-networks of photos.supernet" in text
    lost = next(one.text for one in findings(found) if "points" in one.unit)
    assert "ranks 1.2 points (0.4 to 2.0) lower there than that device's own best" in lost
    assert "%, of" not in text  # no accuracy was measured


def test_files_name_ranks_and_are_read_again(tmp_path: Path) -> None:
    found = made()
    plain = json.loads(json.dumps(to_dict(found)))
    text = json.dumps(plain)
    assert "top1" not in text
    assert {"rank_lost", "slower_ms"} <= set(plain["cells"][0])
    assert {"claimed_rank", "scored_rank"} <= set(plain["halved"][0])
    assert plain["what_if"]["rows"][0]["rank"] is None
    again = from_dict(plain)
    assert to_dict(again) == to_dict(found)
    assert again.task == TASK
    assert isinstance(again.devices[0].best, Ranked)
    made_tables = tables(found)
    assert {"rank_lost", "rank_lost_low"} <= set(made_tables["regret"][0])
    assert "top1" not in json.dumps(made_tables, default=str)
    plain["inputs"]["task"] = {"supernet": 3}
    with pytest.raises(FileFormatError, match=r"a comparison, inputs\.task"):
        from_dict(plain)


def test_an_imagenet_comparison_stays_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    found = comparison(DEVICES)
    assert "task" not in ComparisonSpec(DEVICES).inputs()
    assert "rank" not in json.dumps(to_dict(found))
    text = words_of(found, capsys, True)
    assert "rank" not in text
    for words in (
        "Top-1 points lost on a device (column)",
        "Top-1 is for 300 epochs, distilled, 224 px, trained anew.",
        "loses at most 0.5 points of top-1 (lower ends)",
        "1.2 points of top-1 (0.4 to 2.0) less accurate there",
    ):
        assert words in text


def test_the_page_names_ranks() -> None:
    pytest.importorskip("altair", reason="needs pip install 'dsim[report]'")
    from dsim.report.page.answers import comparison_answers
    from dsim.report.page.comparison import comparison_part
    from dsim.report.page.subject import PageSubject

    found = made()
    part = comparison_part(PageSubject("one", Path("one"), found, "mark"), found, {}, {}, "one")
    figures = [figure for section in part.sections for figure in section.figures]
    charts = [panel.chart.to_dict(validate=False) for figure in figures for panel in figure.panels]
    said = repr(
        [
            comparison_answers(found, {}, "one"),
            [(s.title, s.words, s.bullets, s.tables, s.code) for s in part.sections],
            [(f.title, f.caption, f.data, [panel.title for panel in f.panels]) for f in figures],
            charts,
        ]
    )
    assert "top-1" not in said.lower()
    assert "imagenet" not in said.lower()
    assert "published networks" not in said.lower()
    for words in (
        "The design of the highest rank within a budget was searched for 2 devices",
        "rank points that it loses against each device's own best",
        "trained on photos, 160,000 images seen",
        "--accuracy photos.supernet --subnets 100",
        "Left out, for the supernet holds no such design: 1 change.",
    ):
        assert words in said
    assert "--like" not in said
    assert "--what-if" not in said
    assert json.dumps(charts).count('"rank %"') >= 3


def test_what_the_supernet_has_not_trained_has_no_rank(trained: Supernet) -> None:
    source = task_source(trained, designs=0)
    middle = source.middle
    trained.choices.place(middle)  # which refuses what is not in the space
    # rows of two have their second value in the middle, rows of one their only one
    assert [stage.width for stage in middle.stages] == [16, 16, 24, 32]
    assert [stage.depth for stage in middle.stages] == [2, 1, 2, 2]
    deeper = dataclasses.replace(middle.stages[1], blocks=middle.stages[1].blocks * 2)
    for other in (
        with_activation(middle, Activation.RELU),
        dataclasses.replace(middle, stem=Stem.CONV7, stem_activation=None),
        dataclasses.replace(middle, resolution=256),
        dataclasses.replace(middle, stages=(middle.stages[0], deeper, *middle.stages[2:])),
        dsim.get_preset("efficientformer_l1"),
    ):
        assert source.why_not(other).endswith(".supernet holds no such design")


def test_a_design_of_another_resolution_can_be_priced() -> None:
    """Its attention stands on maps that the supernet's stages do not have."""
    other: Arch = dataclasses.replace(middle_design(SMALL), resolution=256)
    assert np.isfinite([summarise(piece.graph, SMALL.resolution) for piece in other.pieces()]).all()


def test_wrong_input_is_refused_before_the_work(copied: Supernet, tmp_path: Path) -> None:  # noqa: F811
    source = task_source(copied, designs=0)
    for space, what in (
        (SMALL.fixed(widths=((8, 32), (16,), (16,), (32,))), "widths 32"),
        (SMALL.fixed(resolution=192), "resolution 192"),
    ):
        with pytest.raises(
            InvalidValueError, match=f"must lie within that of digits.supernet, and has {what}"
        ):
            dsim.compare(DEVICES, accuracy=source, space=space)
    with pytest.raises(FileAccessError, match="name a folder that `dsim supernet train` made"):
        dsim.compare(DEVICES, accuracy=tmp_path / "none.supernet")
    with pytest.raises(InvalidValueError, match="needs the source of its ranks"):
        run_comparison(ComparisonSpec(DEVICES, task=TASK), keep=False)
    copied.home.write_table(ANCHORS, anchors(agree=False), type(anchors(agree=False)[0]))
    with pytest.raises(UnavailableError, match=r"its upper end below 0\.3"):
        dsim.compare(DEVICES, accuracy=copied.home.folder)
    asked = ["compare", "--devices", ",".join(DEVICES), "--accuracy", str(tmp_path / "none.supernet")]
    done = CliRunner().invoke(command, [*asked, "--out", str(tmp_path / "o")])
    assert done.exit_code == 1
    assert done.stdout == ""
    assert not (tmp_path / "o").exists()


@pytest.mark.slow
def test_the_whole_road(copied: Supernet, digits: Path, tmp_path: Path) -> None:  # noqa: F811
    folder, out = copied.home.folder, tmp_path / "studies"
    asked = ["compare", "--devices", ",".join(DEVICES), "--accuracy", str(folder), "--data", str(digits)]
    asked += [
        "--subnets",
        str(SUBNETS),
        "--trials",
        "2",
        "--fold-trials",
        "1",
        "--seeds",
        "1",
        "--refits",
        "2",
    ]
    asked += ["--out", str(out), "--name", "one"]
    first = CliRunner().invoke(command, asked)
    assert first.exit_code == 0, first.output
    flat = " ".join(first.stdout.split())
    assert "trained on digits, 1,920 images seen; they are no accuracies" in flat
    assert "the smallest that the middle design of digits.supernet fits there with a chance of 90%" in flat
    assert "nobody has checked that the supernet orders designs" in flat
    for text in (first.stdout, (out / "one" / "comparison.json").read_text()):
        assert "imagenet" not in text.lower()
        assert "top-1" not in text.lower()
        assert "top1" not in text
    spent = json.loads((folder / "ledger.json").read_text())["spent"]
    assert spent["predictor"]["evaluations"] <= SUBNETS
    assert "halving" not in spent  # no design was trained
    details = CliRunner().invoke(command, [*asked, "--details"])
    assert json.loads((folder / "ledger.json").read_text())["spent"] == spent
    assert "not trained" in details.stdout
    found = load_comparison(out / "one")
    changes = {(row.kind, row.after): row.top1 for row in found.what_if.rows}
    assert changes["activation", "relu"] is None
    assert changes["norm", "group"] is None
    assert changes["stem", "conv7"] is None
    taken = changes["attention blocks 3", "0"]  # which the supernet holds
    assert taken is not None
    assert taken.low <= taken.value <= taken.high
    assert found.what_if.top1 is not None
    for cell in found.cells:
        assert cell.top1_lost is None or -100.0 <= cell.top1_lost.value <= 100.0
    assert {one.device for one in found.halved if one.arch is not None} >= {
        "iphone12"
    }  # by half of 32 sub-networks
    assert "rank_lost" in pl.read_parquet(out / "one" / "regret.parquet").columns
    # in Python, from the folder: the same answer
    same = dsim.compare(
        DEVICES,
        accuracy=task_source(load_supernet(folder, digits), subnets=SUBNETS),
        trials=2,
        fold_trials=1,
        seeds=1,
        refits=2,
    )
    assert [one.best for one in same.devices] == [one.best for one in found.devices]
    assert same.cells == found.cells
    # a design that the supernet does not hold has prices alone
    other = CliRunner().invoke(
        command, [*asked[:-1], "two", "--what-if", "efficientformer_l1", "--seeds", "0"]
    )
    assert other.exit_code == 0, other.output
    why = "no change of efficientformer_l1 has a rank, for digits.supernet holds no such design"
    assert why in " ".join(other.stdout.split())
    assert load_comparison(out / "two").what_if.top1 is None
    pytest.importorskip("altair", reason="needs pip install 'dsim[report]'")
    page = tmp_path / "page.html"
    report = CliRunner().invoke(command, ["report", str(out), "-o", str(page)])
    assert report.exit_code == 0, report.output
    shown = page.read_text(encoding="utf-8")
    for words in ("imagenet", "top-1", "top\N{NON-BREAKING HYPHEN}1"):
        assert words not in shown.lower()
    assert "images seen; they are no accuracies" in shown.replace("\N{NO-BREAK SPACE}", " ")
    assert f"--accuracy {folder.name} --subnets {SUBNETS}" in shown
