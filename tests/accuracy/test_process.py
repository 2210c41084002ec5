"""The process against independent arithmetic: finite differences, refitting, and the textbook's formulas."""

from __future__ import annotations

import numpy as np
import pytest

from dsim.accuracy.covariance import covariance_parts, noise_variance
from dsim.accuracy.effects import fit_effects, load_contrasts, log_errors
from dsim.accuracy.evidence import Evidence, load_evidence
from dsim.accuracy.points import points_of, questions, scaling_of
from dsim.accuracy.process import NAMES, START, covariance, leave_groups_out, penalised_loss
from dsim.accuracy.surrogate import fit_surrogate
from lab.validate.accuracy.holdout import assign_folds, hold_out

LAYOUT = "per_position"


@pytest.fixture(scope="module")
def few() -> Evidence:
    evidence = load_evidence()
    return evidence.take(list(range(0, len(evidence), 12)))


def test_gradient_is_the_slope_of_the_loss(few: Evidence) -> None:
    points = points_of(few, scaling_of(few, LAYOUT))
    values = np.log(100 - few.top1)
    values = values - values.mean()
    theta = np.array([START[name] for name in NAMES]) + 0.1
    _, gradient = penalised_loss(points, values, theta)
    for k in range(len(NAMES)):
        step = np.zeros(len(NAMES))
        step[k] = 1e-5
        slope = (
            penalised_loss(points, values, theta + step)[0] - penalised_loss(points, values, theta - step)[0]
        ) / 2e-5
        assert gradient[k] == pytest.approx(slope, rel=1e-4, abs=1e-4), NAMES[k]


def test_leaving_groups_out_equals_fitting_without_them(few: Evidence) -> None:
    points = points_of(few, scaling_of(few, LAYOUT))
    values = np.log(100 - few.top1) - 3.0
    matrix = covariance(points, START)
    mean, deviation = leave_groups_out(matrix, values, few.families)
    labels = np.array(few.families)
    for family in sorted(set(few.families))[::7]:
        out, rest = np.flatnonzero(labels == family), np.flatnonzero(labels != family)
        cross = matrix[np.ix_(out, rest)]
        inner = np.linalg.inv(matrix[np.ix_(rest, rest)])
        np.testing.assert_allclose(mean[out], cross @ inner @ values[rest], atol=1e-8)
        spread = np.diag(matrix[np.ix_(out, out)] - cross @ inner @ cross.T)
        np.testing.assert_allclose(deviation[out] ** 2, spread, atol=1e-8)


def test_the_fast_predictor_is_the_textbooks(few: Evidence) -> None:
    scaling = scaling_of(few, LAYOUT)
    points = points_of(few, scaling)
    values = np.log(100 - few.top1)
    offset = float(values.mean())
    matrix = covariance(points, START)
    surrogate = fit_surrogate(points, matrix, values - offset, offset, START)
    asked = questions(few.summaries[:9] * 1.2, scaling)
    mean, variance, _ = surrogate.predict(asked)
    cross = sum(covariance_parts(asked, points, START).values())
    own = sum(covariance_parts(asked, asked, START).values())
    exact_mean = offset + cross @ np.linalg.solve(matrix, values - offset)
    exact = (
        np.diag(own)
        + noise_variance(asked, START)
        - np.einsum("ij,ji->i", cross, np.linalg.solve(matrix, cross.T))
    )
    np.testing.assert_allclose(mean, exact_mean, atol=1e-9)
    np.testing.assert_allclose(np.sqrt(variance), np.sqrt(exact), rtol=0.02)


def test_folds_keep_groups_whole() -> None:
    groups = ("a",) * 5 + ("b",) * 3 + ("c",) * 2 + ("d", "e")
    folds = assign_folds(groups, 3)
    for name in set(groups):
        assert len({int(f) for f, g in zip(folds, groups, strict=True) if g == name}) == 1
    assert len(set(folds.tolist())) == 3


def test_a_held_out_family_cannot_tell_its_own_figures(few: Evidence) -> None:
    """Change a family's published figures: nothing about its own predictions may change."""
    effects = fit_effects(load_contrasts())
    honest = hold_out(few, effects, few.families)
    family = few.families[0]
    mine = np.array([f == family for f in few.families])
    lies = few.top1.copy()
    lies[mine] -= 5.0
    told = Evidence(
        few.networks, few.tags, few.resolutions, few.recipes, few.families, few.lineages, few.summaries, lies
    )
    after = hold_out(told, effects, few.families)
    for before, now in ((honest.top1, after.top1), (honest.low, after.low), (honest.high, after.high)):
        np.testing.assert_allclose(now[mine], before[mine], atol=1e-6)
    assert np.abs(after.top1[~mine] - honest.top1[~mine]).max() > 0.5


def test_effects_are_taken_out_and_put_back(few: Evidence) -> None:
    effects = fit_effects(load_contrasts())
    shift, _ = effects.apply(few.summaries)
    np.testing.assert_allclose(100 - np.exp(log_errors(few.summaries, few.top1, effects)) + shift, few.top1)
