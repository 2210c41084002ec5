"""Bounds of boxes of options for the ImageNet model, against the score of every design."""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from dsim.accuracy import load_accuracy_model
from dsim.accuracy.asked_recipe import ForDesigns, model_for
from dsim.accuracy.features import featurise
from dsim.accuracy.local import Lower
from dsim.accuracy.planes import Parts, feature_planes
from dsim.arch import Mixer
from dsim.device.find import find_profile
from dsim.latency import load_model
from dsim.limits import Limits
from dsim.search import Space, StudySpec, search
from dsim.search.amounts import Ceiling
from dsim.search.boxes.box import WAYS, box_of
from dsim.search.boxes.branch import Branch
from dsim.search.boxes.room import Room, rooms_of
from dsim.search.clock import Clock
from dsim.search.exact import Optimum, exact_optimum
from dsim.search.grid import Grid
from dsim.search.knapsack import CLOSE
from dsim.search.mix import Mix, all_mixes
from dsim.search.options import Point
from dsim.search.proof import by_boxes, prove
from dsim.search.score import Scorer
from dsim.search.study import search_mixes
from dsim.search.table import CostTable
from tests.search.ridge import SMALL

# learned as a roofline that shares its pool, adapted from another phone, and from operators
CASES = (("iphone12", 1.2), ("iphone13", 1.0), ("epyc-zen4-onnxruntime", 12.0))
RECIPE = "epochs=100,teacher=none,augment=strong"
WIDE = SMALL.fixed(
    activations=Space().activations[:2],
    mixers=(*SMALL.mixers[:2], *((*row, Mixer.CONV7) for row in SMALL.mixers[2:])),
    widths=((32, 48, 64), (64, 96, 128), (128, 192, 320), (224, 320, 512)),
    depths=((1, 3, 4), (2, 4), (4, 6, 12), (2, 3, 8)),
)


@cache
def scorer_of(device: str, budget_ms: float, limits: Limits | None = None, recipe: str = "") -> Scorer:
    latency, accuracy = load_model(device), model_for(recipe, 224)
    ceiling = Ceiling.on([find_profile(device)], limits) if limits else None
    return Scorer(latency, accuracy, CostTable(latency, accuracy, ceiling=ceiling), budget_ms, 0.9)


def rooms(space: Space, scorer: Scorer) -> list[Room]:
    mix = next(all_mixes(space))
    grid = Grid(space, mix, scorer.table)
    row = grid.rows(np.array([[0] * 12]))[0]
    bounds = scorer.accuracy.bounds(space.resolution, 0.9)  # type: ignore[attr-defined]
    sums = scorer.latency.sums(0.9)  # type: ignore[attr-defined]
    found = rooms_of(space, scorer, sums, bounds, mix, row)
    assert found
    return found


def smallest(space: Space, scorer: Scorer) -> tuple[Mix, Point]:
    """Return the smallest design of the first mix, which is far from the best."""
    mix, point = next(all_mixes(space)), (0,) * 12
    scores = scorer.score(Grid(space, mix, scorer.table).rows(np.array([point])))
    assert scorer.feasible(scores)[0]
    return mix, point


def hold_to(device: str, budget_ms: float, names: tuple[str, ...]) -> tuple[Scorer, Optimum]:
    """Return a scorer with limits that the best design without them breaks, each alone, and the best design that keeps to them."""
    wide = scorer_of(device, budget_ms, Limits(**dict.fromkeys(names, 1e12)))
    free = exact_optimum(SMALL, wide)
    assert free.arch is not None
    used = [use.used for use in wide.table.limits_used(free.arch)]
    limits = Limits(**{name: 0.85 * most for name, most in zip(names, used, strict=True)})
    scorer = scorer_of(device, budget_ms, limits)
    return scorer, exact_optimum(SMALL, scorer)


def some_boxes(room: Room, random: np.random.Generator) -> list[tuple[np.ndarray, ...]]:
    """Return boxes of a few random options, and of options that are near each other."""
    found = []
    for size in (2, 4, 12):
        for near in (False, True):
            keep = []
            for rows in room.rows:
                middle = random.integers(len(rows))
                away = (
                    np.abs(np.log1p(rows) - np.log1p(rows[middle])).sum(1)
                    if near
                    else random.random(len(rows))
                )
                keep.append(np.sort(np.argsort(away, kind="stable")[:size]))
            found.append(tuple(keep))
    return found


def designs_of(keep: tuple[np.ndarray, ...], random: np.random.Generator, most: int = 600) -> np.ndarray:
    """Return places of designs in a box (N, 4): all of them, or some."""
    counts = [len(own) for own in keep]
    if np.prod(counts) <= most:
        return np.array(list(itertools.product(*map(range, counts))))
    return np.stack([random.integers(0, count, most) for count in counts], axis=1)


@pytest.mark.parametrize(("way", "recipe"), [*((way, "") for way in WAYS), ("curve", RECIPE)])
def test_no_design_lacks_less_than_the_sum_of_its_costs(way: str, recipe: str) -> None:
    random = np.random.default_rng(0)
    scorer, asked, none_at_all = scorer_of("iphone12", 1000.0, None, recipe), set(), 0
    for room in rooms(WIDE, scorer):
        for keep in some_boxes(room, random):
            places = designs_of(keep, random)
            chosen = np.stack([own[at] for own, at in zip(keep, places.T, strict=True)], axis=1)
            rows = room.options.rows(chosen)
            told = scorer.accuracy.predict(scorer.table.cut(rows).summary, 0.9)
            mine = told.by_kin == (room.lower.kin is not None)  # type: ignore[attr-defined]
            if not mine.any():  # then nothing is said, or it is said of none
                box = box_of(room, keep, 100.0, np.zeros(1), way)
                none_at_all += not box.designs
                continue
            asked.add(room.lower.kin is not None)
            places, lacks = places[mine], 100.0 - told.low[mine]
            box = box_of(room, keep, float(lacks.max()) + 0.01, np.zeros(1), way)
            # an option that is left out belongs to no design that lacks less than what was asked
            assert [len(own) for own in box.keep] == [len(own) for own in keep]
            told = box.constant + np.sum(
                [cost[at] for cost, at in zip(box.costs, places.T, strict=True)], axis=0
            )
            assert (told <= lacks + 1e-7).all()
            assert box.bound <= lacks.min() + 1e-7
    assert asked == {False, True}  # both questions
    assert none_at_all


def test_small_boxes_are_bounded_closely() -> None:
    random = np.random.default_rng(1)
    scorer = scorer_of("iphone12", 1000.0)
    room = rooms(WIDE, scorer)[0]
    for _ in range(5):
        keep = some_boxes(room, random)[1]  # two options a stage that are near each other
        chosen = np.array(list(itertools.product(*keep)))
        lacks = 100.0 - scorer.score(room.options.rows(chosen)).top1_low
        box = box_of(room, keep, float(lacks.max()) + 0.01, np.zeros(1), "curve")
        assert box.bound > lacks.min() - 0.5


def test_features_lie_between_their_planes() -> None:
    random = np.random.default_rng(2)
    effects = load_accuracy_model().effects
    for room in rooms(WIDE, scorer_of("iphone12", 1000.0))[:1]:
        for keep in some_boxes(room, random):
            rows = [own[at] for own, at in zip(room.rows, keep, strict=True)]
            there = np.sum([own.mean(0) for own in rows], axis=0)
            parts = Parts(there, [own - own.mean(0) for own in rows])
            own = designs_of(keep, random, 200)
            sums = np.sum([one[at] for one, at in zip(rows, own.T, strict=True)], axis=0)

            def values(table: np.ndarray) -> np.ndarray:
                return np.hstack([featurise(table), effects.shares(table)])

            middle = values(there[None])[0]
            planes = feature_planes(parts, middle)
            change = values(sums) - middle
            missed = change - (sums - there) @ planes.slope.T
            assert (missed >= planes.low - 1e-7).all()
            assert (missed <= planes.high + 1e-7).all()
            assert (change >= planes.first - 1e-7).all()
            assert (change <= planes.last + 1e-7).all()


@pytest.mark.parametrize(
    ("device", "budget_ms", "recipe"), [*((*one, "") for one in CASES), ("iphone12", 1.2, RECIPE)]
)
def test_the_best_of_a_space_is_found_and_proved(device: str, budget_ms: float, recipe: str) -> None:
    scorer = scorer_of(device, budget_ms, None, recipe)
    exact = exact_optimum(SMALL, scorer)
    known = smallest(SMALL, scorer)
    found = by_boxes(SMALL, scorer, known)
    assert found is not None
    assert exact.top1_low - 1e-9 <= found.top1_low <= exact.top1_low + CLOSE + 1e-9
    ((mix, point),) = found.designs
    best = scorer.score(Grid(SMALL, mix, scorer.table).rows(np.array([point])))
    assert scorer.feasible(best)[0]
    assert best.top1_low[0] == pytest.approx(exact.top1_low, abs=CLOSE)


@pytest.mark.parametrize("way", WAYS)
def test_what_is_split_is_never_bound_below_the_best(way: str) -> None:
    scorer = scorer_of("iphone12", 1.2)
    exact = exact_optimum(SMALL, scorer)
    branch = Branch(scorer, 50.0, way, few=32)
    bounds = []

    def go_on(state: object) -> bool:
        bounds.append(branch.state.bound)
        return len(bounds) < 40

    last = branch.through(rooms(SMALL, scorer), go_on)
    assert all(bound >= exact.top1_low - 1e-9 for bound in (*bounds, last.bound))
    assert last.best <= exact.top1_low + 1e-9
    assert not last.proved or last.best == pytest.approx(exact.top1_low, abs=CLOSE)


@pytest.mark.parametrize(
    "names", [("params",), ("macs",), ("memory_bytes",), ("size_bytes",), ("params", "macs", "memory_bytes")]
)
def test_limits_count(names: tuple[str, ...]) -> None:
    scorer, exact = hold_to("iphone12", 1.2, names)
    branch = Branch(scorer, 50.0, few=32)
    last = branch.through(rooms(SMALL, scorer), lambda state: state.bound >= exact.top1_low - 1e-9)
    assert last.proved
    assert last.best == pytest.approx(exact.top1_low, abs=CLOSE)
    assert last.scored < exact.designs / 4  # most are left out unscored, those that break a limit among them
    assert branch.better is not None
    mix, point = branch.better
    arch = Grid(SMALL, mix, scorer.table).arch(point)
    assert not any(use.used > use.allowed for use in scorer.table.limits_used(arch))


def test_a_limit_that_nothing_keeps_to_leaves_no_design() -> None:
    wide = scorer_of("iphone12", 1.2, Limits(params=1e12))
    mix, point = smallest(SMALL, wide)
    (least,) = wide.table.limits_used(Grid(SMALL, mix, wide.table).arch(point))
    scorer = scorer_of("iphone12", 1.2, Limits(params=0.95 * least.used))
    branch = Branch(scorer, 50.0)
    last = branch.through(rooms(SMALL, scorer), lambda _: True)
    assert (last.proved, last.scored, branch.better) == (True, 0, None)


def test_a_study_of_a_small_space_says_that_nothing_was_missed() -> None:
    scorer = scorer_of("iphone12", 1.2)
    exact = exact_optimum(SMALL, scorer)
    found = search_mixes(StudySpec("iphone12", 1.2, trials=4, space=SMALL), scorer, "a")
    assert found.chosen is not None
    assert found.chosen.top1_low == pytest.approx(exact.top1_low, abs=CLOSE)
    assert found.missed is not None
    assert found.missed.regret_at_most == pytest.approx(0.0, abs=2 * CLOSE)


class Stopped:
    """The ImageNet model, until a proof asks it: then comes Ctrl-C."""

    def __init__(self, model: ForDesigns) -> None:
        self.summarise, self.predict, self.in_region, self.lows = (
            model.summarise,
            model.predict,
            model.in_region,
            model.lows,
        )

    def bounds(self, side: int, confidence: float) -> tuple[Lower, ...]:
        raise KeyboardInterrupt


def test_ctrl_c_ends_the_proof_alone_and_is_told() -> None:
    own = scorer_of("iphone12", 1.2)
    spec = StudySpec("iphone12", 1.2, trials=4, space=SMALL)
    found = search_mixes(spec, replace(own, accuracy=Stopped(model_for("", 224))), "a")
    assert found.cost.interrupted
    assert found.cost.swept
    assert found.chosen is not None
    assert found.missed is not None
    assert found.missed.regret_at_most is None
    assert found.chosen.top1_low <= exact_optimum(SMALL, own).top1_low + 1e-9


def test_time_that_is_over_ends_the_proof_and_what_it_says_still_holds() -> None:
    scorer, clock = scorer_of("iphone12", 1.2), Clock(0.0)
    proof = prove(SMALL, scorer, smallest(SMALL, scorer), clock)
    assert clock.cut or proof.top1_low is not None  # one box alone may be enough
    assert proof.top1_low is None or proof.top1_low >= exact_optimum(SMALL, scorer).top1_low - 1e-9


def test_a_study_for_a_recipe_says_what_it_may_have_missed() -> None:
    found = search("iphone12", 1.2, trials=4, space=SMALL, recipe=RECIPE)
    exact = exact_optimum(SMALL, scorer_of("iphone12", 1.2, None, RECIPE))
    assert found.chosen is not None
    assert found.chosen.top1_low == pytest.approx(exact.top1_low, abs=CLOSE)
    assert found.missed is not None
    assert found.missed.regret_at_most == pytest.approx(0.0, abs=2 * CLOSE)
    assert found.missed.worth is not None


def test_nothing_is_proved_of_a_large_space_or_where_time_is_no_sum() -> None:
    scorer = scorer_of("iphone12", 1.2)
    assert by_boxes(Space(), scorer, (next(all_mixes(Space())), (0,) * 12)) is None
    fine = scorer_of("i9-10940x", 1000.0)
    assert by_boxes(SMALL, fine, smallest(SMALL, fine)) is None
