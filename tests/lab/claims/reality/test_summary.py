"""Sums, sentences and files against independent arithmetic."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from dsim.errors import FileAccessError, FileFormatError
from lab.claims.reality.files import read_inputs, read_records, write_records
from lab.claims.reality.propose import FitsBy
from lab.claims.reality.records import Backtest, Learned, Own, Standing
from lab.claims.reality.report import backtest_markdown, backtest_words, check_markdown, check_words
from lab.claims.reality.summary import alike, as_shown, gap, left_out, own_score
from tests.lab.claims.reality.made import BEYOND, NOTHING_FITS, own, standing

ROOT = Path(__file__).resolve().parents[4]
RECORDS = (
    standing(80.0, 83.0, alike=82.0),
    standing(80.0, 80.5, alike=80.2, network="later_b"),
    standing(80.0, 81.5, network="later_c"),
    standing(80.0, 90.0, network="later_d", why_not=BEYOND),
    standing(80.0, math.nan, network="later_e", why_not=NOTHING_FITS),
)


def test_gaps_by_hand() -> None:
    shown = gap(as_shown(RECORDS))
    assert (shown.count, shown.median, shown.least, shown.largest) == (3, 1.5, 0.5, 3.0)
    assert (shown.low_median, shown.low_above) == (0.5, 2)  # lower ends 82, 79.5, 80.5 against 80
    assert (shown.inside, shown.below, shown.above) == (1, 2, 0)
    same = gap(alike(RECORDS))
    assert (same.count, same.below, same.inside) == (2, 1, 1)
    assert same.median == pytest.approx(1.1)
    left = left_out(RECORDS)
    assert (left.nothing_fits, left.beyond, left.recipe_unknown) == (1, 1, 1)


def test_nothing_to_compare_is_no_number() -> None:
    none = gap([])
    assert none.count == 0
    assert math.isnan(none.median)


def test_the_interval_of_a_mean_draws_families() -> None:
    rows = [(80.0, 80.0 + d, 79.0, 81.0) for d in (1.0, 1.0, 2.0, 3.0)]
    assert math.isnan(gap(rows, ("a", "a", "b", "b")).mean_low)  # two families are none to draw from
    one = gap(rows, ("a", "a", "b", "c"))
    assert one.mean == 1.75
    assert 1.0 <= one.mean_low < one.mean < one.mean_high <= 3.0


def test_the_earlier_models_are_scored_on_the_networks_themselves() -> None:
    rows = (
        own(80.0, 81.5, 1.0, 1.1),
        own(80.1, 81.5, 2.0, 1.0),  # another device and another source: the network counts once
        own(75.0, 74.5, 1.0, 0.9, "later_b"),
    )
    found = own_score(rows)
    assert found.latency_error == pytest.approx(0.1)
    assert (found.count, found.latency_covered) == (3, 2)
    assert (found.top1_networks, found.top1_covered) == (2, 1)
    assert found.top1_error == pytest.approx((1.5 + 0.5) / 2)
    assert found.top1_bias == pytest.approx((1.5 - 0.5) / 2)


def test_words_and_tables_carry_the_figures() -> None:
    text = check_words(RECORDS)
    assert "3 of 5 networks on 1 devices" in text
    assert "a median of +1.5 points (range +0.5 to +3.0)" in text
    assert "lower end above in 1 of 2" in text
    assert "| phone | 3 of 5 | +1.5 (+0.5 to +3.0) | 2 of 3 | +1.1 (+0.2 to +2.0) |" in check_markdown(
        RECORDS
    )
    learned = Learned("2022-12", 853, 156, 47, 328, 6)
    networks = tuple(own(80.0, 81.5, 1.0, 1.1, f"later_{k}") for k in "abcde")
    found = Backtest(learned, networks, RECORDS)
    words = backtest_words(found)
    assert "853 accuracy results of 47 families" in words
    assert "at that network's recipe, is +1.1 points" in words
    assert "inside the claimed 90% interval in 1, below it in 1 and above it in 0" in words
    assert "a median error of 10% (5 of 5 inside" in words
    assert "| a | the estimate | 1 of 1 | +2.0 |" in backtest_markdown(found)


@pytest.mark.parametrize(("records", "kind"), [(RECORDS, Standing), ((own(80.0, 81.0, 1.0, 1.1),), Own)])
def test_records_survive_parquet(tmp_path: Path, records: tuple[object, ...], kind: type[object]) -> None:
    write_records(tmp_path / "deep" / "records.parquet", records, kind)
    back = read_records(tmp_path / "deep" / "records.parquet", kind)
    assert list(map(repr, back)) == list(map(repr, records))  # nan is no equal of itself


def test_records_of_another_form_are_refused(tmp_path: Path) -> None:
    write_records(tmp_path / "r.parquet", RECORDS, Standing)
    with pytest.raises(FileFormatError, match="run the study anew"):
        read_records(tmp_path / "r.parquet", Own)
    with pytest.raises(FileAccessError):
        read_records(tmp_path / "none.parquet", Own)


@pytest.mark.parametrize("study", ["backtest", "reality-check"])
def test_the_committed_inputs_can_be_read(study: str) -> None:
    inputs = read_inputs(ROOT / "studies" / study)
    assert inputs.devices
    assert {FitsBy.UPPER, FitsBy.ESTIMATE} <= set(inputs.held)
    assert 0 < inputs.bounds.trials <= 60


def test_an_unknown_key_of_the_inputs_is_named(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text("devices = []\nheld = []\ntrails = 3\n", encoding="utf-8")
    with pytest.raises(FileFormatError, match="trails"):
        read_inputs(tmp_path)
