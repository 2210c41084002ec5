"""Effects of activation and norm: shrinkage against the scalar formula, and which evidence counts."""

from __future__ import annotations

import numpy as np
import pytest

from dsim.accuracy.effects import SPREAD, Ablation, fit_effects, load_contrasts
from dsim.accuracy.summary import COLUMNS, INDEX


def test_one_pair_is_shrunk_to_two_thirds() -> None:
    # prior of a difference of two effects: 2 s^2; one observation of variance s^2: weight 2 / 3
    effects = fit_effects((Ablation("activation", "x", "gelu", "relu", -0.9),))
    mean, deviation = effects.contrast("gelu", "relu")
    assert mean == pytest.approx(-0.6)
    assert deviation == pytest.approx(SPREAD * np.sqrt(2 / 3))


def test_no_pair_means_no_effect_and_the_priors_width() -> None:
    effects = fit_effects(())
    assert effects.contrast("batch_norm", "group_norm") == (0.0, pytest.approx(SPREAD * np.sqrt(2)))


def test_gelu_and_batch_norm_are_the_zero() -> None:
    row = np.zeros((2, len(COLUMNS)))
    row[0, INDEX["elements_gelu"]] = row[0, INDEX["elements_batch_norm"]] = 7.0
    mean, variance = fit_effects(load_contrasts()).apply(row)
    np.testing.assert_allclose(mean, 0.0, atol=1e-12)
    np.testing.assert_allclose(variance, 0.0, atol=1e-12)


def test_half_a_network_has_half_the_effect() -> None:
    effects = fit_effects(load_contrasts())
    row = np.zeros((1, len(COLUMNS)))
    row[0, [INDEX["elements_gelu"], INDEX["elements_relu"]]] = 5.0
    whole, _ = effects.contrast("gelu", "relu")
    assert effects.apply(row)[0][0] == pytest.approx(whole / 2)


def test_fine_tuned_swaps_are_left_out() -> None:
    networks = {c.network for c in load_contrasts()}
    assert networks == {"PoolFormer-S12", "StarNet-S4", "EdgeNeXt-XS", "EdgeNeXt-XXS"}


def test_choices_that_change_together_add_up() -> None:
    effects = fit_effects(load_contrasts())
    joint, _ = effects.contrast("layer_norm+gelu", "batch_norm+hardswish")
    alone = effects.contrast("layer_norm", "batch_norm")[0] + effects.contrast("gelu", "hardswish")[0]
    assert joint == pytest.approx(alone)
