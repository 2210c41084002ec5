"""What `dsim compare` prints: the best designs, whether they serve each other and what to do next, on one screen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dsim.report.compared import MOST_LINES, short_comparison, show_comparison
from dsim.shift import Comparison, Interval, Verdict, load_comparison
from tests.report.records import comparison

NAMES = ("iphone12", "pixel6-cpu")
COMMITTED = Path(__file__).resolve().parents[2] / "studies" / "device-shift" / "latency"


def said(found: Comparison, width: int = 80) -> str:
    return "\n".join(line.plain for line in short_comparison(found, "studies/latency", width))


def lost(found: Comparison, verdict: Verdict, points: Interval | None) -> Comparison:
    """Give every cell off the diagonal one verdict and one loss."""
    cells = (
        replace(one, verdict=verdict, top1_lost=points) if one.of != one.on else one for one in found.cells
    )
    return replace(found, cells=tuple(cells))


def test_it_is_one_screen_of_two_or_three_devices() -> None:
    for names in (NAMES, (*NAMES, "i9-10940x")):
        lines = said(comparison(names)).splitlines()
        assert len(lines) <= MOST_LINES
        assert max(map(len, lines)) <= 80


def test_eleven_devices_stay_readable() -> None:
    assert len(said(load_comparison(COMMITTED)).splitlines()) <= 75


def test_it_says_on_which_device_a_design_loses_most() -> None:
    found = comparison((*NAMES, "i9-10940x"))
    worse = Interval(2.5, 1.0, 4.0)
    cells = tuple(
        replace(
            one,
            verdict=Verdict.DIFFERENCE,
            top1_lost=worse if one.on == "i9-10940x" else Interval(0.3, 0.1, 0.5),
        )
        if one.of != one.on
        else one
        for one in found.cells
    )
    text = said(replace(found, cells=cells))
    assert "iphone12          i9-10940x       +2.5 (+1.0 to +4.0), significant" in text
    assert "Significant: the interval does not include zero." in " ".join(text.split())
    assert "Price unknown" not in text


def test_a_design_that_fits_nowhere_else_loses_most() -> None:
    assert "pixel6-cpu      nothing fits" in said(lost(comparison(NAMES), Verdict.NOTHING_FITS, None))


def test_where_nothing_is_significant_it_says_so() -> None:
    text = " ".join(
        said(
            replace(
                comparison(NAMES),
                flips=(),
                cells=lost(comparison(NAMES), Verdict.NO_EVIDENCE, Interval(0.1, -1, 1)).cells,
            )
        ).split()
    )
    assert "Significant differences: none among all the questions asked" in text
    assert "dsim report studies/latency" in text


def test_without_a_design_for_all() -> None:
    assert "One design for all: none, because on some device no design fits." in said(
        replace(comparison(NAMES), robust=None)
    )


def test_details_hold_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    show_comparison(comparison(NAMES))
    assert "Winner's curse" not in capsys.readouterr().out
    show_comparison(comparison(NAMES), details=True)
    text = capsys.readouterr().out
    assert all(words in text for words in ("Winner's curse", "What if", "Chip or stack", "Own figures"))
