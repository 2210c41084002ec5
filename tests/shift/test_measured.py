"""Timed designs stand beside the right predictions, and the file refuses what is no table of them."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from dsim.arch import Arch, get_preset
from dsim.errors import FileFormatError
from dsim.report.timed import agreement_table, timed_table
from dsim.search import Candidate
from dsim.shift import Cell, Comparison, Interval, Verdict
from dsim.shift.measured import (
    Timed,
    agreements,
    design_id,
    designs_to_time,
    read_measured,
    timed_cells,
    write_measured,
)
from tests.shift.test_serial import ONE, comparison

X, Y, SHRUNK = (get_preset(name) for name in ("efficientformer_l1", "poolformer_s12", "poolformer_s24"))


def candidate(arch: Arch, ms: float) -> Candidate:
    return Candidate(arch, ms, 0.9 * ms, 1.1 * ms, 0.95, 80.0, 79.0, 81.0, 12, 34)


def by(value: float) -> Interval:
    return Interval(value, value - 1.0, value + 1.0)


@pytest.fixture
def found() -> Comparison:
    """On y the budget is 11 ms; y's best takes 10 ms there, and x's best 14 ms, until it is shrunk to 9 ms."""
    made = comparison()
    a, b = made.devices
    devices = (
        replace(a, budget_ms=1.1, best=candidate(X, 1.0)),
        replace(b, budget_ms=11.0, best=candidate(Y, 10.0)),
    )
    cells = (
        Cell("x", "x", Verdict.ITSELF, 0.0, 0, by(0.0), candidate(X, 1.0), None),
        Cell("x", "y", Verdict.DIFFERENCE, 4.4, 3, by(4.0), candidate(SHRUNK, 9.0), ONE),
        Cell("y", "x", Verdict.NOTHING_FITS, 5.0, 3, by(5.0), None, None),
        Cell("y", "y", Verdict.ITSELF, 0.0, 0, by(0.0), candidate(Y, 10.0), None),
    )
    return replace(made, devices=devices, cells=cells)


def timed(arch: Arch, ms: float, device: str = "y") -> Timed:
    return Timed(device, design_id(arch), ms, 0.01, 50, 0.2, "chip", "runtime 1")


ALL = (timed(Y, 10.4), timed(X, 15.3), timed(SHRUNK, 11.2))


def test_what_is_to_be_timed(found: Comparison) -> None:
    assert designs_to_time(found, ["y"]) == (X, Y, SHRUNK)
    assert designs_to_time(found, ["x"]) == (X, Y)


def test_cells(found: Comparison) -> None:
    cell, own = timed_cells(found, ALL)
    assert (cell.of, cell.on, own.of, own.on) == ("x", "y", "y", "y")
    assert (cell.predicted_ms, cell.timed_ms) == (pytest.approx(14.0), 15.3)
    assert cell.needs_ms == pytest.approx(15.4)
    assert (cell.slower_ms, cell.timed_slower_ms) == (4.0, pytest.approx(4.9))
    assert (cell.shrunk_ms, cell.shrunk_timed_ms) == (9.0, 11.2)
    assert own.timed_slower_ms == 0.0
    assert timed_cells(found, ALL[1:]) == (), "without the own best there is nothing to compare with"


def test_agreement_counts_each_design_once(found: Comparison) -> None:
    (sums,) = agreements(found, ALL)
    assert (sums.device, sums.designs, sums.to_fit, sums.fit) == ("y", 3, 2, 1)
    assert sums.bias == pytest.approx(sum(map(math.log, (1.04, 15.3 / 14.0, 11.2 / 9.0))) / 3)
    assert sums.worst == pytest.approx(11.2 / 9.0 - 1.0)
    assert (sums.within_5, sums.within_10, sums.within_need) == (1, 2, 2)


def test_tables_say_what_holds(found: Comparison) -> None:
    text = timed_table(found, ALL, "y").markdown()
    assert "| x | 14 | 15.3 | +4 | +4.9 | 9 | 11.2 | +0.2 ms |" in text
    assert "| y | 10 | 10.4 |  |  | 10 | 10.4 | yes |" in text
    assert "1 of 2" in agreement_table(found, ALL).markdown()


def test_a_file_keeps_other_devices(tmp_path: Path) -> None:
    assert read_measured(tmp_path) == ()
    write_measured(tmp_path, [timed(X, 1.0, "x"), timed(X, 9.0)])
    write_measured(tmp_path, [timed(Y, 8.0)])
    assert [(one.device, one.design) for one in read_measured(tmp_path)] == [
        ("x", design_id(X)),
        ("y", design_id(Y)),
    ]


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "\xff", "device,design\nx,\n"])
def test_a_broken_file_is_one_line(content: str, tmp_path: Path) -> None:
    (tmp_path / "measured.csv").write_text(content, encoding="latin-1")
    with pytest.raises(FileFormatError, match=r"measured\.csv.*dsim measure compared") as error:
        read_measured(tmp_path)
    assert "\n" not in str(error.value)
