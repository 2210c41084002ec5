"""Intervals from held-out errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsim.errors import InvalidValueError
from dsim.latency.calibrate import Calibration, calibrate, phone_scales


def _normal_errors(
    families: int, each: int, spread: float = 1.0, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    errors = rng.normal(0.0, spread, families * each)
    return errors, np.repeat([f"f{i}" for i in range(families)], each)


@pytest.fixture(scope="module")
def known() -> Calibration:
    errors, families = _normal_errors(2000, 3)
    return calibrate(errors, families, np.zeros(len(errors), dtype=np.int64), 0)


def test_normal_errors_give_normal_quantiles(known: Calibration) -> None:
    # 1.645 standard deviations hold 90% of a normal; smoothing by 0.25 widens it to 1.70
    assert known.quantile(0.95) == pytest.approx(1.70, abs=0.08)
    assert known.quantile(0.05) == pytest.approx(-1.70, abs=0.08)


@given(level=st.floats(0.01, 0.99))
def test_quantile_and_chance_are_inverse(known: Calibration, level: float) -> None:
    assert float(known.below(np.array([known.quantile(level)]))[0]) == pytest.approx(level, abs=1e-3)


def test_few_families_give_wider_intervals() -> None:
    wide, narrow = (
        calibrate(errors, families, np.zeros(len(errors), dtype=np.int64), 0).quantile(0.97)
        for errors, families in (_normal_errors(8, 20), _normal_errors(200, 4))
    )
    assert wide > narrow


def test_a_phone_with_larger_errors_gets_wider_intervals() -> None:
    small, families = _normal_errors(30, 3, 0.5)
    large, _ = _normal_errors(30, 3, 2.0, seed=1)
    errors, names = np.concatenate([small, large]), np.concatenate([families, families])
    owner = np.repeat([0, 1], len(small))
    scales = phone_scales(errors, names, owner)
    assert 1.5 < scales[1] / scales[0] < 4.0
    first, second = (calibrate(errors, names, owner, k).quantile(0.95) for k in (0, 1))
    assert second / first == pytest.approx(scales[1] / scales[0], rel=0.2)


@pytest.mark.parametrize("level", [0.0, 1.0, -0.5, 2.0])
def test_impossible_levels_are_refused(known: Calibration, level: float) -> None:
    with pytest.raises(InvalidValueError, match="between 0 and 1"):
        known.quantile(level)


def test_errors_lent_by_other_profiles_count_as_eight_families() -> None:
    # 12 families of its own, all at 0, and 40 on another profile at 2: of 12 + 8 families in all 8/20 lie at 2, and 1/21 in the tail
    errors = np.concatenate([np.zeros(12), np.full(40, 2.0)])
    families = np.array([f"f{n}" for n in range(52)])
    found = calibrate(errors, families, np.repeat([0, 1], [12, 40]), 0)
    own, other = phone_scales(errors, families, np.repeat([0, 1], [12, 40]))
    between = own / other  # half of what was lent, put to this profile's scale
    assert float(found.below(np.array([between]))[0]) == pytest.approx(12 / 20, abs=0.08)
