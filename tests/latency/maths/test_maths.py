"""The shared methods against arithmetic by hand and independent programs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.gaussian_process.kernels import Matern

from dsim.latency.maths.matern import MaternSum, matern
from dsim.latency.maths.pivots import pivots
from dsim.latency.maths.robust import minimise, student_loss, student_weights


def test_the_kernel_is_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(5, 3)), rng.normal(size=(4, 3))
    np.testing.assert_allclose(matern(a, b, 0.7), Matern(length_scale=0.7 * 3**0.5, nu=1.5)(a, b), rtol=1e-10)


def test_sums_of_the_kernel_are_the_kernel_s_in_both_precisions() -> None:
    rng = np.random.default_rng(2)
    places, weights = np.sqrt(rng.dirichlet(np.ones(30), size=250)), rng.normal(size=200)
    known, there = places[:200], places[150:]  # some places are known themselves
    plain = matern(there, known, 0.35) @ weights
    np.testing.assert_allclose(MaternSum(known, weights, 0.35).at(there), plain, atol=1e-10)
    single = MaternSum(known, weights, 0.35, single=True).at(there)
    np.testing.assert_allclose(single, plain, rtol=0, atol=1e-5)
    assert np.abs(single - plain).max() > 1e-9  # single precision it is


def test_a_weight_is_the_slope_of_the_loss_over_the_error() -> None:
    z = np.array([0.5, -1.0, 6.0])
    slope = (student_loss(z + 1e-6) - student_loss(z - 1e-6)) / 2e-6
    np.testing.assert_allclose(student_weights(z) * z, slope, rtol=1e-6)
    assert student_weights(np.array([0.0]))[0] == pytest.approx(5.0 / 4.0)


@pytest.mark.parametrize("halving", [False, True])
def test_a_robust_line_is_what_a_general_minimiser_finds(halving: bool) -> None:
    rng = np.random.default_rng(1)
    x = np.column_stack([np.ones(40), rng.normal(size=40)])
    y = x @ [1.0, 2.0] + 0.1 * rng.normal(size=40)
    y[3] += 50.0  # a figure that is far off

    def loss(z: np.ndarray) -> float:
        return float(student_loss((y - x @ z) / 0.1).sum() + 0.5 * (z**2).sum())

    def normal(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        weight = student_weights((y - x @ z) / 0.1) / 0.01
        return (x.T * weight) @ x + np.eye(2), (x.T * weight) @ (y - x @ z) - z

    found, matrix = minimise(normal, np.zeros(2), 80, 0.7, loss if halving else None)
    np.testing.assert_allclose(found, minimize(loss, np.zeros(2)).x, rtol=1e-3)
    assert np.all(np.linalg.eigvalsh(matrix) > 0)


def test_pivots_begin_with_what_is_asked_for_and_pass_over_what_is_explained() -> None:
    places = np.array([[0.0], [1.0], [1.0], [5.0]])
    covariance = matern(places, places, 1.0)
    chosen = pivots(lambda n: covariance[n], np.ones(4), 4, (2,))
    # row 1 is row 2 again; of the others the farthest is explained least
    assert chosen == [2, 3, 0]
