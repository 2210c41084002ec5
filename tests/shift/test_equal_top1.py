"""Designs timed at the same predicted top-1: which are compared, and by how much one takes longer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dsim.arch import get_preset
from dsim.shift import Comparison
from dsim.shift.equal_top1 import at_equal_top1
from dsim.shift.measured import Timed, design_id
from tests.shift.test_serial import BEST, comparison

OTHER = replace(BEST, arch=get_preset("efficientformer_l3"))


def made(points: float) -> Comparison:
    found = comparison()
    x, y = found.devices
    return replace(
        found, devices=(replace(x, best=replace(OTHER, top1=BEST.top1 + points)), replace(y, best=BEST))
    )


def timed(arch_of: object, ms: float, error: float) -> Timed:
    return Timed("y", design_id(arch_of.arch), ms, error, 50, 0.1, "a processor", "a runtime")  # type: ignore[attr-defined]


def test_a_design_of_the_same_predicted_top1_is_compared_with_the_own_best() -> None:
    rows = (timed(BEST, 40.0, 0.3 * 4), timed(OTHER, 60.0, 0.4 * 6))
    (one,) = at_equal_top1(made(0.2), rows)
    assert (one.of, one.on, one.ms, one.own_ms) == ("x", "y", 60.0, 40.0)
    assert one.slower.value == pytest.approx(50.0)
    # 3% and 4% of error make 5% of the ratio of 1.5: 7.5 points either way
    assert (one.slower.low, one.slower.high) == pytest.approx((42.5, 57.5))


def test_other_accuracies_and_untimed_designs_are_left_out() -> None:
    rows = (timed(BEST, 40.0, 1.0), timed(OTHER, 60.0, 1.0))
    assert at_equal_top1(made(0.4), rows) == ()
    assert at_equal_top1(made(0.2), rows[:1]) == ()
