"""The quiet latency against neighbours that only ever slow a run down, on a clock of our own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from dsim.measure.timing import LEAST, MOST, Timing, half_width, steady_ms, time_in_turns


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def run(self, seconds: Callable[[], float]) -> Callable[[], None]:
        def work() -> None:
            self.now += seconds()

        return work


def test_neighbours_move_the_median_and_not_the_quiet_latency() -> None:
    rng = np.random.default_rng(0)
    samples = np.where(rng.random(200) < 0.6, rng.uniform(11.0, 14.0, 200), rng.uniform(10.0, 10.1, 200))
    timing = Timing(tuple(samples))
    assert timing.latency_ms == pytest.approx(10.0, rel=0.01)
    assert timing.median_ms > 10.5
    assert not timing.is_busy


def test_runs_that_lie_far_apart_are_called_busy() -> None:
    samples = tuple(float(v) for v in np.linspace(10.0, 60.0, LEAST))
    assert Timing(samples).is_busy


def test_outliers_are_counted() -> None:
    assert Timing((10.0,) * 50 + (40.0, 41.0)).outliers == 2


def test_known_runs_stop_early_and_wild_ones_at_the_limit() -> None:
    clock, rng = Clock(), np.random.default_rng(1)
    steady = time_in_turns({"a": clock.run(lambda: 0.01), "b": clock.run(lambda: 0.02)}, 1e6, clock, clock)
    assert {len(one.samples_ms) for one in steady.values()} == {LEAST}
    assert steady["b"].latency_ms == pytest.approx(20.0)
    clock = Clock()
    wild = time_in_turns({"a": clock.run(lambda: float(rng.uniform(0.01, 1.0)))}, 30.0, clock, clock)
    assert LEAST <= len(wild["a"].samples_ms) < MOST
    assert clock.now == pytest.approx(30.0, abs=8.0)


def test_half_width_covers_the_true_quantile() -> None:
    rng = np.random.default_rng(2)
    inside = 0
    for _ in range(300):
        samples = rng.normal(10.0, 1.0, 100)
        middle, half = np.quantile(samples, 0.1), half_width(tuple(samples))
        inside += abs(middle - (10.0 - 1.2816)) <= 1.5 * half
    assert inside >= 270


def test_steady_ms_takes_the_quickest_runs_by_their_totals() -> None:
    runs = {
        "conv": [5.0, 1.0, 1.1, 9.0, 9.0, 9.0, 9.0, 9.0],
        "gelu": [0.1, 0.5, 0.6, 0.2, 9.0, 9.0, 9.0, 9.0],
    }
    assert steady_ms(runs) == pytest.approx({"conv": 1.05, "gelu": 0.55})
    assert steady_ms({}) == {}


def test_runs_that_lost_the_core_are_kept_apart() -> None:
    clock, busy = Clock(), Clock()
    turn = 0

    def work() -> None:
        nonlocal turn
        turn += 1
        clock.now += 0.02 if turn % 3 == 0 else 0.01
        busy.now += 0.01

    timing = time_in_turns({"a": work}, 1e6, clock, busy)["a"]
    assert (timing.latency_ms, timing.median_ms) == pytest.approx((10.0, 10.0))
    assert len(timing.disturbed_ms) == pytest.approx(len(timing.undisturbed_ms) / 2, abs=2)
    assert not timing.is_busy


def test_a_core_that_is_never_ours_ends_at_the_limit_and_is_called_busy() -> None:
    clock = Clock()
    timing = time_in_turns({"a": clock.run(lambda: 0.01)}, 1.0, clock, lambda: 0.0)["a"]
    assert timing.is_busy
    assert clock.now < 5.0
    waiting = time_in_turns({"a": clock.run(lambda: 0.01)}, 1.0, clock, lambda: 0.0, off_core=("a",))["a"]
    assert not waiting.is_busy, "a run on another processor is not judged by this one's time"
