"""Measured regret on made profiles: every figure is worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from dsim.accuracy.recipe import Augment, Recipe, Teacher
from dsim.device import DeviceProfile, find_profile
from dsim.shift.in_common import class_of, common_networks, timed_networks, top1_by_class
from dsim.shift.measured_regret import best_within, budgets_of, measured_regret, points_lost

# five networks of one class; on the first device time grows with top-1, on the second the third takes too long
TOP1 = np.array([70.0, 72.0, 74.0, 73.0, 76.0])
A = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
B = np.array([1.0, 2.0, 9.0, 4.0, 5.0])


def test_points_are_lost_where_the_choice_of_one_clock_does_not_fit_by_the_other() -> None:
    # within 4 ms: the first device chooses 74, which takes 9 on the second; of its front 72 is left, where 73 would fit
    # within 5 ms: both choose 76; below the fastest network nothing fits
    lost = points_lost(TOP1, A, B, np.array([4.0, 5.0, 0.5]), np.array([4.0, 5.0, 0.5]))
    assert lost[:2] == pytest.approx([1.0, 0.0])
    assert math.isnan(lost[2])


def test_equal_budgets_fit_the_same_share_of_the_networks() -> None:
    # 11 networks of 1 to 11 ms: a tenth more for each
    assert budgets_of(np.arange(11.0, 0.0, -1.0)).tolist() == list(range(2, 11))
    assert best_within(TOP1, A, 4.0) == 2
    assert best_within(np.array([70.0, 70.0]), np.array([2.0, 1.0]), 2.0) == 1


def test_recipes_are_alike_by_schedule_teacher_and_augmentation() -> None:
    usual = class_of(Recipe(300, Teacher.NONE, Augment.STRONG, 224))
    assert usual == class_of(Recipe(400, Teacher.NONE, Augment.STRONG, 192))
    assert usual != class_of(Recipe(300, Teacher.CONVNET, Augment.STRONG, 224))
    assert usual != class_of(Recipe(401, Teacher.NONE, Augment.STRONG, 224))
    assert class_of(Recipe(None, Teacher.NONE, Augment.STRONG, 224)) is None


def _made(name: str, ms: dict[str, float]) -> DeviceProfile:
    like = find_profile("rz-v2h-npu")
    row = next(row for row in like.networks if row.counts)
    rows = tuple(replace(row, network=key, graph=key, latency_ms=value) for key, value in ms.items())
    return replace(like, name=name, networks=rows)


@pytest.fixture(scope="module")
def order() -> tuple[str, ...]:
    """Networks of the largest class, by falling top-1, no two alike."""
    largest = max(top1_by_class().values(), key=len)
    return tuple(sorted(largest, key=lambda key: -largest[key]))[:60:3]


def test_a_device_loses_nothing_to_one_that_is_slower_by_the_same_factor(order: tuple[str, ...]) -> None:
    ms = {key: 20.0 - n for n, key in enumerate(order)}
    found = measured_regret(_made("one", ms), _made("other", {key: 3.0 * ms[key] for key in ms}), draws=20)
    assert found is not None
    assert found.lost.value == pytest.approx(0.0)
    assert not found.exceeds
    assert found.late == 0
    assert found.networks == len(order)


def test_a_device_on_which_the_best_networks_are_fastest_is_told(order: tuple[str, ...]) -> None:
    ms = {key: 20.0 - n for n, key in enumerate(order)}
    turned = {key: 1.0 + n for n, key in enumerate(order)}
    found = measured_regret(_made("one", ms), _made("other", turned), draws=40)
    assert found is not None
    # on the other device the most accurate network is the fastest: the best at every budget
    assert {one.best for one in found.budgets if one.recipe == found.recipes[0][0]} == {order[0]}
    assert found.lost.value > found.null.high
    assert found.exceeds
    assert measured_regret(_made("one", ms), _made("other", dict(list(ms.items())[:5]))) is None


def test_only_figures_of_the_protocol_that_a_profile_speaks_of_count() -> None:
    profile = find_profile("iphone12")
    labs = timed_networks(profile)["efficientformer_l1@224"]
    own = [
        row.latency_ms
        for row in profile.networks
        if row.graph == "efficientformer_l1@224" and row.counts and row.protocol == profile.reference_protocol
    ]
    assert labs[0] == pytest.approx(float(np.median(own)))


def test_latency_and_throughput_have_nothing_in_common() -> None:
    assert common_networks(find_profile("i9-10940x"), find_profile("rtx3090-eager")) == ()
