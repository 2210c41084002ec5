"""A device's own falls move its chance of a fall, and only so far as a handful of networks can."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from dsim.latency.cliffs import RARE, SIGNS, no_cliffs, own_weights, p_cliff, shifted
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


def test_own_networks_alone_are_the_posterior_of_a_logistic_regression() -> None:
    held = np.array([[True, False], [True, True], [False, False], [False, True], [False, False]])
    fell = np.array([True, True, False, False, False])
    x = np.hstack([np.ones((5, 1)), held])

    def minus_log(weights: FloatArray) -> float:
        logit = x @ weights
        prior = 0.5 * ((weights[0] - RARE) ** 2 + (weights[1:] ** 2).sum())  # one logit each
        return float(np.logaddexp(0.0, logit).sum() - fell @ logit + prior)

    expected = minimize(minus_log, np.zeros(3), method="BFGS", options={"gtol": 1e-9}).x
    weights = own_weights(held, fell)
    assert weights == pytest.approx(expected, abs=1e-5)
    phi = np.array([[9.0, 0.0, 0.0], [9.0, 2.0, 0.0]])  # signs come last
    without, with_one = p_cliff(phi, weights)
    assert without < with_one
    # networks that all stayed say that a fall is rarer, whatever they hold
    assert p_cliff(phi, own_weights(np.zeros((3, 0), dtype=bool), np.zeros(3, dtype=bool)))[0] < 0.0475


def test_a_device_that_nothing_can_leave_stays_so_until_something_did() -> None:
    assert chance([False] * 4, no_cliffs()) < 1e-12
    assert 0.05 < chance([True, False, False, False], no_cliffs()) < 0.3
