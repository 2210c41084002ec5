"""The proof of what no design of a space can beat, against the score of every design."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from dsim.accuracy import load_accuracy_model
from dsim.device.find import find_profile
from dsim.device.number_bytes import number_bytes
from dsim.graph.memory import peak_memory_bytes
from dsim.graph.passes import run_passes
from dsim.latency import load_model
from dsim.limits import Limits
from dsim.search import Space, StudySpec
from dsim.search.amounts import Ceiling
from dsim.search.clock import Clock
from dsim.search.exact import exact_optimum
from dsim.search.grid import Grid
from dsim.search.knapsack import CLOSE, best_possible
from dsim.search.mix import all_mixes
from dsim.search.options import Point, options_of
from dsim.search.proof import prove
from dsim.search.score import Scorer
from dsim.search.study import search_mixes
from dsim.search.table import CostTable
from tests.search.ridge import SMALL, ridge_model

# learned as a roofline that shares its pool, adapted from another phone, and from operators
DEVICES = ("iphone12", "iphone13", "epyc-zen4-onnxruntime")


def scorer_of(
    device: str, share: float, space: Space = SMALL, seed: int = 0, limits: Limits | None = None
) -> Scorer:
    """Return a scorer whose budget lies between the needs of the smallest design and of the largest."""
    latency, accuracy = load_model(device), ridge_model(space, seed)
    ceiling = Ceiling.on([find_profile(device)], limits) if limits else None
    table = CostTable(latency, accuracy, ceiling=ceiling)
    mix = next(all_mixes(space))
    grid = Grid(space, mix, table)
    ends = np.array([[0] * 12, [n - 1 for n in grid.sizes]])
    needs = latency.price(table.cut(grid.rows(ends)).phi, 0.9).needs_ms
    return Scorer(latency, accuracy, table, float(needs[0] + share * (needs[1] - needs[0])), 0.9)


def some_design(scorer: Scorer, space: Space = SMALL) -> tuple[object, Point]:
    """Return the first design that fits, which is far from the best."""
    for mix in all_mixes(space):
        grid = Grid(space, mix, scorer.table)
        points = grid.all_points()[:64]
        fits = np.flatnonzero(scorer.feasible(scorer.score(grid.rows(points))))
        if len(fits):
            return mix, tuple(points[fits[0]].tolist())
    raise AssertionError("nothing fits")


@pytest.mark.parametrize(("device", "share"), list(itertools.product(DEVICES, (0.3, 0.7))))
def test_the_best_of_a_space_is_found_and_proved(device: str, share: float) -> None:
    scorer = scorer_of(device, share)
    exact = exact_optimum(SMALL, scorer)
    found = best_possible(SMALL, scorer, some_design(scorer))
    assert found is not None
    assert exact.top1_low - 1e-9 <= found.top1_low <= exact.top1_low + CLOSE
    best = max(
        scorer.score(Grid(SMALL, mix, scorer.table).rows(np.array([point]))).top1_low[0]
        for mix, point in found.designs
    )
    assert best == pytest.approx(exact.top1_low, abs=CLOSE)


@pytest.mark.parametrize("seed", range(3))
def test_whole_numbers_bound_what_is_too_much_to_score(seed: int) -> None:
    scorer = scorer_of("iphone12", 0.5, seed=seed)
    exact = exact_optimum(SMALL, scorer)
    found = best_possible(SMALL, scorer, some_design(scorer), few=0)
    assert found is not None
    assert exact.top1_low - 1e-9 <= found.top1_low <= exact.top1_low + 0.5


@pytest.mark.parametrize("name", ["params", "macs", "memory_bytes"])
def test_limits_count(name: str) -> None:
    wide = scorer_of("iphone12", 0.7, limits=Limits(**{name: 1e12}))
    free = exact_optimum(SMALL, wide)
    assert free.arch is not None
    (use,) = wide.table.limits_used(free.arch)
    scorer = scorer_of("iphone12", 0.7, limits=Limits(**{name: 0.9 * use.used}))
    exact = exact_optimum(SMALL, scorer)
    assert exact.top1_low < free.top1_low
    found = best_possible(SMALL, scorer, some_design(scorer))
    assert found is not None
    assert exact.top1_low - 1e-9 <= found.top1_low <= exact.top1_low + CLOSE


def test_options_are_all_designs_of_a_space() -> None:
    scorer = scorer_of("iphone12", 0.5)
    options = options_of(SMALL, next(all_mixes(SMALL)), scorer.table)
    whole = exact_optimum(SMALL, scorer).designs
    assert np.prod([len(stage) for stage in options.stages]) == whole
    random = np.random.default_rng(0)
    for _ in range(20):
        chosen = [int(random.integers(len(stage))) for stage in options.stages]
        mix, point = options.design(chosen)
        grid = Grid(SMALL, mix, scorer.table)
        assert options.rows(np.array([chosen]))[0] == pytest.approx(grid.rows(np.array([point]))[0])
        for stage in range(4):
            assert options.around(chosen, stage)[chosen[stage]] == pytest.approx(
                grid.rows(np.array([point]))[0]
            )
        assert options.find(mix, point) == tuple(chosen)


@pytest.mark.parametrize("device", DEVICES)
def test_what_options_hold_at_once_is_what_the_whole_design_does(device: str) -> None:
    scorer = scorer_of(device, 0.5, limits=Limits(memory_bytes=1e12))
    ceiling, profile = scorer.table.ceiling, find_profile(device)
    assert ceiling is not None
    options = options_of(SMALL, next(all_mixes(SMALL)), scorer.table)
    random = np.random.default_rng(0)
    for _ in range(10):
        chosen = [int(random.integers(len(stage))) for stage in options.stages]
        mix, point = options.design(chosen)
        graph = run_passes(Grid(SMALL, mix, scorer.table).arch(point).to_graph(), profile.passes)
        peak = peak_memory_bytes(graph, number_bytes(profile.precision).activation) * profile.batch
        rows = np.concatenate([options.rows(np.array([chosen])), options.around(chosen, 2)[[chosen[2]]]])
        found = ceiling.used(scorer.table.cut(rows).amounts)[:, 2]
        np.testing.assert_allclose(found, peak, rtol=1e-12)


def test_a_study_ends_with_the_best_of_its_space() -> None:
    scorer = scorer_of("iphone12", 0.7)
    exact = exact_optimum(SMALL, scorer)
    found = search_mixes(StudySpec("iphone12", scorer.budget_ms, trials=4, space=SMALL), scorer, "a")
    assert found.chosen is not None
    assert found.chosen.top1_low == pytest.approx(exact.top1_low, abs=CLOSE)
    assert found.missed is not None
    assert found.missed.regret_at_most == pytest.approx(0.0, abs=CLOSE)
    assert found.missed.at_most > 0  # few combinations were swept


def test_time_that_is_over_leaves_nothing_proved() -> None:
    scorer, clock = scorer_of("iphone12", 0.7), Clock(0.0)
    found = best_possible(SMALL, scorer, some_design(scorer), clock=clock)
    assert found is not None
    assert (found.top1_low, found.designs, clock.cut) == (np.inf, (), True)
    assert prove(SMALL, scorer, some_design(scorer), Clock(0.0)).top1_low is None


def test_nothing_is_proved_where_a_model_is_no_sum() -> None:
    fine = scorer_of("i9-10940x", 0.7)
    assert best_possible(SMALL, fine, some_design(fine)) is None
    ridge, process = scorer_of("iphone12", 0.7), load_accuracy_model()
    latency = ridge.latency
    published = Scorer(latency, process, CostTable(latency, process), ridge.budget_ms, 0.9)
    assert best_possible(SMALL, published, some_design(ridge)) is None
    even = Scorer(latency, ridge.accuracy, ridge.table, ridge.budget_ms, 0.9, chance=0.3)
    assert best_possible(SMALL, even, some_design(ridge)) is None


def test_where_no_budget_is_enough_a_study_by_ranks_says_so() -> None:
    latency, ranks = load_model("galaxy-s23-gpu"), ridge_model(SMALL)  # designs leave it too often for 99%
    scorer = Scorer(latency, ranks, CostTable(latency, ranks), 1000.0, 0.99)
    found = search_mixes(StudySpec("galaxy-s23-gpu", 1000.0, 0.99, 2, space=SMALL), scorer, "a")
    assert found.chosen is None
    assert found.front == ()
    assert np.isnan(found.fastest.needs_ms)
