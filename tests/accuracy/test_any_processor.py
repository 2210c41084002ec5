"""What the accuracy model says does not hang on rounding, and draws do not hang on the signs of eigenvectors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dsim.accuracy.cache import load_hyperparameters
from dsim.accuracy.draws import draw_top1, symmetric_root
from dsim.accuracy.effects import fit_effects, load_contrasts
from dsim.accuracy.evidence import Results, load_evidence
from dsim.accuracy.model import AccuracyModel, fit
from dsim.arch import PRESETS


def learned(evidence: Results, contrasts: tuple[object, ...]) -> AccuracyModel:
    return fit(evidence, fit_effects(contrasts), *load_hyperparameters())  # type: ignore[arg-type]


def told(model: AccuracyModel) -> list[str]:
    table = np.array([model.summarise(arch.to_graph()) for arch in PRESETS.values()])
    found = model.predict(table)
    drawn = draw_top1(model, table, np.arange(len(table)), 50, 0)
    figures = (found.top1, found.low, found.high, drawn.ravel())
    return [f"{x:.2f}" for row in figures for x in row]


@pytest.mark.slow
@pytest.mark.parametrize("shake", ["permuted", "perturbed"])
def test_the_model_says_the_same_of_evidence_that_is_shaken(shake: str) -> None:
    evidence, contrasts = load_evidence(), load_contrasts()
    random = np.random.default_rng(3)
    if shake == "permuted":
        other = evidence.take(random.permutation(len(evidence)).tolist())
        pairs = tuple(contrasts[n] for n in random.permutation(len(contrasts)))
    else:
        off = 1 + 1e-12 * random.choice((-1, 1), len(evidence))
        other, pairs = replace(evidence, top1=evidence.top1 * off), contrasts
    one, two = told(learned(evidence, contrasts)), told(learned(other, pairs))
    assert [a for a, b in zip(one, two, strict=True) if a != b] == []


def test_a_root_is_the_same_whatever_the_signs_of_its_vectors() -> None:
    base = np.random.default_rng(0).standard_normal((6, 4))
    covariance = base @ base.T  # of rank 4: two eigenvalues are rounding
    covariance[:3, :3] += np.eye(3)
    root = symmetric_root(covariance)
    np.testing.assert_allclose(root @ root, covariance, atol=1e-8)
    np.testing.assert_allclose(root, root.T, atol=1e-12)
    order = np.array([3, 1, 5, 0, 2, 4])  # another order of rows: other sums, other vectors, the same root
    np.testing.assert_allclose(
        symmetric_root(covariance[np.ix_(order, order)]), root[np.ix_(order, order)], atol=1e-7
    )
