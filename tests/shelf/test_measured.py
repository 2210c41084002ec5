"""A measured latency: how far a new measurement may lie from it, worked out by hand."""

from __future__ import annotations

import math

import pytest

from dsim.device import find_profile
from dsim.shelf.measured import SPREAD, Figure, figures


def test_two_figures_of_one_network_differ_by_six_percent_at_the_median() -> None:
    # the difference of two normal draws of spread s has spread s * sqrt(2), and a median size of 0.6745 times that
    assert SPREAD * math.sqrt(2.0) * 0.67449 == pytest.approx(0.06, rel=1e-4)


def test_what_it_needs_is_what_it_fits_with_that_chance() -> None:
    one = Figure(2.0, 0.1, "a paper", left=False)
    assert one.needs_ms(0.5) == pytest.approx(2.0)
    assert one.needs_ms(0.9) == pytest.approx(2.0 * math.exp(0.128155), rel=1e-5)
    assert one.p_fits(one.needs_ms(0.9)) == pytest.approx(0.9)
    assert one.interval(0.9) == pytest.approx((2.0 * math.exp(-0.164485), 2.0 * math.exp(0.164485)), rel=1e-5)


def test_several_figures_of_one_network_are_surer_than_one() -> None:
    found = figures(find_profile("iphone12"))
    # 1.49 and 1.51 ms from two papers; the second was read off a plot to 0.01 ms
    twice = found["repvit_m1_5@224"]
    assert twice.latency_ms == pytest.approx(1.5, abs=0.02)
    assert SPREAD * math.sqrt(1.5) <= twice.spread < SPREAD * math.sqrt(1.51)
    once = next(one for one in found.values() if one.spread >= SPREAD * math.sqrt(2.0))
    assert once.spread < 0.2
