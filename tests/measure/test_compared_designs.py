"""The designs that a comparison names are timed on the profiles that it compares, and stand beside its predictions."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import tomli_w

from dsim.device.fields import read_toml
from dsim.device.find import find_profile
from dsim.device.profile import SEARCHED
from dsim.errors import FileAccessError, InvalidValueError
from dsim.measure.front import compared_request, time_compared
from dsim.measure.journal import Entry, Head, open_journal
from dsim.measure.machine import Machine
from dsim.measure.measurement import WITHOUT, Begun, Request
from dsim.measure.observe import Observation, Observed
from dsim.measure.planned import planned_design
from dsim.measure.records import Stack
from dsim.measure.run import Usable
from dsim.report.timed import agreement_table
from dsim.shift.files import to_dict
from dsim.shift.measured import designs_to_time, read_measured
from tests.shift.test_serial import comparison

REQUEST = Request(("ort",), "x", "", 60.0, 0, 9, False, False, WITHOUT)


@pytest.fixture
def begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Begun:
    """A machine that is x, on which every design of the comparison took 1.05 ms."""
    of_chip(tmp_path / "profiles", "chip", monkeypatch)
    stacks = {"ort": Stack("ORT 1", "float32", "NCHW")}
    journal = open_journal(tmp_path / "journal.jsonl", Head(Machine("chip", 2, (), "Linux"), stacks, 1, 0))
    for arch in designs_to_time(comparison(), ["x"]):
        seen = Observation(1.05, 0.01, 1.06, 50, 0, False, ())
        journal.append(Entry(planned_design(arch, SEARCHED), Observed({"ort": seen}, {}), 0.3))
    return Begun(REQUEST, Usable((), stacks, {"ov": "not installed"}), journal, None, None)


def of_chip(root: Path, chip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make x a profile of the user's own, of a chip: a bundled one under another name."""
    source = find_profile("m5-ane").folder
    (root / "x").mkdir(parents=True, exist_ok=True)
    for path in source.iterdir():
        (root / "x" / path.name).write_bytes(path.read_bytes())
    about = {**read_toml(source / "profile.toml"), "name": "x", "pool": "x", "chip": chip}
    (root / "x" / "profile.toml").write_text(tomli_w.dumps(about), encoding="utf-8")
    monkeypatch.setenv("DSIM_PROFILES", str(root))


def test_figures_stand_beside_predictions(begun: Begun, tmp_path: Path) -> None:
    found = time_compared(begun, comparison(), tmp_path)
    told = found.to_dict()
    assert (found.left, found.devices, found.missing) == (0, ("x",), {"ov": "not installed"})
    assert {(cell["on"], cell["timed_ms"]) for cell in told["timed"]} == {("x", 1.05)}
    assert [(one["device"], one["designs"], one["to_fit"]) for one in told["agreement"]] == [("x", 1, 0)]
    assert {one.device for one in read_measured(tmp_path)} == {"x"}
    assert "Best designs, timed on the devices" in agreement_table(found.comparison, found.timed).markdown()


def test_another_profile_or_chip_is_refused(
    begun: Begun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidValueError, match="z or z-ort; this one has x, y"):
        time_compared(replace(begun, request=replace(REQUEST, name="z")), comparison(), tmp_path)
    of_chip(tmp_path / "profiles", "another", monkeypatch)
    with pytest.raises(InvalidValueError, match="x is of another, and this machine has chip"):
        time_compared(begun, comparison(), tmp_path)


def test_a_comparison_is_read_from_its_folder(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="name a comparison's folder"):
        compared_request(tmp_path, ("ort",), "x", 60.0, False, False)
    (tmp_path / "comparison.json").write_text(json.dumps(to_dict(comparison())), encoding="utf-8")
    found, request = compared_request(tmp_path, ("ort",), "x", 60.0, False, False)
    assert {device.device for device in found.devices} == {"x", "y"}
    assert request.profile_name("ort") == "x"
