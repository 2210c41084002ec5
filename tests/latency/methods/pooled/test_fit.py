"""The fit recovers rates that made-up figures were computed from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dsim.device import Measurement
from dsim.latency.methods.pooled.evidence import PooledEvidence
from dsim.latency.methods.pooled.fit import FitSettings, fit
from dsim.latency.methods.pooled.rates import priced


def _made_up(evidence: PooledEvidence, outliers: int) -> tuple[PooledEvidence, np.ndarray]:
    """Replace every figure by one computed from known factors and effects, with 3% noise and some gross errors."""
    rng = np.random.default_rng(1)
    x = priced(evidence.phi)
    theta = rng.normal(0.0, 0.5, x.shape[1])
    effects = rng.normal(0.0, 0.3, evidence.effects.shape[1]) * evidence.effect_sd
    log = np.log(x @ np.exp(theta)) + evidence.effects @ effects
    noisy = log + rng.normal(0.0, 0.03, len(log))
    noisy[rng.choice(len(log), outliers, replace=False)] += 2.0

    def told(row: Measurement, value: float) -> Measurement:
        return replace(row, latency_ms=float(np.exp(value)), cliff="")

    rows = tuple((i, told(row, value)) for (i, row), value in zip(evidence.rows, noisy, strict=True))
    return replace(evidence, rows=rows), log


def _median_error(evidence: PooledEvidence, outliers: int) -> float:
    made, truth = _made_up(evidence, outliers)
    none = np.zeros(len(made.contrasts), dtype=bool)
    found = fit(made, made.learnable, none, FitSettings(noise=0.03))
    log = np.log(priced(made.phi) @ np.exp(found.theta)) + made.effects @ found.effects
    return float(np.median(np.abs(np.expm1(log - truth))))


def test_it_recovers_what_made_the_figures(evidence: PooledEvidence) -> None:
    assert _median_error(evidence, outliers=0) < 0.02


def test_gross_errors_hardly_move_it(evidence: PooledEvidence) -> None:
    assert _median_error(evidence, outliers=20) < 0.03


def test_rates_are_positive_and_the_fit_is_deterministic(evidence: PooledEvidence) -> None:
    contrasts = np.ones(len(evidence.contrasts), dtype=bool)
    one, two = (fit(evidence, evidence.learnable, contrasts, FitSettings()) for _ in range(2))
    assert np.all(np.exp(one.theta) > 0)
    np.testing.assert_allclose(one.theta, two.theta, rtol=1e-9)
    np.testing.assert_allclose(one.covariance, two.covariance, rtol=1e-6, atol=1e-12)


def test_figures_that_were_rounded_away_say_little(evidence: PooledEvidence) -> None:
    made, truth = _made_up(evidence, outliers=0)
    half = np.arange(len(truth)) % 2 == 0

    def off(step: float | None) -> float:
        rows = tuple(
            (i, replace(row, latency_ms=1.8 * row.latency_ms, rounded_to_ms=step and step * row.latency_ms))
            if wrong
            else (i, row)
            for (i, row), wrong in zip(made.rows, half, strict=True)
        )
        told = replace(made, rows=rows)
        found = fit(told, told.learnable, np.zeros(len(told.contrasts), dtype=bool), FitSettings(noise=0.3))
        log = np.log(priced(told.phi) @ np.exp(found.theta)) + told.effects @ found.effects
        return float(np.abs(log - truth)[~half].mean())

    assert off(6.0) < 0.5 * off(None)
