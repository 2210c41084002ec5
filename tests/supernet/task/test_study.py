"""A study on the user's own task: its space, its ranks, and an accuracy only for what was trained and tested."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

import dsim
from dsim.cli.main import dsim as command
from dsim.errors import InvalidValueError, UnavailableError
from dsim.report.answer import MOST_LINES, alternatives_table, short_answer
from dsim.search import Candidate, StudyResult, StudySpec, load_study
from dsim.search.files import write_inputs, write_result
from dsim.search.result import Cost
from dsim.search.task import Task, TrainedDesign
from dsim.supernet import Supernet, load_supernet, task_source
from dsim.supernet.anchors import TABLE as ANCHORS
from dsim.supernet.anchors import Anchor
from dsim.supernet.task.halving import Training, going_on, halve, rounds
from tests.supernet.small import SMALL

SUBNETS = 16


@pytest.fixture
def copied(trained: Supernet, digits: Path, tmp_path: Path) -> Supernet:
    """The trained supernet in a folder of its own, so that what a test keeps in it is seen by no other."""
    return load_supernet(shutil.copytree(trained.home.folder, tmp_path / "digits.supernet"), digits)


def anchors(agree: bool) -> tuple[Anchor, ...]:
    """Twelve anchors, in the supernet's order or in the opposite one."""
    return tuple(
        Anchor(f"design {n}", 640, 0, 1 + n / 10, 1 + (n if agree else -n) / 20, 50.0) for n in range(12)
    )


def test_an_order_that_says_nothing_is_refused(copied: Supernet) -> None:
    copied.home.write_table(ANCHORS, anchors(agree=False), Anchor)
    with pytest.raises(
        UnavailableError, match=r"-1\.00 .*, its upper end below 0\.3; train it on more --images"
    ) as raised:
        task_source(copied)
    assert "\n" not in str(raised.value)
    copied.home.write_table(ANCHORS, anchors(agree=True), Anchor)
    assert "rank correlation of 1.00 (1.00 to 1.00)" in task_source(copied).notes[1]


def test_an_order_that_nobody_checked_is_said(trained: Supernet) -> None:
    sizes, checked = task_source(trained).notes
    assert sizes == (
        "Trained on images of 32 px: its maps have 8, 4, 2, 1 positions a side. Latency is predicted for 224 px "
        "and 4 classes"
    )
    assert "`dsim supernet check" in checked or "rank correlation" in checked  # of another test's anchors


def test_the_search_stays_in_the_supernets_space(trained: Supernet) -> None:
    source = task_source(trained)
    assert source.space(None) == SMALL
    narrow = SMALL.fixed(widths=((8,), (16,), (16, 24), (32,)))
    assert source.space(narrow) == narrow
    for beyond, what in (
        (SMALL.fixed(widths=((8, 32), (16,), (16,), (32,))), "widths 32"),
        (SMALL.fixed(resolution=192), "resolution 192"),
        (dsim.Space(), "stems"),
    ):
        with pytest.raises(InvalidValueError, match=f"has {what}"):
            source.space(beyond)


def test_rounds_double_the_images_of_half_the_designs() -> None:
    # whole steps of 128: 312 of them are 39,936
    assert rounds(8, 160_000, 128) == ((8, 39_936), (4, 80_000), (2, 160_000))
    assert rounds(5, 640, 32) == ((5, 320), (2, 640))
    assert rounds(3, 640, 32) == ((3, 640),)
    assert rounds(8, 64, 32) == ((8, 32), (4, 32), (2, 64))  # never less than a step


def test_the_better_half_goes_on() -> None:
    assert going_on([0.5, 0.1, 0.4, 0.2, 0.9, 0.8]) == {1, 3, 2}
    assert going_on([0.3, 0.2, 0.1, 0.4, 0.5]) == {1, 2}
    assert len(going_on([1.0] * 8)) == 4  # ties cost no more than was planned


def test_halving_goes_on_where_it_stopped_and_tests_the_last(copied: Supernet) -> None:
    subnets = [copied.choices.largest, copied.choices.smallest]
    subnets += [copied.choices.largest.with_width(0, 8), copied.choices.largest.with_width(2, 16)]
    rows = halve(copied, subnets, 64)
    assert [(row.images, row.tested > 0) for row in rows] == [(64, True)] * 2 + [(32, False)] * 2
    ledger = copied.evaluator.ledger
    spent, planned = ledger.spent["halving"], ledger.planned["halving"]
    assert (spent.images, spent.passes) == (planned.images, planned.passes) == (4 * 32 + 2 * 64, 8)
    assert spent.macs <= planned.macs
    assert planned.cpu_seconds > 0
    assert ledger.spent["forecast"].passes > 0  # steps were timed for that
    # what a kill left: the last training is missing, and it alone is done again
    kept = copied.home.read_table("halving", Training)
    copied.home.write_table("halving", kept[:-1], Training)
    assert halve(copied, subnets, 64) == rows
    assert ledger.spent["halving"].images - spent.images == 64
    again = ledger.spent["halving"]
    assert halve(copied, subnets, 64) == rows
    assert ledger.spent["halving"] == again


TASK = Task("photos.supernet", "on photos, 160,000 images seen", 100, 8, 160_000)


def found(**changes: object) -> StudyResult:
    arch = dsim.get_preset("efficientformer_l1")
    designs = [
        Candidate(
            dataclasses.replace(arch, resolution=px),
            ms,
            ms - 0.1,
            ms + 0.1,
            0.95,
            rank,
            rank - 5,
            rank + 2,
            1,
            1,
        )
        for px, ms, rank in ((160, 0.8, 60.0), (192, 1.2, 80.0), (224, 1.5, 97.0))
    ]
    trained = (
        TrainedDesign(designs[2].arch, 160_000, 0.21, 91.3, 90.7, 91.9, 10_000),
        TrainedDesign(designs[1].arch, 80_000, 0.35),
    )
    spec = StudySpec("iphone12", 2.0, task=TASK)
    notes = ("maps and prices", "nobody has checked")
    result = StudyResult(
        spec, designs[2], tuple(designs), designs[0], (), (), Cost(2.0, 10, 3, 0), None, notes, 0.024, trained
    )
    return dataclasses.replace(result, **changes).ranked()  # type: ignore[arg-type]


def test_ranks_are_shown_and_an_accuracy_where_one_was_tested() -> None:
    text = "\n".join(line.plain for line in short_answer(found(), 80))
    flat = " ".join(text.split())
    assert len(text.splitlines()) <= MOST_LINES
    assert "ranks above 97.0% (92.0 to 99.0) of the supernet's designs" in flat
    assert (
        "it gets right 91.3% (90.7 to 91.9) of 10,000 images that no step has seen, trained alone on 160,000."
        in flat
    )
    assert "trained on photos, 160,000 images seen; they are no accuracies" in flat
    assert "rank %" in alternatives_table(found()).columns  # left out of a full screen
    assert "top-1" not in flat.lower()
    untested = " ".join(line.plain for line in short_answer(found(trained=()), 80))
    assert "gets right" not in untested
    assert "91.3" not in untested
    for words in (repr(found()), repr(found().chosen), *found().sentences()):
        assert "top-1" not in words.lower()
        assert "300 epochs" not in words


def test_files_name_ranks_and_not_top1() -> None:
    plain = json.dumps(found().to_dict())
    assert '"rank_low"' in plain
    assert "top1" not in plain
    assert "imagenet" not in plain.lower()


@pytest.mark.slow
def test_the_whole_road(copied: Supernet, digits: Path, tmp_path: Path) -> None:
    folder = copied.home.folder
    words = [
        *(
            "study",
            "--device",
            "iphone12",
            "--budget",
            "0.6ms",
            "--accuracy",
            str(folder),
            "--data",
            str(digits),
        ),
        *(
            "--trained",
            "4",
            "--train-images",
            "64",
            "--subnets",
            str(SUBNETS),
            "--out",
            str(tmp_path),
            "--name",
            "one",
        ),
    ]
    first = CliRunner().invoke(command, words)
    assert first.exit_code == 0, first.output
    assert "at most 4 on 32 images each, then 2 on 64 images each; 256 images in all" in first.stderr
    assert re.search(r"it gets right \d+\.\d% ", " ".join(first.stdout.split()))
    assert "imagenet-1k" not in first.stdout.lower()
    assert len(first.stdout.splitlines()) <= MOST_LINES + 1  # the folder's long name may take a second line
    spent = json.loads((folder / "ledger.json").read_text())["spent"]
    again = CliRunner().invoke(command, words)
    assert again.stdout == first.stdout
    assert json.loads((folder / "ledger.json").read_text())["spent"] == spent
    result = load_study(tmp_path / "one")
    assert result.tested is not None
    assert result.chosen is not None
    assert result.chosen.arch.num_classes == 4  # priced as it is deployed
    assert {"rank", "rank_low"} <= set(pl.read_parquet(tmp_path / "one" / "front.parquet").columns)
    other = CliRunner().invoke(command, [*words[:-1], "two", "--trained", "0"])
    assert "gets right" not in other.stdout
    # in Python, by the folder alone; what was evaluated and trained is there
    found = dsim.search("iphone12", 0.6, accuracy=task_source(copied, designs=4, images=64, subnets=SUBNETS))
    assert found.chosen is not None
    assert found.chosen.arch == result.chosen.arch  # type: ignore[union-attr]


def test_files_are_read_again(tmp_path: Path) -> None:
    result = found()
    result = dataclasses.replace(result, spec=dataclasses.replace(result.spec, out=tmp_path, name="one"))
    write_inputs(result.spec, "mark", {"latency": "a", "accuracy": "b"})
    write_result(result)
    assert load_study(tmp_path / "one") == result
    assert "rank" in pl.read_parquet(tmp_path / "one" / "front.parquet").columns
    assert "top1" not in (tmp_path / "one" / "chosen.json").read_text()


def test_an_imagenet_study_writes_what_it_always_wrote(tmp_path: Path) -> None:
    spec = StudySpec("iphone12", 2.0)
    assert "task" not in spec.inputs()
    plain = dataclasses.replace(found(), spec=spec, trained=()).to_dict()
    assert not {"trained", "task", "rank_for"} & set(plain)
    assert "top1_low" in plain["chosen"]


def test_the_page_shows_ranks() -> None:
    pytest.importorskip("altair", reason="needs pip install 'dsim[report]'")
    from dsim.report.page.study import study_part
    from dsim.report.page.subject import PageSubject

    result = found()
    part = study_part(PageSubject("one", result.spec.folder, result, "mark"), result, {}, {}, "one")
    sections = {section.key: section for section in part.sections}
    summary = " ".join(sections["summary"].words)
    assert "trained on photos, 160,000 images seen; they are no accuracies" in summary
    assert "Test accuracies were measured" in summary
    titles = [data.title for data in sections["summary"].tables]
    assert titles == ["Chosen design", "Designs trained alone", "Alternatives"]
    (figure,) = sections["front"].figures
    assert figure.panels[0].chart.to_dict()["layer"][1]["encoding"]["y"]["title"] == "rank %"
    said = repr(
        [
            (s.words, s.bullets, s.tables, s.code, [(f.title, f.caption, f.data) for f in s.figures])
            for s in part.sections
        ]
    )
    assert "top-1" not in said.lower()
    assert "--accuracy photos.supernet --trained 8 --train-images 160000 --subnets 100" in said
