"""A device's own falls move its chance of a fall, and only so far as a handful of networks can."""

from __future__ import annotations

import numpy as np
import pytest

from dsim.latency.cliffs import SIGNS, no_cliffs, p_cliff, shifted
from dsim.latency.features import COUNTED, FloatArray

POOL = np.array([-3.0, *[0.5] * len(SIGNS)])


def vectors(count: int) -> FloatArray:
    return np.zeros((count, len(COUNTED) + 3))


def chance(fell: list[bool], weights: FloatArray = POOL) -> float:
    return float(p_cliff(vectors(1), shifted(weights, vectors(len(fell)), np.array(fell)))[0])


def test_falls_raise_the_chance_and_their_absence_lowers_it() -> None:
    base = float(p_cliff(vectors(1), POOL)[0])
    assert chance([False] * 5) < base
    assert base < chance([True, False, False, False]) < chance([True, True, False, False]) < 0.5
    assert chance([False]) == pytest.approx(base, abs=0.02), "one network says next to nothing"
    assert chance([True, False] * 500) == pytest.approx(0.5, abs=0.01), "a thousand say it all"


def test_the_shift_solves_its_equation() -> None:
    fell = np.array([True, False, False])
    weights = shifted(POOL, vectors(3), fell)
    shift = weights[0] - POOL[0]
    p = p_cliff(vectors(3), weights)
    assert (fell - p).sum() == pytest.approx(shift, abs=1e-6)  # a prior of 1 logit
    assert weights[1:] == pytest.approx(POOL[1:])


def test_a_device_that_nothing_can_leave_stays_so_until_something_did() -> None:
    assert chance([False] * 4, no_cliffs()) < 1e-12
    assert 0.05 < chance([True, False, False, False], no_cliffs()) < 0.3
