"""A study's files read back as what was written; broken ones end in one clear line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from dsim.arch.named import CHOSEN
from dsim.errors import FileAccessError
from dsim.search.files import FRONT, INPUTS, read_inputs, read_result, write_inputs, write_result
from dsim.search.result import NotIdentified, Published, StudyResult
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
