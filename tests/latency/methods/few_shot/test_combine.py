"""Combining donors, on tables made up so that the right answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsim.latency.methods.few_shot.combine import NOISE, believe, combine, scaled_errors

NETWORKS, DONORS = 60, 8


def made_up(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return log milliseconds (N, D) of donors that differ by three hidden traits, and places of the networks."""
    rng = np.random.default_rng(seed)
    size, traits = rng.normal(0.0, 1.0, NETWORKS), rng.normal(0.0, 0.3, (NETWORKS, 3))
    table = size[:, None] + traits @ rng.normal(0.0, 1.0, (3, DONORS)) + rng.normal(0.0, 1.0, DONORS)
    return table, rng.normal(0.0, 1.0, (NETWORKS, 5))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.integers(0, DONORS - 1), st.floats(-3.0, 3.0))
def test_a_donor_at_another_pace_is_recognised(seed: int, donor: int, pace: float) -> None:
    table, places = made_up(seed)
    measured = np.arange(5)
    truth = table[:, donor] + pace
    prior = believe(table, places, measured, truth[measured])
    assert int(prior.start.argmax()) == donor
    assert np.median(np.abs(combine(prior, measured, truth[measured]) - truth)) < 0.05


def test_a_mixture_of_donors_is_learned_from_more_networks() -> None:
    table, places = made_up()
    truth = table @ np.array([0.5, 0.3, 0.2, 0, 0, 0, 0, 0]) + 1.0
    errors = []
    for count in (3, 30):
        measured = np.arange(count)
        prior = believe(table, places, measured, truth[measured])
        errors.append(np.median(np.abs(combine(prior, measured, truth[measured]) - truth)[30:]))
    factor, error = scaled_errors(table, np.arange(30), truth[:30])
    nearest = int(error.argmin())
    assert errors[1] < errors[0]
    assert errors[1] < np.median(np.abs(table[30:, nearest] + factor[nearest] - truth[30:])) / 2


def test_measured_networks_are_said_again() -> None:
    table, places = made_up()
    rng = np.random.default_rng(1)
    measured, figures = np.arange(20), rng.normal(0.0, 0.3, 20) + table[:20, 0]
    said = combine(believe(table, places, measured, figures), measured, figures)[:20]
    assert (
        np.abs(said - figures).mean()
        < np.abs(table[:20, 0] - figures - np.median(table[:20, 0] - figures)).mean()
    )


def test_what_is_left_shrinks_with_every_measurement() -> None:
    table, places = made_up()
    every = np.arange(NETWORKS)
    left = []
    for count in (3, 6, 12):
        prior = believe(table, places, np.arange(3), table[:3, 0])
        covariance = prior.left(every, np.arange(count))
        assert np.linalg.eigvalsh(covariance).min() > -1e-8
        assert covariance[0, 0] <= NOISE**2 + 1e-9
        left.append(np.trace(covariance))
    assert left[0] > left[1] > left[2]


@pytest.mark.parametrize("order", [[2, 0, 1, 4, 3]])
def test_the_order_of_measurements_changes_nothing(order: list[int]) -> None:
    table, places = made_up()
    measured = np.arange(5)
    figures = table[:5, 1] + 0.1 * np.arange(5)
    one = combine(believe(table, places, measured, figures), measured, figures)
    two = combine(believe(table, places, measured[order], figures[order]), measured[order], figures[order])
    assert np.allclose(one, two)
