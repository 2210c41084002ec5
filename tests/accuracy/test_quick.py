"""The quick way of scoring designs says what the plain one says."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from dsim.accuracy import REGION, AccuracyModel, load_accuracy_model
from dsim.accuracy.quick import LOOSE, NEAR
from dsim.accuracy.recipe import REFERENCE, Recipe, Teacher
from dsim.accuracy.summary import INDEX, summarise
from dsim.search.random_designs import random_design
from dsim.search.space import Space

RECIPES = {
    "reference": None,
    "short": replace(REFERENCE, epochs=50, teacher=Teacher.NONE),
}


@pytest.fixture(scope="module")
def model() -> AccuracyModel:
    return load_accuracy_model()


@pytest.fixture(scope="module")
def designs() -> np.ndarray:
    """Summaries (N, S) of designs of two image sizes, some of which lie outside the region; more than are scored at once."""
    rng = random.Random(0)
    some = np.array(
        [
            summarise(random_design(rng, Space(resolution=side)).to_graph())
            for side in (224, 320)
            for _ in range(40)
        ]
    )
    lonely = np.concatenate(
        [some[:20] * scale for scale in (0.1, 0.4, 2.5, 10.0)]
    )  # as if of other networks altogether
    lonely[:, INDEX["input_positions"]] = some[0, INDEX["input_positions"]]
    return np.tile(np.concatenate([some, lonely]), (4, 1))


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
@pytest.mark.parametrize(("confidence", "own"), [(0.5, False), (0.9, False), (0.9, True)])
def test_quick_figures_are_the_plain_ones(
    model: AccuracyModel, designs: np.ndarray, recipe: Recipe | None, confidence: float, own: bool
) -> None:
    found = model.predict(designs, confidence, recipe, designs=own)
    plain, inside = found.low, model.in_region(designs)
    assert 0 < inside.sum() < len(inside)
    assert found.by_kin.any() == own
    assert (inside & ~found.by_kin).any()  # in the region, yet far from kin
    exact = model.lows(designs, confidence, recipe, single=False, designs=own)
    np.testing.assert_allclose(exact.low, plain, rtol=0, atol=1e-8)
    np.testing.assert_array_equal(exact.in_region, inside)
    loose = model.lows(designs, confidence, recipe, designs=own)
    assert np.abs(loose.low - plain).max() < LOOSE
    edge = np.abs(found.distance / REGION - 1.0) < NEAR
    np.testing.assert_array_equal(loose.in_region[~edge], inside[~edge])


def test_designs_scored_together_are_what_each_is_alone(model: AccuracyModel, designs: np.ndarray) -> None:
    together = model.lows(designs)
    alone = np.array([model.lows(row[None]).low[0] for row in designs[:5]])
    np.testing.assert_allclose(together.low[:5], alone, rtol=0, atol=LOOSE)
