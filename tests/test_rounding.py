"""What counts as rounding: by hand."""

from __future__ import annotations

import numpy as np
import pytest

from dsim.rounding import limit, rounded_up, sign_of, steps, three_digits, without_rounding


@pytest.mark.parametrize(
    ("low", "high", "sign"), [(1.0, 2.0, 1), (-2.0, -1.0, -1), (-1.0, 1.0, 0), (0, 0, 0)]
)
def test_an_interval_has_a_sign_where_it_lies_off_zero(low: float, high: float, sign: int) -> None:
    assert sign_of(low, high, 10.0) == sign


def test_what_is_nothing_beside_the_thing_is_zero() -> None:
    assert without_rounding(2e-16, 1.0) == 0.0
    assert without_rounding(-2e-16, -1.0) == 0.0
    assert without_rounding(2e-16, 1e-9) == 2e-16  # beside something small it is something
    assert sign_of(1e-12, 1e-12, 1.0) == 0
    assert sign_of(1e-6, 1e-6, 1.0) == 1
    assert np.isnan(without_rounding(float("nan"), 1.0))


def test_sums_in_another_order_are_equal_in_steps() -> None:
    terms = np.random.default_rng(0).uniform(0.0, 1.0, (1000, 50))
    one, other = terms.sum(1), np.array([sum(row[::-1]) for row in terms.tolist()])
    assert (one != other).any()
    assert (steps(one, 25.0) == steps(other, 25.0)).all()
    assert np.isneginf(steps(np.array([-np.inf]), 1.0)).all()


def test_what_just_fits_is_within_a_limit() -> None:
    assert limit(0.3) >= 0.1 + 0.2
    assert limit(0.3) < 0.3 * (1 + 1e-6)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1.671, "1.68"), (2.0, "2.00"), (2.0 * (1 + 1e-12), "2.00"), (1234.0, "1240"), (0.01231, "0.0124")],
)
def test_a_need_is_rounded_up_and_rounding_errors_are_not(value: float, shown: str) -> None:
    assert rounded_up(value) == shown


@pytest.mark.parametrize(
    ("value", "said"),
    [(1.0, "1.00"), (0.5, "0.500"), (1.5, "1.50"), (11.06, "11.1"), (99.96, "100"), (105.4, "105")],
)
def test_zeros_at_the_end_are_written(value: float, said: str) -> None:
    assert three_digits(value) == said
