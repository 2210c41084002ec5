"""Anchors: designs trained alone, and the order in which the supernet puts them."""

from __future__ import annotations

import itertools

import polars as pl
import pytest

from dsim.supernet import Supernet, check
from dsim.supernet.anchors import rank_correlation


def test_tau_counts_pairs() -> None:
    one, other = [1.0, 2.0, 3.0, 4.0, 5.0], [2.0, 1.0, 3.0, 5.0, 4.0]
    pairs = list(itertools.combinations(range(5), 2))
    agree = sum((one[i] - one[j]) * (other[i] - other[j]) > 0 for i, j in pairs)
    tau, low, high = rank_correlation(one, other, 0)
    assert tau == pytest.approx((agree - (len(pairs) - agree)) / len(pairs))  # 8 of 10 pairs agree: 0.6
    assert low <= tau <= high
    assert rank_correlation(one, one, 0) == pytest.approx((1.0, 1.0, 1.0))


def test_what_is_trained_is_kept(trained: Supernet) -> None:
    found = check(trained, 4, images=32 * 4)
    table = pl.read_parquet(trained.home.folder / "anchors.parquet")
    assert table["subnet"].to_list() == [one.subnet for one in found.anchors]
    spent = trained.evaluator.ledger.spent["anchors"]
    assert (spent.images, spent.passes, spent.evaluations) == (4 * 32 * 4, 16, 4)
    again = check(trained, 4, images=32 * 4)
    assert again == found
    assert trained.evaluator.ledger.spent["anchors"] == spent
