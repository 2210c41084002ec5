"""The script that does harm to dsim: a few cases of each kind, and that it sees what it looks for."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("PIL", reason="needs pip install 'dsim[supernet]'")
pytest.importorskip("safetensors", reason="needs pip install 'dsim[supernet]'")
pytest.importorskip("onnx", reason="needs pip install 'dsim[onnx]'")

from dsim.errors import FileFormatError
from lab.places import NOTES, STUDIES
from lab.validate.survival.clock import set_back
from lab.validate.survival.corrupt import block, read_broken
from lab.validate.survival.disk import close, fill
from lab.validate.survival.kills import stop_once
from lab.validate.survival.note import write_note
from lab.validate.survival.outcome import differences, outcome
from lab.validate.survival.place import Place, places
from lab.validate.survival.rows import Row, Rows
from lab.validate.survival.victims import Victim, victims

TRAINING = "training that keeps its state at its end"
FEW = ("arch.json (10)", "measured.csv (14)", "tiny.tflite", "sheet of networks", "lookup table")


@pytest.fixture(scope="module")
def training() -> Iterator[Place]:
    with places([TRAINING], runs=1) as made:
        yield made[TRAINING]


def stopped(place: Place, how: signal.Signals) -> Row:
    """Stop a run; one that has ended before is no case."""
    rows = (stop_once(place, number, how.name, how) for number in range(20))
    return next(row for row in rows if row.cases)


@pytest.mark.parametrize("name", FEW)
def test_corrupt_files_are_read_or_refused(name: str) -> None:
    (victim,) = [one for one in victims() if one.name == name]
    row = block(replace(victim, cases=5), 0)
    assert row.faults == ()
    assert sum(row.seen.values()) == row.cases == 5


def breaks(how: str) -> Callable[[Path], object]:
    def read(folder: Path) -> None:
        match how:
            case "crash":
                raise IndexError("index 3 is out of bounds")
            case "words":
                raise FileFormatError("one line\nand another")
            case "writes":
                (folder / "half").write_text("half")
                raise FileFormatError("refused; correct it")
            case "hang":
                while True:
                    pass

    return read


@pytest.mark.parametrize(
    ("how", "says"),
    [("crash", "IndexError"), ("words", "not one line"), ("writes", "yet wrote"), ("hang", "more than")],
)
def test_what_is_wrong_is_seen(how: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.validate.survival.corrupt.MOST_S", 0.1)
    (tmp_path / "file").write_text("broken")
    victim = Victim("a file", "file", lambda folder: None, breaks(how))
    came, fault = read_broken(victim, tmp_path)
    assert came == "fault"
    assert says in fault


def test_a_killed_run_ends_as_an_uninterrupted_one(training: Place) -> None:
    assert stopped(training, signal.SIGKILL).faults == ()


@pytest.mark.slow
def test_sigterm_keeps_what_is_done(training: Place) -> None:
    assert stopped(training, signal.SIGTERM).faults == ()


@pytest.mark.slow
def test_a_clock_that_was_set_back(training: Place) -> None:
    assert set_back(training, 1).faults == ()


@pytest.mark.slow
@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="root alone mounts, and becomes others"
)
@pytest.mark.parametrize("harm", [fill, close])
def test_full_disks_and_closed_folders(harm: Callable[[Place, int], Row], training: Place) -> None:
    row = harm(training, 1)
    assert row.faults == ()
    assert row.seen == {"refused": 1}


def test_a_byte_that_differs_is_named(tmp_path: Path) -> None:
    for name, seconds, value in (("a", 1, 2), ("b", 3, 2), ("c", 1, 9)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.json").write_text(f'{{"cost": {{"seconds": {seconds}, "designs": {value}}}}}')
        (tmp_path / name / ".x.half-written").write_text(name)
    one, same, other = (outcome(tmp_path / name) for name in "abc")
    assert differences(one, same) == []
    assert differences(one, other) == ["otherwise than uninterrupted: x.json"]
    assert differences(one, {}) == ["missing: x.json"]


def test_rows_come_back_and_make_the_table(tmp_path: Path) -> None:
    note, file = tmp_path / "note.md", tmp_path / "rows.jsonl"
    note.write_text("<!-- begin: table -->\n<!-- end: table -->\n")
    rows = Rows(file)
    rows.keep(Row("kill -9", "a study", 0, 1, (), {"something was kept": 1}))
    rows.keep(Row("kill -9", "a study", 1, 1, ("lost a row",)))
    again = Rows(file)
    assert again.rows == rows.rows
    assert again.left("kill -9", "a study", range(4)) == [2, 3]
    write_note(again, note)
    assert (
        "| kill -9 | a study | 2 | 1 | something was kept: 1; fault, 1 times: lost a row |"
        in note.read_text()
    )


def test_the_committed_table_is_that_of_the_committed_rows(tmp_path: Path) -> None:
    committed, note = NOTES / "survival.md", tmp_path / "survival.md"
    note.write_bytes(committed.read_bytes())
    write_note(Rows(STUDIES / "survival" / "rows.jsonl"), note)
    assert note.read_bytes() == committed.read_bytes()
