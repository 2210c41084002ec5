"""What timings tell of designs: a normal distribution by hand, and which timing takes most from the risk."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from dsim.confirm import Belief, Verdict, pick, restate
from dsim.confirm.belief import NOISE, best_of, covariance_of
from dsim.confirm.pick import CERTAIN, _Draws, risk_after, risk_of


def belief(ms: list[float], covariance: np.ndarray, top1: list[float], p_cliff: float = 0.0) -> Belief:
    points = np.array(top1)
    return Belief(np.array(ms), covariance, np.full(len(ms), p_cliff), points, points - 1.0, 2.0, 0.9)


TWO = np.array([[0.01, 0.006], [0.006, 0.01]])


def test_a_timing_moves_what_errs_alike() -> None:
    before = belief([1.0, 2.0], TWO, [80.0, 82.0])
    after = before.after({0: float(np.log(1.2))})
    # the textbook's formula for two normal variables, one of them seen with noise
    weight = np.array([0.01, 0.006]) / (0.01 + NOISE**2)
    assert np.log(after.ms / before.ms) == pytest.approx(weight * np.log(1.2))
    assert after.covariance[1, 1] == pytest.approx(0.01 - 0.006 * weight[1])
    assert after.spread[0] < NOISE


def test_a_chance_to_fit_counts_noise_and_falls() -> None:
    one = belief([1.8, 1.8], TWO, [80.0, 82.0], p_cliff=0.05)
    wide = np.sqrt(0.01 + NOISE**2)
    assert one.p_fits == pytest.approx([0.95 * norm.cdf(np.log(2.0 / 1.8) / wide)] * 2)
    timed = one.after({0: float(np.log(1.8))}, fell=frozenset({1}))
    assert timed.p_cliff == pytest.approx([0.0, 1.0])
    assert timed.p_fits[1] == 0.0


def test_the_best_that_fits_is_chosen() -> None:
    assert best_of(np.array([0.95, 0.99, 0.5]), np.array([80.0, 79.0, 85.0]), 0.9) == 0
    assert best_of(np.array([0.1, 0.2, 0.3]), np.array([80.0, 79.0, 85.0]), 0.9) is None


def test_the_error_between_designs_comes_back_out_of_the_covariance() -> None:
    shares = np.array([[0.5, 0.5, 0.0], [0.5, 0.0, 0.5]])
    found = covariance_of(shares, np.array([0.1, 0.1]), 0.06)
    # common part 0.1^2 - 0.06^2 for all, and as much of 0.06^2 as pieces are shared: half
    assert found == pytest.approx(np.array([[0.01, 0.0064 + 0.0018], [0.0064 + 0.0018, 0.01]]))


def test_all_timed_risks_nothing_and_the_doubtful_design_is_timed_first() -> None:
    # the first is safe; the second would be worth three points and may fit; the third cannot
    one = belief([1.0, 1.9, 4.0], np.diag([0.0004, 0.01, 0.0004]), [80.0, 83.0, 86.0])
    assert risk_after(one, [0, 1, 2]) == 0.0
    assert risk_after(one, []) > 0.5
    rows, risks = pick(one, least=1)
    assert rows == (1,)
    assert risks[0] > CERTAIN >= risks[1]
    assert pick(one, least=2)[0][0] == 1  # the same first, and then another


@pytest.mark.parametrize(
    ("ms", "verdict", "chosen"),
    [(2.4, Verdict.CONFIRMED, 0), (1.5, Verdict.CHANGED, 1), (1.9, Verdict.UNCERTAIN, None)],
)
def test_the_answer_is_restated(ms: float, verdict: Verdict, chosen: int | None) -> None:
    one = belief([1.0, 1.9, 4.0], np.diag([0.0004, 0.01, 0.0004]), [80.0, 83.0, 86.0])
    assert one.best == 0
    if verdict is Verdict.UNCERTAIN:  # nothing was timed
        assert restate(0, one).verdict is verdict
        return
    answer = restate(0, one.after({1: float(np.log(ms))}))
    assert (answer.verdict, answer.chosen) == (verdict, chosen)


def test_a_choice_stays_where_another_is_hardly_better() -> None:
    # both were timed and fit for certain; the second brings 0.1 points more, and then a whole point
    for more, verdict, chosen in ((0.1, Verdict.CONFIRMED, 0), (1.0, Verdict.CHANGED, 1)):
        one = belief([1.0, 1.2, 4.0], np.diag([1e-6, 1e-6, 1e-6]), [80.0, 80.0 + more, 86.0])
        assert risk_of(one, 0) == pytest.approx(more)
        assert risk_of(one, 1) == pytest.approx(0.0)
        answer = restate(0, one)
        assert (answer.verdict, answer.chosen) == (verdict, chosen)


def test_nothing_fits() -> None:
    one = belief([3.0, 4.0], np.diag([0.0004, 0.0004]), [80.0, 83.0])
    answer = restate(None, one)
    assert (answer.verdict, answer.chosen, answer.ms) == (Verdict.NOTHING, None, None)


def test_a_choice_that_may_not_fit_risks_the_next_best_and_not_the_fastest() -> None:
    # as likely as not, the best misses the budget; the next best is two points worse, and the fastest 17
    one = belief([1.0, 1.5, 1.999], np.diag([0.01, 0.0009, 0.0004]), [65.0, 80.0, 82.0])
    assert risk_of(one, 2) < 0.3


def test_what_takes_the_place_of_a_choice_is_believed_to_fit_and_does() -> None:
    """By hand: of three draws of the choice, the second does not fit, and then what takes its place is the next best that does."""
    one = belief([1.0, 1.2, 1.4, 1.8], np.diag([1e-6] * 4), [70.0, 78.0, 79.0, 80.0])
    really = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0]], dtype=bool)
    draws = _Draws(np.zeros((3, 4)), np.zeros((3, 4), dtype=bool), really)
    assert draws.brings(one, [3], 3, np.arange(3)).tolist() == [80.0, 78.0, 70.0]
    # nothing is believed to fit: the fastest
    slow = replace(one, budget_ms=0.5)
    assert draws.brings(slow, [3], 3, np.arange(3)).tolist() == [80.0, 70.0, 70.0]
