"""A study's files read back as what was written; broken ones end in one clear line."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from dsim.arch.named import CHOSEN
from dsim.errors import FileAccessError, InvalidValueError
from dsim.search.files import FRONT, INPUTS, load_study, read_inputs, read_result, write_inputs, write_result
from dsim.search.result import NotIdentified, Published, StudyResult
from dsim.search.run import run_study
from dsim.search.spec import UPPER_END
from dsim.search.study import search_mixes
from tests.search.test_study import scorer, spec


@pytest.fixture(scope="module")
def result() -> StudyResult:
    wanted = spec(trials=3)
    found = search_mixes(wanted, scorer(), "a")
    return StudyResult(
        wanted,
        found.chosen,
        found.front,
        found.fastest,
        (NotIdentified("norm", "batch", ("layer",), "no evidence"),),
        (Published("EfficientFormer-L1", 1.4, 79.2, "a paper"),),
        found.cost,
        p_cliff=0.024,
    )


def test_round_trip(result: StudyResult, tmp_path: Path) -> None:
    here = replace(result, spec=replace(result.spec, out=tmp_path))
    write_inputs(here.spec, "abc", {"latency": "1"})
    write_result(here)
    recorded = read_inputs(here.spec.folder)
    assert recorded is not None
    assert (recorded.fingerprint, recorded.models) == ("abc", {"latency": "1"})
    assert recorded.inputs == here.spec.inputs()
    assert read_result(here.spec) == here
    assert sorted(p.name for p in here.spec.folder.iterdir()) == [CHOSEN, FRONT, INPUTS]
    assert pl.read_parquet(here.spec.folder / FRONT).height == len(here.front)


def test_a_result_of_an_older_version_says_nothing_of_the_accelerator(
    result: StudyResult, tmp_path: Path
) -> None:
    here = replace(result, spec=replace(result.spec, out=tmp_path))
    write_inputs(here.spec, "abc", {})
    write_result(here)
    path = here.spec.folder / CHOSEN
    body = json.loads(path.read_text())
    assert body.pop("p_cliff") == 0.024
    path.write_text(json.dumps(body))
    assert read_result(here.spec) == replace(here, p_cliff=None)


def test_a_study_of_an_older_version_fitted_by_the_upper_end_and_is_not_mixed_with_new_ones(
    result: StudyResult, tmp_path: Path
) -> None:
    here = replace(result, spec=replace(result.spec, device="iphone12", out=tmp_path))
    write_inputs(here.spec, "abc", {})
    write_result(here)
    folder = here.spec.folder
    inputs, path = folder / INPUTS, folder / CHOSEN
    inputs.write_text("".join(line for line in inputs.read_text().splitlines(True) if "fits_by" not in line))
    body = json.loads(path.read_text())
    for key in ("fits_by", "certainty"):
        body.pop(key)
    for one in (body["chosen"], body["fastest"]):
        one.pop("needs_ms")
    path.write_text(json.dumps(body))
    pl.read_parquet(folder / FRONT).drop("needs_ms").write_parquet(folder / FRONT)
    old = load_study(folder)
    assert old.spec.fits_by == UPPER_END
    assert old.spec.rule == "a design fits if the upper end of its latency does"
    assert [one.needs_ms for one in old.front] == [one.high_ms for one in old.front]
    with pytest.raises(InvalidValueError, match="runs by the chance that a design fits"):
        run_study(old.spec)
    said = r"the rule by which a design fits the budget \(by the upper end of its interval there, by its chance to do so asked\)"
    with pytest.raises(InvalidValueError, match=said):
        run_study(here.spec)


def test_what_no_budget_is_enough_for_reads_back(result: StudyResult, tmp_path: Path) -> None:
    endless = replace(result.fastest, needs_ms=float("nan"))
    here = replace(result, spec=replace(result.spec, out=tmp_path), chosen=None, front=(), fastest=endless)
    write_inputs(here.spec, "abc", {})
    write_result(here)
    again = read_result(here.spec)
    assert again is not None
    assert (again.front, math.isnan(again.fastest.needs_ms)) == ((), True)


def test_an_interrupted_result_is_no_result(result: StudyResult, tmp_path: Path) -> None:
    cost = replace(result.cost, interrupted=True)
    here = replace(result, spec=replace(result.spec, out=tmp_path), cost=cost)
    write_inputs(here.spec, "abc", {})
    write_result(here)
    assert read_result(here.spec) is None


def test_a_file_in_the_place_of_the_folder(result: StudyResult, tmp_path: Path) -> None:
    (tmp_path / "test").write_text("in the way")
    with pytest.raises(FileAccessError, match="must be a folder, and is a file"):
        write_inputs(replace(result.spec, out=tmp_path), "abc", {})
