"""Residuals answer for results of their own kind, and each group counts as much."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dsim.accuracy import load_accuracy_model
from dsim.accuracy.covariance import structure_coordinates
from dsim.accuracy.evidence import load_evidence
from dsim.accuracy.misses import LEAST, REGION, known_rows, misses_of, nearest_stranger
from dsim.accuracy.points import points_of
from dsim.accuracy.recipe import REFERENCE
from dsim.arch import PRESETS

GROUPS = tuple(name for name in "abcdefgh" for _ in range(10))


def test_each_question_is_answered_by_results_of_its_kind() -> None:
    known = np.array([name < "f" for name in GROUPS])
    residuals = np.where(np.arange(len(GROUPS)) % 2, 1.0, -1.0) * np.where(known, 1.0, 3.0)
    # f, g and h are too few to answer: all do, five of eight of which are as near as the known
    misses = misses_of(residuals, known, GROUPS)
    assert misses.reach(0.9, np.array([True, False])) == pytest.approx([1.0, 3.0])
    assert misses.reach(0.5, np.array([True, False])) == pytest.approx([1.0, 1.0])
    assert len(set(np.asarray(GROUPS)[known])) == LEAST


def test_a_large_group_has_one_vote() -> None:
    groups = (*("a",) * 1000, *GROUPS[10:])
    residuals = np.array([5.0] * 1000 + [1.0] * (len(groups) - 1000))
    misses = misses_of(residuals, np.ones(len(groups), dtype=bool), groups)
    assert (misses.known > 4).mean() == pytest.approx(1 / 8)


def test_strangers_and_known_rows_are_found_by_looking_at_each() -> None:
    evidence = load_evidence()
    model = load_accuracy_model()
    logs = model.surrogate.logs
    points = points_of(evidence, model.scaling)
    found = nearest_stranger(points, logs, evidence.families)
    known = known_rows(points, logs, evidence.families)
    where = structure_coordinates(points, logs)
    for row in range(0, len(evidence), 100):
        others = [k for k, family in enumerate(evidence.families) if family != evidence.families[row]]
        plain = min(float(np.linalg.norm(where[row] - where[k])) for k in others)
        assert found[row] == pytest.approx(plain, abs=1e-6)
        assert known[row] == (plain <= REGION and evidence.recipes[row].is_known)


def test_an_interval_is_as_wide_as_its_question_asks() -> None:
    model = load_accuracy_model()
    near = model.summarise(PRESETS["efficientformer_l1"].to_graph())[None]
    far = near * 10.0
    assert model.in_region(near).all()
    assert not model.in_region(far).any()
    unstated = replace(REFERENCE, epochs=None)
    swapped = replace(model, misses=replace(model.misses, known=model.misses.other, other=model.misses.known))
    for summaries, recipe, question in (
        (near, None, "known"),
        (far, None, "other"),
        (near, unstated, "other"),
    ):
        reach = float(np.quantile(getattr(model.misses, question), 0.9))
        told, other = (one.predict(summaries, 0.9, recipe) for one in (model, swapped))
        # by what the deviation is, which both models share
        ratio = np.log((100 - told.low) / (100 - told.high)) / np.log((100 - other.low) / (100 - other.high))
        wrong = float(model.misses.reach(0.9, np.array([question != "known"]))[0])
        assert ratio[0] == pytest.approx(reach / wrong, rel=0.02)
