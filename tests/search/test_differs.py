"""A study that is asked for again with other inputs is told which, with both values and what to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from dsim.errors import InvalidValueError
from dsim.search.differs import differences, remedies
from dsim.search.files import write_inputs
from dsim.search.run import run_study
from dsim.search.spec import StudySpec
from dsim.search.study import search_mixes
from dsim.search.task import Task
from tests.search.test_study import SMALL, scorer, spec

SAME: tuple[dict[str, str], dict[str, str]] = ({}, {})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seed": 1}, "seed (0 there, 1 asked)"),
        ({"trials": 5}, "trials (12 there, 5 asked)"),
        ({"budget_ms": 3.0}, "budget_ms (1.2 there, 3.0 asked)"),
        ({"confidence": 0.8}, "confidence (0.9 there, 0.8 asked)"),
        ({"device": "other"}, "device (fake there, other asked)"),
        ({"space": SMALL.fixed(resolution=256)}, "space.resolution (224 there, 256 asked)"),
        ({"seed": 1, "trials": 5}, "trials (12 there, 5 asked), seed (0 there, 1 asked)"),
    ],
)
def test_every_difference_is_named(change: dict[str, object], said: str) -> None:
    assert differences(spec().inputs(), spec(**change).inputs(), SAME) == said  # type: ignore[arg-type]


def test_models_that_changed_are_named() -> None:
    inputs = spec().inputs()
    said = differences(inputs, inputs, ({"latency": "1", "accuracy": "2"}, {"latency": "3", "accuracy": "2"}))
    assert said == "what dsim knows of the device's latency (changed since then)"


def test_of_many_differences_four_are_named() -> None:
    other = spec(
        seed=1, trials=5, budget_ms=3.0, confidence=0.8, space=SMALL.fixed(resolution=256), device="other"
    )
    said = differences(spec().inputs(), other.inputs(), SAME)
    assert said.startswith("device (fake there, other asked), budget_ms (1.2 there, 3.0 asked), ")
    assert said.endswith(", trials (12 there, 5 asked), 2 more")


class Unread:
    """The source of a task's ranks before any sub-network is evaluated."""

    task = Task("photos.supernet", "on photos, 3,000 images seen", 100, 8, 3000, 2)
    notes = ()

    @property
    def model(self) -> NoReturn:
        raise AssertionError("ranks were learned for a study that is refused")


def test_other_inputs_are_refused_before_ranks_are_learned(tmp_path: Path) -> None:
    asked = StudySpec("iphone12", 2.0, trials=3, out=tmp_path, task=Unread.task)
    assert asked.name == "iphone12-2ms-photos.supernet"  # beside the same question about ImageNet
    write_inputs(asked, "another", {})
    with pytest.raises(InvalidValueError, match=r"differs in seed \(0 there, 4 asked\); give"):
        run_study(replace(asked, seed=4), source=Unread())  # type: ignore[arg-type]


def test_a_name_holds_no_letter_of_a_supernet_that_no_folder_of_a_study_may_have() -> None:
    task = replace(Unread.task, supernet="my photos (2)")
    assert StudySpec("iphone12", 2.0, task=task).name == "iphone12-2ms-my-photos-2-"


def test_a_storage_names_them_too(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'study.db'}"
    search_mixes(spec(trials=1), scorer(), "a", url)
    with pytest.raises(InvalidValueError, match=r"differs in seed \(0 there, 7 asked\); give the same"):
        search_mixes(spec(trials=1, seed=7), scorer(), "b", url)


def test_the_studys_folder_names_them(tmp_path: Path) -> None:
    asked = StudySpec("iphone12", 2.0, trials=3, name="mine", out=tmp_path)
    write_inputs(asked, "another", {})
    with pytest.raises(InvalidValueError, match=r"study\.toml must hold .* seed \(0 there, 4 asked\)"):
        run_study(replace(asked, seed=4))


def test_nobody_is_told_to_give_inputs_again_that_are_the_same() -> None:
    there = {"device": "iphone12", "seed": 0}
    assert remedies(there, {**there, "seed": 1}) == "give the same inputs again, or choose another --name"
    assert remedies(there, dict(there)) == "choose another --name"
