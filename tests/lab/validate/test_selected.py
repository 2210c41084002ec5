"""Choices among networks that a model has not seen."""

from __future__ import annotations

import pytest

from dsim.latency.scoring import Held
from lab.validate.selected import CANDIDATES, Candidate, replay


def _candidate(number: int, needs_ms: float) -> Candidate:
    ms = float(number + 1)
    held = Held("phone", f"n{number}@224", "one family", ms, ms, ms / 2, ms * 2, "", "inside")
    return Candidate(held, needs_ms, ms)


def test_the_best_of_those_said_to_fit_is_chosen_at_each_budget() -> None:
    # six networks of 1 to 6 ms, top-1 rising with the time; the model says of the slowest that it needs 0.5 ms
    every = [_candidate(n, n + 1.0) for n in range(CANDIDATES - 1)] + [_candidate(CANDIDATES - 1, 0.5)]
    chosen = replay(every, [{one.held.graph: one.gmacs for one in every}])
    assert len(chosen) == 9
    assert {one.held.graph for one, _ in chosen} == {"n5@224"}
    assert [one.keeps for one, _ in chosen] == [False] * 9
    within = [one.held.measured_ms <= budget for one, budget in chosen]
    assert within.count(True) <= 1  # the last budget alone can be as long as the slowest network


def test_too_few_networks_are_no_choice() -> None:
    every = [_candidate(n, n + 1.0) for n in range(CANDIDATES - 1)]
    assert replay(every, [{one.held.graph: one.gmacs for one in every}]) == []


def test_an_interval_score_by_hand() -> None:
    held = Held("phone", "n@224", "f", 4.0, 1.0, 0.5, 2.0, "", "inside")
    # log 4 of width, and 20 times the log 2 by which the figure lies above the upper end
    assert held.interval_score == pytest.approx(1.3862944 + 20 * 0.6931472)
