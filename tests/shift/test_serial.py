"""Records go to JSON and back unchanged, and a damaged file is one line."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dsim.arch import get_preset
from dsim.errors import FileFormatError, InvalidValueError, UnknownNameError
from dsim.search import Candidate
from dsim.search.result import Cost, NotIdentified
from dsim.shift import Cell, Comparison, DeviceFindings, Flip, Halved, Interval, Verdict, WhatIf
from dsim.shift.files import from_dict, load_comparison, read_comparison, to_dict, write_comparison
from dsim.shift.records import Robust, RobustOn, SwapOn, SwapRow
from dsim.shift.spec import ComparisonSpec
from dsim.shift.stack import Pair, Part, Shift
from dsim.shift.summary import claimed_and_scored, kind_of, shift_by_kind

L1 = get_preset("efficientformer_l1")
BEST = Candidate(L1, 1.0, 0.9, 1.1, 0.95, 80.0, 79.0, 81.0, 12, 34, "l1")
ONE = Interval(1.0, 0.5, 1.5)
NAN = float("nan")


def device(name: str) -> DeviceFindings:
    missing = NotIdentified("activation", "gelu", ("relu",), "families disagree")
    return DeviceFindings(
        name, name, "fine", "latency", 1.1, 1.0, 5, 10, (("interpolated", 1.0),), 0.1, 9, 3, BEST, BEST, (BEST,),
        None, (missing,), (), Cost(1.0, 2, 3, 0),
    )  # fmt: skip


def comparison() -> Comparison:
    cells = tuple(
        Cell(a, b, Verdict.ITSELF if a == b else Verdict.DIFFERENCE, 0.1, 3, ONE, BEST, ONE)
        for a in ("x", "y")
        for b in ("x", "y")
    )
    flip = Flip("x", "y", "stem", "conv7", "patchify", Verdict.NO_EVIDENCE, ONE, ONE, ONE, ONE, 1, 2, 3, 4)
    blind = Flip(
        "x", "y", "activation", "gelu", "relu", Verdict.NOT_IDENTIFIED, None, None, None, None, 0, 2, 0, 4
    )
    swap = SwapRow("norm", "batch", "group", ONE, (SwapOn("x", Verdict.NOT_IDENTIFIED, None, "why"),))
    halves = (
        Halved("x", 0, 3, 4, L1, 1.0, 1.1, 80.0, 79.0, 1.2, 1.3, 79.5),
        Halved("y", 0, 1, 1, None, NAN, NAN, NAN, NAN, NAN, NAN, NAN, "too little"),
    )
    return Comparison(
        "f", {"a": 1}, 0.9, "rule", (device("x"), device("y")),
        (Pair("x", "y", Shift.STACK, (Part("chip", "c", "c"), Part("runtime", "r", "s"))),),
        cells, (flip, blind), WhatIf("l1", L1, (("x", ONE),), ONE, (swap,)),
        Robust(BEST, True, 0.5, 10, (RobustOn("x", ONE, -0.1, ONE),)), halves, 200, 20, ("note",), 1.5,
    )  # fmt: skip


def test_there_and_back() -> None:
    found = comparison()
    text = json.dumps(to_dict(found), allow_nan=False)
    again = from_dict(json.loads(text))
    assert json.dumps(to_dict(again)) == text
    assert again.devices == found.devices
    assert again.cells == found.cells
    assert again.flips == found.flips
    assert again.robust == found.robust
    assert again.what_if == found.what_if


@pytest.mark.parametrize("damage", ["drop", "add", "type", "enum", "schema", "arch", "root"])
def test_a_damaged_record_is_one_line(damage: str) -> None:
    raw: Any = copy.deepcopy(to_dict(comparison()))
    if damage == "drop":
        del raw["cells"][0]["of"]
    elif damage == "add":
        raw["cells"][0]["extra"] = 1
    elif damage == "type":
        raw["cells"][0]["over_budget_ms"] = "much"
    elif damage == "enum":
        raw["cells"][0]["verdict"] = "proven"
    elif damage == "schema":
        raw["schema_version"] = 99
    elif damage == "arch":
        raw["what_if"]["arch"] = {"stages": 3}
    else:
        raw = [raw]
    with pytest.raises(FileFormatError) as error:
        from_dict(json.loads(json.dumps(raw)))
    assert "\n" not in str(error.value)


def test_files(tmp_path: Path) -> None:
    spec = ComparisonSpec(("iphone12", "pixel6-cpu"), name="here", out=tmp_path)
    write_comparison(spec, comparison())
    assert load_comparison(spec.folder).cells == comparison().cells
    assert pl.read_parquet(spec.folder / "regret.parquet").height == 4
    assert pl.read_parquet(spec.folder / "flips.parquet")["ms_a"].to_list() == [1.0, None]
    assert read_comparison(spec.folder, "f") is not None
    assert read_comparison(spec.folder, "another") is None
    (spec.folder / "comparison.json").write_text("{")
    assert read_comparison(spec.folder, "f") is None  # made anew
    with pytest.raises(FileFormatError, match="must be JSON"):
        load_comparison(spec.folder)


def test_summaries() -> None:
    found = comparison()
    (kind, cells, told, largest), *rest = shift_by_kind(found)
    assert (kind, cells, told, largest, rest) == ("Stack shift at a fixed chip", 2, 2, ONE, [])
    assert kind_of(Pair("x", "y", Shift.HARDWARE, ())) == "Hardware shift (chip alone)"
    x, y = claimed_and_scored(found)
    assert (x.searches, y.searches, y.why) == (1, 0, "too little")
    assert x.slower == pytest.approx(0.2)
    assert x.less == pytest.approx(-0.5)
    assert x.held == 0  # 1.3 ms against a budget of 1.1


def test_a_device_that_was_not_compared_is_told_with_those_that_were() -> None:
    found = comparison()
    assert found.cell("x", "y").on == "y"
    assert {found.pair("y", "X").a, found.pair("y", "X").b} == {"x", "y"}
    with pytest.raises(UnknownNameError, match=r"unknown device of this comparison 'z'; known: x, y"):
        found.cell("x", "z")
    with pytest.raises(UnknownNameError, match="known: x, y"):
        found.pair("z", "x")
    with pytest.raises(InvalidValueError, match="a pair is of two devices, got 'x' and 'x'"):
        found.pair("x", "x")
