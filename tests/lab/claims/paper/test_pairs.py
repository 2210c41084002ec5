"""Measured pairs: one laboratory, one protocol, and the interval that noise and reading make."""

from __future__ import annotations

import pytest

from lab.claims.paper.pairs import contrast_piece, macs_ratio, pair_pieces, timed_together
from tests.lab.claims.paper.made import contrast, profile, row

PAIR = (("what", "a@224", "b@224"),)


def test_ratio_and_interval() -> None:
    found = list(pair_pieces(profile(networks=[row("a@224", 2.0), row("b@224", 3.0)]), PAIR))
    assert len(found) == 1
    assert found[0].value == pytest.approx(50)
    assert found[0].low == pytest.approx(100 * (1.5 / 1.03 - 1))
    assert found[0].high == pytest.approx(100 * (1.5 * 1.03 - 1))


def test_rounding_of_a_table_widens_the_interval_and_a_stated_error_replaces_it() -> None:
    rounded = profile(networks=[row("a@224", 2.0, error=None), row("b@224", 2.5, error=None)])
    stated = profile(networks=[row("a@224", 2.0, error=0.001), row("b@224", 2.5, error=0.001)])
    wide, narrow = (next(iter(pair_pieces(p, PAIR))) for p in (rounded, stated))
    assert wide.high == pytest.approx(100 * (1.25 * 1.03 * 2.718281828 ** (0.05 / 2.0 + 0.05 / 2.5) - 1))
    assert narrow.high < wide.high


def test_pairs_do_not_cross_laboratories() -> None:
    assert not list(pair_pieces(profile(networks=[row("a@224", 2.0, "x"), row("b@224", 3.0, "y")]), PAIR))


@pytest.mark.parametrize("flaw", ["repeats", "cliff"])
def test_repeated_figures_and_cliffs_make_no_pair(flaw: str) -> None:
    bad = row("b@224", 3.0, **{flaw: "so it says"})
    assert not list(pair_pieces(profile(networks=[row("a@224", 2.0), bad]), PAIR))


def test_of_several_figures_the_median_counts() -> None:
    rows = [row("a@224", 2.0), *(row("b@224", ms) for ms in (3.0, 4.0, 9.0))]
    timed = timed_together(profile(networks=rows), ["a@224", "b@224"])
    assert timed["phone", "tool", "lab"]["b@224"][0] == 4.0


def test_work_is_taken_out() -> None:
    rows = profile(networks=[row("a@224", 2.0), row("b@224", 3.0)])
    assert next(iter(pair_pieces(rows, PAIR, lambda a, b: 1.5))).value == pytest.approx(0)


def test_contrast_with_its_own_interval() -> None:
    found = contrast_piece(profile(), contrast("norm:batch>layer", "a", "b", 2.0, 2.2, 0.1, 0.4))
    assert (found.value, found.low, found.high) == pytest.approx((10, 5, 20))


def test_contrast_without_one_gets_that_of_a_pair() -> None:
    made = contrast("norm:batch>layer", "a", "b", 2.0, 2.2)
    found = contrast_piece(profile(contrasts=[made]), made)
    assert found.low == pytest.approx(100 * (1.1 / 1.03 * 2.718281828 ** -(0.05 / 2.0 + 0.05 / 2.2) - 1))


def test_macs_of_stored_networks() -> None:
    assert macs_ratio("convformer_s18@224", "caformer_s18@224") == pytest.approx(4.107 / 3.941, rel=1e-3)
