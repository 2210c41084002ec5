"""How top-1 orders backbones: tau by hand and by SciPy, and figures that stand elsewhere too."""

from __future__ import annotations

import pytest
from scipy.stats import kendalltau

from dsim.accuracy.downstream import FIGURES, order_of, order_words, orders
from dsim.accuracy.tables import read_rows


def _rows(*values: tuple[str, float, float]) -> list[dict[str, str]]:
    return [{"family": family, "top1": str(top1), "box_ap": str(ap)} for family, top1, ap in values]


def test_tau_of_four_networks_by_hand() -> None:
    """Of six pairs five are ordered alike: tau is (5 - 1) / 6; with one family it is the same in every sample."""
    one = order_of(_rows(("a", 70, 30), ("a", 72, 31), ("a", 75, 33), ("a", 77, 32)), "box_ap")
    assert (one.tau, one.low, one.high) == pytest.approx((4 / 6, 4 / 6, 4 / 6))
    assert (one.networks, one.families) == (4, 1)


def test_the_interval_is_wider_where_families_disagree() -> None:
    alike = order_of(_rows(("a", 70, 30), ("a", 72, 31), ("b", 75, 33), ("b", 77, 34)), "box_ap")
    apart = order_of(_rows(("a", 70, 30), ("a", 72, 31), ("b", 75, 34), ("b", 77, 33)), "box_ap")
    assert alike.low == pytest.approx(1)
    assert apart.low == pytest.approx(-1)  # samples of b alone
    assert apart.high == pytest.approx(1)


@pytest.mark.parametrize("figure", FIGURES)
def test_the_published_order_is_scipys(figure: str) -> None:
    known = [row for row in read_rows("downstream.csv") if row[figure]]
    tau = kendalltau([float(row["top1"]) for row in known], [float(row[figure]) for row in known]).statistic
    one = next(order for order in orders() if order.figure == figure)
    assert one.tau == pytest.approx(tau)
    assert one.low < one.tau < one.high
    assert f"by {one.tau:.2f} ({one.low:.2f} to {one.high:.2f}; {len(known)} networks)" in order_words()


def test_top1_that_timm_published_is_that_of_the_own_table() -> None:
    published = {
        f"{row['network']}.{row['tag']}": float(row["top1"])
        for row in read_rows("top1.csv")
        if row["resolution"] == row["train_resolution"]
    }
    for row in read_rows("downstream.csv"):
        source, _, name = row["top1_source"].partition("timm results-imagenet, ")
        if not source:
            assert float(row["top1"]) == pytest.approx(published[name]), name
