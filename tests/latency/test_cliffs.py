"""The chance of a cliff."""

from __future__ import annotations

import numpy as np
import pytest

import dsim
from dsim.arch import get_preset
from dsim.latency.cliffs import chance_words, p_cliff, signs
from dsim.latency.families import family_of
from dsim.latency.features import COLUMNS, INDEX
from dsim.latency.methods.pooled.evidence import PooledEvidence
from dsim.latency.methods.pooled.falls import distinct, fit_cliffs


def test_chances_add_up_to_the_cliffs_seen_in_the_reference_protocols(evidence: PooledEvidence) -> None:
    # a logistic regression with a free constant per kind of protocol reproduces the share of each
    at = distinct(evidence)
    at = at[evidence.reference[at]]
    share = np.mean([bool(evidence.rows[n][1].cliff) for n in at])
    assert abs(p_cliff(evidence.phi[at], fit_cliffs(evidence)).mean() - share) < 1e-4


def test_only_a_chance_that_shows_is_worth_words() -> None:
    assert chance_words(0.001).startswith("0.1%, and then it is many times slower")
    assert chance_words(0.00099) == chance_words(0.0) == chance_words(None) == ""


def test_hard_swish_is_a_warning_sign(evidence: PooledEvidence) -> None:
    weights = fit_cliffs(evidence)
    phi = np.zeros((2, len(COLUMNS)))
    phi[1, INDEX["n_hardswish"]] = 3
    plain, warned = p_cliff(phi, weights)
    assert 0 < plain < warned < 1
    assert signs(phi).shape == (2, len(weights))


def _weights(x: np.ndarray, y: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """Fit a ridge logistic regression by Newton's method."""
    w = np.zeros(x.shape[1])
    for _ in range(60):
        p = 1 / (1 + np.exp(-x @ w))
        step = np.linalg.solve(
            (x * (p * (1 - p))[:, None]).T @ x + np.diag(precision), x.T @ (y - p) - precision * w
        )
        w = w + step
        if np.abs(step).max() < 1e-9:
            break
    return w


def _held_out_losses(x: np.ndarray, y: np.ndarray, families: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """Return what each figure loses, predicted without its family."""
    loss = np.zeros(len(y))
    for family in np.unique(families):
        out = families == family
        p = 1 / (1 + np.exp(-x[out] @ _weights(x[~out], y[~out], precision)))
        loss[out] = -(y[out] * np.log(p) + (1 - y[out]) * np.log(1 - p))
    return loss


def test_resolution_is_no_sign_that_the_evidence_bears_out(evidence: PooledEvidence) -> None:
    # should new evidence turn this round, the chance can be made to depend on resolution
    at = distinct(evidence)
    rows = [evidence.rows[n][1] for n in at]
    px = np.array([int(row.graph.partition("@")[2]) for row in rows], dtype=float)
    y = np.array([float(bool(row.cliff)) for row in rows])
    families = np.array([family_of(row.graph, "") for row in rows])
    other = (~evidence.reference[at])[:, None].astype(float)
    plain = np.hstack([signs(evidence.phi[at]), other])
    sure = np.array([1e-6, *[1.0] * (plain.shape[1] - 2), 1e-6])
    base = _held_out_losses(plain, y, families, sure)
    for sign in (
        px > 288,
        px > 400,
        np.log2(px / 224),
        (px > 288) & (evidence.phi[at][:, INDEX["n_tokens"]] > 0),
    ):
        more = np.hstack([plain, np.asarray(sign, dtype=float)[:, None]])
        gain = base - _held_out_losses(more, y, families, np.append(sure, 1.0))
        by_family = [gain[families == family].sum() for family in np.unique(families)]
        # more than chance gives: figures of one family err together
        assert sum(by_family) < 2 * np.sqrt(np.sum(np.square(by_family)))


def test_an_estimate_beyond_the_sizes_measured_says_that_the_chance_is_not() -> None:
    design = get_preset("efficientformer_l1")
    small = dsim.predict(design, "iphone12")
    large = dsim.predict(design, "iphone12", (1, 3, 512, 512))
    wide = dsim.predict(design, "iphone12", (1, 3, 224, 512))
    assert large.p_cliff == pytest.approx(small.p_cliff)
    for answer in (large, wide):
        assert any("the same at any resolution" in note for note in answer.notes)
    assert not any("resolution" in note for note in small.notes)
