"""The course of a machine's speed: a drift that was made up is found again, and what contradicts itself is left out."""

from __future__ import annotations

import numpy as np
import pytest

from dsim.measure.drift import Course, Reading, estimate_course

MINUTES = np.arange(0.0, 60.0, 0.5)


def truth(minute: np.ndarray) -> np.ndarray:
    """Return the log of a made-up drift: a slow swing, and a step at half time."""
    out: np.ndarray = 0.04 * np.sin(minute / 6.0) + 0.05 * (minute > 30.0)
    return out


def readings(scatter: float, seed: int = 0, kinds: tuple[str, ...] = ("a", "b", "c")) -> list[Reading]:
    """Time anchors in turn: each has milliseconds of its own, and every reading an error."""
    rng = np.random.default_rng(seed)
    level = {kind: 1.0 + n for n, kind in enumerate(kinds)}
    return [
        Reading(float(minute), kind, float(level[kind] + truth(minute) + rng.normal(0.0, scatter)))
        for minute, kind in zip(MINUTES, kinds * len(MINUTES), strict=False)
    ]


def errors(course: Course, asked: dict[str, float]) -> np.ndarray:
    """Return found minus true drift of the networks, each taken from its median: only differences can be told."""
    found = np.array([course.networks[key].log for key in asked])
    real = truth(np.array(list(asked.values())))
    out: np.ndarray = (found - np.median(found)) - (real - np.median(real))
    return out


def test_a_known_drift_is_found_within_its_stated_error() -> None:
    asked = {f"n{n}": float(minute) for n, minute in enumerate(np.linspace(1.0, 59.0, 80))}
    course = estimate_course(readings(0.01), asked)
    off = errors(course, asked)
    stated = np.array([course.networks[key].error for key in asked])
    before = truth(np.array(list(asked.values())))
    assert off.std() < 0.4 * before.std(), "more than four fifths of the drift's variance are taken off"
    assert np.mean(np.abs(off) < 2.0 * stated) > 0.85
    assert course.unexplained == ()
    assert all(0.003 < value < 0.02 for value in course.scatter.values())


def test_a_steady_machine_is_left_as_it_is() -> None:
    rng = np.random.default_rng(1)
    steady = [Reading(float(minute), "a", float(rng.normal(2.0, 0.01))) for minute in MINUTES]
    asked = {"n": 30.0, "m": 50.0}
    course = estimate_course(steady, asked)
    assert max(abs(one.log) for one in course.networks.values()) < 0.01


def test_a_network_does_not_correct_itself() -> None:
    """One reading far off the others changes the drift of its neighbours, and not its own."""
    plain = [
        Reading(r.minute, "design", r.log_ms - 1.0, f"n{n}")
        for n, r in enumerate(readings(0.01, kinds=("a",)))
    ]
    asked = {one.network: one.minute for one in plain}
    moved = list(plain)
    moved[60] = moved[60]._replace(log_ms=moved[60].log_ms + 0.02)
    before, after = (estimate_course(one, asked).networks for one in (plain, moved))
    assert (
        abs(after["n60"].log - before["n60"].log) < 0.25 * abs(after["n61"].log - before["n61"].log) + 0.002
    )


def test_a_stretch_that_contradicts_itself_is_left_out() -> None:
    rng = np.random.default_rng(2)
    wild = [
        one._replace(log_ms=one.log_ms + float(rng.choice([-0.3, 0.3]))) if 40 <= one.minute <= 46 else one
        for one in readings(0.01)
    ]
    course = estimate_course(wild, {"before": 20.0, "within": 43.0, "after": 55.0})
    assert [course.networks[key].explained for key in ("before", "within", "after")] == [True, False, True]
    ((low, high),) = course.unexplained
    assert 35 < low < 41 < 45 < high < 51


@pytest.mark.parametrize("scatter", [0.01, 0.04])
def test_the_scatter_of_readings_is_told_from_drift(scatter: float) -> None:
    course = estimate_course(readings(scatter, seed=3, kinds=("a",)), {"n": 1.0})
    assert course.scatter["a"] == pytest.approx(scatter, rel=0.6)
