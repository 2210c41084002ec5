"""Improving a design across all mixes: its sums by brute force, the true optimum from few mixes, and seeds that agree."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from dsim.limits import Limits
from dsim.rounding import limit
from dsim.search.across import Across
from dsim.search.clock import Clock
from dsim.search.exact import exact_optimum
from dsim.search.grid import AXES, Grid
from dsim.search.options import options_of
from dsim.search.stage_sums import SPARE, StageSums, stage_sums
from dsim.search.study import search_mixes, seed_mixes
from tests.search.test_limits import scorer as limited
from tests.search.test_study import BUDGET_MS, SMALL, scorer, spec

# 6,912 designs in 48 mixes: more than a few trials sweep, few enough to score them all
MEDIUM = SMALL.fixed(
    widths=((32, 40), (64, 96), (128, 192, 224), (256, 320)),
    depths=((2, 3), (1, 2), (3, 4, 6), (3, 4)),
    mlp_ratios=((4.0,),) * 4,
    attention_blocks=((0, 1), (1, 0, 2)),
)


@pytest.fixture
def sums() -> StageSums:
    random = np.random.default_rng(0)
    counts = (5, 4, 6, 7)
    return StageSums(
        tuple(random.normal(size=n) for n in counts),
        tuple(random.normal(scale=0.1, size=(n, 1)) for n in counts),
        np.array([0.05]),
    )


def test_the_best_by_sums_with_each_option_is_that_of_all_designs(sums: StageSums) -> None:
    every = np.array(list(itertools.product(*(range(len(gain)) for gain in sums.gains))))

    def total(parts: tuple[np.ndarray, ...], designs: np.ndarray) -> np.ndarray:
        return np.sum([part[designs[:, n]] for n, part in enumerate(parts)], axis=0)

    found, costs, room = sums.with_each_option(), tuple(cost[:, 0] for cost in sums.costs), sums.room[0]
    fits = every[total(costs, every) <= room - SPARE]
    assert np.all(total(costs, found) <= room - SPARE + 1e-12)
    for stage, gain in enumerate(sums.gains):
        for option in range(len(gain)):
            own, best = found[found[:, stage] == option], fits[fits[:, stage] == option]
            if len(best):
                assert total(sums.gains, own).max() == pytest.approx(total(sums.gains, best).max())


def test_sums_hold_what_single_changes_cost_and_gain() -> None:
    judge, mix = scorer(), seed_mixes(spec(space=MEDIUM))[0]
    options = options_of(MEDIUM, mix, judge.table)
    chosen = (1, 2, 3, 4)
    found = stage_sums(options, chosen, judge.mark, judge.used)
    here = judge.score(options.rows(np.array([chosen])))
    assert np.exp(-found.room[0]) * judge.budget_ms == pytest.approx(here.needs_ms[0])
    for stage in range(4):
        other = (*chosen[:stage], 0, *chosen[stage + 1 :])
        changed = judge.score(options.rows(np.array([other])))
        assert found.gains[stage][chosen[stage]] == pytest.approx(0.0, abs=1e-9)
        assert found.gains[stage][0] == pytest.approx(changed.top1_low[0] - here.top1_low[0])
        assert found.costs[stage][0, 0] == pytest.approx(np.log(changed.needs_ms[0] / here.needs_ms[0]))


def test_few_mixes_end_at_the_true_optimum_of_the_space() -> None:
    exact = exact_optimum(MEDIUM, scorer())
    for seed in range(3):
        found = search_mixes(spec(trials=4, space=MEDIUM, seed=seed), scorer(), "a")
        assert found.cost.mixes == 4
        assert found.chosen is not None
        assert found.chosen.top1_low == pytest.approx(exact.top1_low, rel=1e-12)


@pytest.mark.parametrize("limits", [Limits(params=6e6), Limits(macs=0.8e9), Limits(params=5e6, macs=0.7e9)])
def test_few_mixes_end_at_the_true_optimum_under_a_limit_that_is_scarcer_than_time(limits: Limits) -> None:
    exact = exact_optimum(MEDIUM, limited(limits))
    for seed in range(3):
        found = search_mixes(spec(trials=4, space=MEDIUM, seed=seed, budget_ms=3.0), limited(limits), "a")
        assert found.chosen is not None
        assert found.chosen.top1_low == pytest.approx(exact.top1_low, rel=1e-12)


def test_seeds_that_end_at_one_design_say_the_same_of_what_is_as_good() -> None:
    one, other = (search_mixes(spec(trials=6, space=MEDIUM, seed=seed), scorer(), "a") for seed in (0, 1))
    assert one.chosen is not None
    assert other.chosen is not None
    assert one.chosen.arch == other.chosen.arch
    assert one.alike is not None
    assert one.alike == other.alike


def test_time_that_is_over_ends_it_at_a_design_that_is_no_worse() -> None:
    judge, mix = scorer(), seed_mixes(spec(space=MEDIUM))[0]
    start, clock = (mix, (0,) * AXES), Clock(0.0)
    rows = [
        Grid(MEDIUM, own, judge.table).rows(np.array([point]))
        for own, point in (start, Across(MEDIUM, judge, clock).improve([start]))
    ]
    before, after = judge.score(np.concatenate(rows)).top1_low
    assert clock.cut
    assert after > before


def test_what_is_as_good_fits_and_lies_within() -> None:
    judge, mix = scorer(), seed_mixes(spec(space=MEDIUM))[0]
    across = Across(MEDIUM, judge)
    best = across.improve([(mix, (0,) * AXES)])
    top1 = judge.score(Grid(MEDIUM, best[0], judge.table).rows(np.array([best[1]]))).top1_low[0]
    found = dict(across.as_good(*best, top1 - 1.0))
    assert best[0] in found
    assert len(found) > 1
    for own, point in found.items():
        score = judge.score(Grid(MEDIUM, own, judge.table).rows(np.array([point])))
        assert top1 - 1.0 <= score.top1_low[0] <= top1
        assert score.needs_ms[0] <= limit(BUDGET_MS)
