"""Which networks to measure first: nested, obtainable, diverse, and better than chance."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from dsim.latency.learners import learner_of
from dsim.latency.methods.few_shot.combine import NOISE
from dsim.latency.methods.few_shot.plan import MOST_MACS, MOST_SIDE, Step, believed, plan
from dsim.latency.methods.few_shot.reference import reference
from dsim.latency.methods.few_shot.table import donor_table
from dsim.latency.methods.fine.rates import family_weight


@pytest.fixture(scope="module")
def ten() -> tuple[Step, ...]:
    return plan(10)


def test_a_shorter_plan_is_the_beginning_of_a_longer_one(ten: tuple[Step, ...]) -> None:
    assert plan(3) == ten[:3]
    assert len({step.key for step in ten}) == 10


def test_every_network_can_be_had_and_run(ten: tuple[Step, ...]) -> None:
    for step in ten:
        assert any(name.startswith(("timm:", "torchvision:")) for name in step.names)
        assert step.macs <= MOST_MACS
        assert int(step.key.partition("@")[2]) <= MOST_SIDE


def test_every_measurement_leaves_less(ten: tuple[Step, ...]) -> None:
    spreads = [ten[0].before, *(step.after for step in ten)]
    assert all(after < before for before, after in pairwise(spreads))
    assert ten[-1].after < ten[0].after / 2


def test_five_networks_hold_convolutions_of_all_sorts_and_attention(ten: tuple[Step, ...]) -> None:
    brought = {kind for step in ten[:5] for kind in step.brings}
    assert {"3x3 convolutions", "depthwise convolutions", "attention's products", "layer norm"} <= brought


def test_the_plan_leaves_less_than_networks_drawn_by_chance(ten: tuple[Step, ...]) -> None:
    """The variance that is left, worked out in one step for the whole set and not one after the other as the plan does."""
    known, rng = reference(), np.random.default_rng(0)
    covariance, _ = believed(donor_table(learner_of))
    weight = family_weight(known.families) ** 2

    def left(keys: list[str]) -> float:
        at = [known.at[key] for key in keys]
        gram = covariance[np.ix_(at, at)] + NOISE**2 * np.eye(len(at))
        rest = np.diag(covariance) - np.einsum(
            "ni,in->n", covariance[:, at], np.linalg.solve(gram, covariance[at])
        )
        return float(rest @ weight / weight.sum())

    by_chance = [left([str(key) for key in rng.choice(known.keys, 10, replace=False)]) for _ in range(20)]
    assert left([step.key for step in ten]) < min(by_chance)
