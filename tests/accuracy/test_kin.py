"""What kin tells of designs is what the process says that knows their family, and it is judged without near siblings."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from dsim.accuracy import AccuracyModel, load_accuracy_model
from dsim.accuracy.covariance import Points, covariance_parts, noise_variance, structure_coordinates
from dsim.accuracy.effects import fit_effects, load_contrasts, log_errors
from dsim.accuracy.evidence import Results, load_evidence
from dsim.accuracy.kin import FAMILY, KIN_REGION, leave_siblings_out, relatives_of
from dsim.accuracy.misses import REGION
from dsim.accuracy.points import points_of, questions
from dsim.accuracy.process import covariance
from dsim.accuracy.recipe import REFERENCE, Recipe, Teacher
from dsim.accuracy.refit import refit_accuracy
from dsim.accuracy.summary import FloatArray
from dsim.accuracy.surrogate import SMOOTH
from dsim.arch import PRESETS
from dsim.search.random_designs import random_design
from dsim.search.space import Space

OTHER = Recipe(100, Teacher.NONE, REFERENCE.augment, 224, "other")


@pytest.fixture(scope="module")
def model() -> AccuracyModel:
    return load_accuracy_model()


@pytest.fixture(scope="module")
def evidence() -> Results:
    return load_evidence()


@pytest.fixture(scope="module")
def presets(model: AccuracyModel) -> FloatArray:
    return np.array([model.summarise(arch.to_graph()) for arch in PRESETS.values()])


def values_of(evidence: Results) -> FloatArray:
    return log_errors(evidence.summaries, evidence.top1, fit_effects(load_contrasts()))


def conditioned(
    model: AccuracyModel, evidence: Results, asked: Points, kept: np.ndarray
) -> tuple[FloatArray, FloatArray]:
    """Return mean and variance of new runs at points, given some results, by the plain formula with all results and no pivots."""
    logs, known = model.surrogate.logs, model.surrogate.known.take(kept)
    values = values_of(evidence)
    values = values - values.mean()
    prior, cross = (
        sum(covariance_parts(asked, b, logs).values(), start=np.zeros((len(asked), len(b))))
        for b in (asked, known)
    )
    solved = np.linalg.solve(covariance(known, logs), np.column_stack([values[kept], cross.T]))
    variance = np.diag(prior) - np.einsum("ij,ji->i", cross, solved[:, 1:]) + noise_variance(asked, logs)
    return cross @ solved[:, 0], variance


def through_pivots(model: AccuracyModel, asked: Points, labels: dict[str, np.ndarray]) -> FloatArray:
    """Return the same variance, but for smooth parts of the covariance that are told by the pivots' alone."""
    surrogate, logs = model.surrogate, model.surrogate.logs
    known, pivots = surrogate.known, surrogate.known.take(surrogate.pivots)

    def smooth(a: Points, b: Points) -> FloatArray:
        parts = covariance_parts(a, b, logs)
        return np.asarray(sum(parts[name] for name in SMOOTH))

    inner = smooth(pivots, pivots) + 1e-8 * np.eye(len(pivots))
    cross = smooth(asked, pivots) @ np.linalg.solve(inner, smooth(pivots, known))
    own = Points(asked.groups, labels, asked.unstated)
    for name in ("family", "network", "recipe_row"):
        cross += covariance_parts(own, known, logs)[name]
    prior = sum(np.diag(part) for part in covariance_parts(own, own, logs).values())
    explained = np.einsum("ij,ji->i", cross, np.linalg.solve(covariance(known, logs), cross.T))
    return np.asarray(prior - explained + noise_variance(own, logs))


@pytest.fixture(scope="module")
def designs(model: AccuracyModel) -> FloatArray:
    random = Random(0)
    return np.array([model.summarise(random_design(random, Space()).to_graph()) for _ in range(60)])


@pytest.mark.parametrize("recipe", [None, OTHER], ids=["own recipe", "another"])
def test_an_estimate_by_kin_is_the_process_told_of_family_and_recipe(
    model: AccuracyModel, evidence: Results, designs: FloatArray, recipe: Recipe | None
) -> None:
    asked = questions(designs, model.scaling, recipe)
    known = model.surrogate.known
    first = evidence.families.index(FAMILY)
    row = evidence.networks.index("efficientformer_l3")
    labels = dict(asked.labels) | {"family": np.full(len(asked), known.labels["family"][first])}
    if recipe is None:
        labels["recipe_row"] = np.full(len(asked), known.labels["recipe_row"][row])
    exact = conditioned(
        model, evidence, Points(asked.groups, labels, asked.unstated), np.arange(len(evidence))
    )
    told = model.surrogate.predict(asked, model.kin_for(recipe, designs=True))
    assert told.by_kin.all()
    np.testing.assert_allclose(told.mean - model.surrogate.offset, exact[0], rtol=0, atol=1e-7)
    # variances are told through pivots, which stand for all results: that makes them larger if anything
    assert (told.variance > 0.998 * exact[1]).all()
    np.testing.assert_allclose(told.variance, through_pivots(model, asked, labels), rtol=1e-4)
    assert (told.variance < model.surrogate.predict(asked).variance).all()


def test_far_from_kin_a_design_is_a_network_of_no_known_family(
    model: AccuracyModel, presets: FloatArray
) -> None:
    far = presets.copy()
    far[:, :3] *= 30.0
    design, foreign = model.predict(far, designs=True), model.predict(far)
    assert (foreign.distance > KIN_REGION).all()
    assert not design.by_kin.any()
    for name in ("top1", "low", "high"):
        np.testing.assert_array_equal(getattr(design, name), getattr(foreign, name))


def test_an_unstated_schedule_has_no_kin(model: AccuracyModel, presets: FloatArray) -> None:
    unstated = Recipe(None, REFERENCE.teacher, REFERENCE.augment, 224)
    assert not model.predict(presets, recipe=unstated, designs=True).by_kin.any()


def test_results_are_predicted_without_near_siblings(model: AccuracyModel, evidence: Results) -> None:
    logs, points = model.surrogate.logs, points_of(evidence, model.scaling)
    values = values_of(evidence)
    values = values - values.mean()
    found = leave_siblings_out(covariance(points, logs), values, points, logs)
    where = structure_coordinates(points, logs)
    networks, families = np.array(evidence.networks), np.array(evidence.families)
    for name in ("efficientformerv2_s1", "convformer_s18", "mobilenetv4_conv_small"):
        own = np.flatnonzero(networks == name)
        kin = np.flatnonzero(families == families[own[0]])
        apart = np.array([min(np.linalg.norm(where[k] - where[j]) for j in own) for k in kin])
        out = {*networks[kin[apart < KIN_REGION]]}
        assert name in out
        left = np.array([network not in out for network in networks])
        mean, variance = conditioned(model, evidence, points.take(own), np.flatnonzero(left))
        np.testing.assert_allclose(found.mean[own], mean, rtol=0, atol=1e-6)
        np.testing.assert_allclose(found.deviation[own] ** 2, variance, rtol=1e-4)
        assert (found.distance[own] >= KIN_REGION).all()
    answers = found.answers(points)
    assert (found.distance[answers] <= REGION).all()
    assert len(set(families[answers])) >= 19  # families from which on an upper end is the data's own


def test_without_the_family_nothing_is_kin(evidence: Results, presets: FloatArray) -> None:
    others = [k for k, family in enumerate(evidence.families) if family != FAMILY]
    assert relatives_of(evidence.take(others)) is None
    without = refit_accuracy(lambda family: family != FAMILY)
    assert not without.predict(presets, designs=True).by_kin.any()
