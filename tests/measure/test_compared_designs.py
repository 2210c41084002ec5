"""``dsim measure --compared`` times what a comparison names, on the profiles that it compares."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import tomli_w

from dsim.cli import compared as command
from dsim.cli.compared import measure_compared
from dsim.cli.measurement import Begun, Request
from dsim.device.fields import read_toml
from dsim.device.find import find_profile
from dsim.errors import FileAccessError, InvalidValueError
from dsim.measure.journal import Entry, Head, open_journal
from dsim.measure.machine import Machine
from dsim.measure.observe import Observation, Observed
from dsim.measure.planned import Planned
from dsim.measure.records import Stack
from dsim.measure.run import Usable
from dsim.shift.files import to_dict
from dsim.shift.measured import read_measured
from tests.shift.test_serial import comparison

REQUEST = Request(("ort",), "x", "", 60.0, 0, 9, False, False, "without")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A comparison of x and y, a machine that is x, and a clock that says 1.05 ms."""
    (tmp_path / "comparison.json").write_text(json.dumps(to_dict(comparison())), encoding="utf-8")
    stacks = {"ort": Stack("ORT 1", "float32", "NCHW")}

    def begin(request: Request) -> Begun:
        head = Head(Machine("chip", 2, (), "Linux"), stacks, 1, 0)
        journal = open_journal(tmp_path / "journal.jsonl", head)
        return Begun(request, Usable((), stacks, {"ov": "not installed"}), journal, None, None)

    def run(begun: Begun, planned: Sequence[Planned], show: object) -> int:
        for one in planned:
            seen = Observation(1.05, 0.01, 1.06, 50, 0, False, ())
            begun.journal.append(Entry(one, Observed({"ort": seen}, {}), 0.3))
        return len(planned)

    monkeypatch.setattr(command, "begin_compared", begin)
    monkeypatch.setattr(command, "run_chosen", run)
    of_chip(tmp_path / "profiles", "chip", monkeypatch)
    return tmp_path


def of_chip(root: Path, chip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make x a profile of the user's own, of a chip: a bundled one under another name."""
    source = find_profile("m5-ane").folder
    (root / "x").mkdir(parents=True, exist_ok=True)
    for path in source.iterdir():
        (root / "x" / path.name).write_bytes(path.read_bytes())
    about = {**read_toml(source / "profile.toml"), "name": "x", "pool": "x", "chip": chip}
    (root / "x" / "profile.toml").write_text(tomli_w.dumps(about), encoding="utf-8")
    monkeypatch.setenv("DSIM_PROFILES", str(root))


def test_figures_stand_beside_predictions(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    measure_compared(REQUEST, folder, as_json=True)
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert "Left out: not installed" in err
    assert told["left"] == 0
    assert {(cell["on"], cell["timed_ms"]) for cell in told["timed"]} == {("x", 1.05)}
    assert [(one["device"], one["designs"], one["to_fit"]) for one in told["agreement"]] == [("x", 1, 0)]
    assert {one.device for one in read_measured(folder)} == {"x"}
    measure_compared(REQUEST, folder, as_json=False)
    assert "Best designs, timed for real" in capsys.readouterr().out


def test_another_profile_or_chip_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidValueError, match="this one has x, y"):
        measure_compared(Request(("ort",), "z", "", 60.0, 0, 9, False, False, "without"), folder, True)
    of_chip(folder / "profiles", "another", monkeypatch)
    with pytest.raises(InvalidValueError, match="x is of another, and this machine has chip"):
        measure_compared(REQUEST, folder, True)


def test_no_comparison(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="name a comparison's folder"):
        measure_compared(REQUEST, tmp_path, True)
