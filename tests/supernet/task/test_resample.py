"""Ranks drawn by drawing sub-networks again: joint, as wide as the misses ask for, and learned from halves that share nothing."""

from __future__ import annotations

import numpy as np
import pytest

from dsim.errors import InvalidValueError
from dsim.supernet.choices import DEFAULT
from dsim.supernet.task.model import TaskModel, learn, ranks
from dsim.supernet.task.resample import draw_ranks, half_of
from dsim.supernet.task.summary import COLUMNS

WIDTH, OTHER = COLUMNS.index("width_1"), COLUMNS.index("width_2")
FEW, COUNT, DRAWS = 24, 40, 40  # sub-networks, too few to halve and enough; draws


def designs(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Summaries of designs that differ in the widths of two stages alone."""
    table = np.ones((len(first), len(COLUMNS)))
    table[:, WIDTH], table[:, OTHER] = first, second
    return table


def learned(noise: float, count: int) -> TaskModel:
    """The loss falls with the width of stage 1, and nothing else; each design misses that by a share of its own."""
    rng = np.random.default_rng(3)
    first, second = rng.integers(16, 64, count), rng.integers(16, 64, count)
    losses = (first / 32) ** -0.5 * np.exp(rng.normal(0.0, noise, count))
    return learn(DEFAULT, designs(first, second), losses, 0, "made")


def test_a_rank_is_the_share_of_designs_with_a_higher_loss() -> None:
    # mean 3, standard deviation 1.5811: a normal has 10% above its mean plus 1.2816 deviations
    among = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    found = ranks(np.array([3.0, 3.0 - 1.2815516 * 2.5**0.5, 3.0 + 1.2815516 * 2.5**0.5]), among)
    assert found == pytest.approx([50.0, 90.0, 10.0], abs=1e-3)


@pytest.fixture(scope="module")
def noisy() -> TaskModel:
    return learned(0.1, FEW)


def test_draws_are_joint_and_the_same_again(noisy: TaskModel) -> None:
    asked = designs(np.array([24, 48, 24, 32]), np.array([32, 32, 32, 32]))
    found = draw_ranks(noisy, asked, DRAWS, 7)
    assert found.shape == (DRAWS, 4)
    assert np.array_equal(found[:, 0], found[:, 2])  # one design, asked for twice
    assert np.array_equal(found, draw_ranks(noisy, asked, DRAWS, 7))
    assert np.all((found >= 0.0) & (found <= 100.0))
    # twice the width is a loss less by the square root of 2: more than noise in every draw
    assert np.all(found[:, 1] > found[:, 0])
    # about what the model of all sub-networks says; the median of ranks is the rank of the median, but for its two middles
    assert np.median(found, axis=0) == pytest.approx(noisy.predict(asked).top1, abs=0.5)


def test_half_of_too_few_is_refused(noisy: TaskModel) -> None:
    with pytest.raises(InvalidValueError, match="at least 16 sub-networks, got 12"):
        half_of(noisy, 0, 0, 0)


@pytest.mark.slow
def test_they_are_as_wide_as_new_designs_miss() -> None:
    noisy = learned(0.1, COUNT)
    rng = np.random.default_rng(11)
    first = rng.integers(20, 60, 60)
    asked = designs(first, rng.integers(20, 60, 60))
    truth = ranks(
        np.log((first / 32) ** -0.5 * np.exp(rng.normal(0.0, 0.1, 60))), np.log(noisy.evidence.losses)
    )
    low, high = np.quantile(draw_ranks(noisy, asked, DRAWS, 0), (0.05, 0.95), axis=0)
    # 90% of 60, give or take three standard errors of that and of 40 misses
    assert np.mean((truth >= low) & (truth <= high)) > 0.9 - 3 * (0.09 / 60 + 0.09 / COUNT) ** 0.5
    sure = learned(0.001, COUNT)
    narrow = np.quantile(draw_ranks(sure, asked, DRAWS, 0), (0.05, 0.95), axis=0)
    assert np.median(narrow[1] - narrow[0]) < np.median(high - low)


@pytest.mark.slow
def test_halves_share_no_sub_network_and_are_all() -> None:
    noisy = learned(0.1, COUNT)
    one, other = (half_of(noisy, 0, 2, half) for half in (0, 1))
    rows = [{tuple(row) for row in half.evidence.summaries} for half in (one, other)]
    assert len(one.evidence) == len(other.evidence) == COUNT // 2
    assert rows[0] | rows[1] == {tuple(row) for row in noisy.evidence.summaries}
    both = np.sort(np.concatenate([one.evidence.losses, other.evidence.losses]))
    assert np.array_equal(both, np.sort(noisy.evidence.losses))
    assert one.fingerprint != other.fingerprint
