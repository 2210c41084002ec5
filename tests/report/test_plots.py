"""Results as tables and charts in a notebook."""

from __future__ import annotations

import sys

import pytest

import dsim
from dsim.errors import InvalidValueError, MissingPackageError
from dsim.report.plots import plot
from tests.report.test_draw import ANSWER, long_answer
from tests.shift.test_serial import comparison
from tests.test_summaries import study


def test_an_estimate_as_a_table() -> None:
    frame = ANSWER.to_frame()
    assert frame["latency_ms"].to_list() == [4.0, 1.0, 4.0, 1.0]
    assert frame["share"].to_list() == pytest.approx([0.4, 0.1, 0.4, 0.1])
    assert frame["cumulative_ms"].to_list() == pytest.approx([4.0, 5.0, 9.0, 10.0])
    assert frame["scope"].to_list() == ["a", "a", "b", None]
    assert frame["kind"].to_list()[-1] == "fixed, of no operator"
    assert frame.columns[:4] == ["scope", "kind", "latency_ms", "evidence"]


def test_a_study_as_a_table() -> None:
    found = study()
    frame = found.to_frame()
    assert frame.height == len(found.front)
    assert frame["latency_ms"].to_list() == [one.latency_ms for one in found.front]
    assert frame["chosen"].to_list() == [one.arch == found.chosen.arch for one in found.front]  # type: ignore[union-attr]
    assert not study(1e-6).to_frame()["chosen"].any()  # nothing fits


def test_a_comparison_as_a_table() -> None:
    found = comparison()
    frame = found.to_frame()
    assert frame.select("of", "on").rows() == [(cell.of, cell.on) for cell in found.cells]
    for row, cell in zip(frame.iter_rows(named=True), found.cells, strict=True):
        assert row["slower_ms_low"] == cell.slower_ms.low
        assert row["top1_lost"] == (cell.top1_lost.value if cell.top1_lost else None)


def test_charts_hold_the_figures_and_fit_a_notebook() -> None:
    pytest.importorskip("altair")
    for result in (study(), comparison(), long_answer(300)):
        spec = result.plot().to_dict(validate=False)  # Vega-Lite's schema takes seconds
        assert spec["width"] <= 800
        assert spec["height"] <= 800
        assert spec["config"]["background"] == "#ffffff"  # readable in a dark notebook too
    spec = ANSWER.plot().to_dict()
    bars = spec["datasets"][spec["data"]["name"]]
    assert [(bar["block"], bar["from"], bar["to"]) for bar in bars] == [
        ("a", 0, 4), ("a", 4, 5), ("b", 5, 9), ("fixed, of no operator", 9, 10)
    ]  # fmt: skip


def test_what_has_no_chart_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="got str; give one of these"):
        plot("a")


def test_without_altair_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "altair", None)
    with pytest.raises(MissingPackageError, match=r"a plot needs altair.*pip install 'dsim\[report\]'"):
        ANSWER.plot()


def test_help_of_the_verb_shows_an_example() -> None:
    assert ">>> import dsim" in (dsim.search.__doc__ or "")
