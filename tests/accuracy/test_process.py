"""The process against independent arithmetic: refitting, and the textbook's formulas."""

from __future__ import annotations

import numpy as np
import pytest

from dsim.accuracy.cache import load_hyperparameters
from dsim.accuracy.covariance import covariance_parts, noise_variance
from dsim.accuracy.effects import fit_effects, load_contrasts, log_errors
from dsim.accuracy.evidence import Results, load_evidence
from dsim.accuracy.points import points_of, questions, scaling_of
from dsim.accuracy.process import covariance, leave_groups_out
from dsim.accuracy.surrogate import fit_surrogate

LAYOUT, LOGS = load_hyperparameters()


@pytest.fixture(scope="module")
def few() -> Results:
    evidence = load_evidence()
    return evidence.take(list(range(0, len(evidence), 12)))


def test_leaving_groups_out_equals_fitting_without_them(few: Results) -> None:
    points = points_of(few, scaling_of(few, LAYOUT))
    values = np.log(100 - few.top1) - 3.0
    matrix = covariance(points, LOGS)
    mean, deviation = leave_groups_out(matrix, values, few.families)
    labels = np.array(few.families)
    for family in sorted(set(few.families))[::7]:
        out, rest = np.flatnonzero(labels == family), np.flatnonzero(labels != family)
        cross = matrix[np.ix_(out, rest)]
        inner = np.linalg.inv(matrix[np.ix_(rest, rest)])
        np.testing.assert_allclose(mean[out], cross @ inner @ values[rest], atol=1e-8)
        spread = np.diag(matrix[np.ix_(out, out)] - cross @ inner @ cross.T)
        np.testing.assert_allclose(deviation[out] ** 2, spread, atol=1e-8)


def test_the_fast_predictor_is_the_textbooks(few: Results) -> None:
    scaling = scaling_of(few, LAYOUT)
    points = points_of(few, scaling)
    values = np.log(100 - few.top1)
    offset = float(values.mean())
    matrix = covariance(points, LOGS)
    surrogate = fit_surrogate(points, matrix, values - offset, offset, LOGS)
    asked = questions(few.summaries[:9] * 1.2, scaling)
    told = surrogate.predict(asked)
    cross = sum(covariance_parts(asked, points, LOGS).values())
    own = sum(covariance_parts(asked, asked, LOGS).values())
    exact_mean = offset + cross @ np.linalg.solve(matrix, values - offset)
    exact = (
        np.diag(own)
        + noise_variance(asked, LOGS)
        - np.einsum("ij,ji->i", cross, np.linalg.solve(matrix, cross.T))
    )
    np.testing.assert_allclose(told.mean, exact_mean, atol=1e-9)
    np.testing.assert_allclose(np.sqrt(told.variance), np.sqrt(exact), rtol=0.02)


def test_effects_are_taken_out_and_put_back(few: Results) -> None:
    effects = fit_effects(load_contrasts())
    shift, _ = effects.apply(few.summaries)
    np.testing.assert_allclose(100 - np.exp(log_errors(few.summaries, few.top1, effects)) + shift, few.top1)
