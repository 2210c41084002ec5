"""Limits beside time: what designs take adds up, and no design that breaks a limit is proposed."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dsim.arch import Arch, Mixer, Norm, Stem
from dsim.arch.backbone import backbone_graph
from dsim.errors import NothingFitsError
from dsim.graph.graph import Graph, Ref
from dsim.graph.memory import peak_memory_bytes
from dsim.graph.passes import run_passes
from dsim.limits import Limits
from dsim.search.amounts import Ceiling
from dsim.search.exact import exact_optimum
from dsim.search.files import read_inputs, write_inputs
from dsim.search.grid import Grid
from dsim.search.mix import all_mixes, mix_from, parameters
from dsim.search.score import Scorer
from dsim.search.smallest import check_limits, smallest_designs
from dsim.search.space import Space
from dsim.search.spec import StudySpec
from dsim.search.study import search_mixes
from dsim.search.table import CostTable
from tests.search.fakes import PASSES, FakeAccuracy, FakeLatency
from tests.thorough import cases

IMAGE = (64, 96)
TINY = Space(
    stems=(Stem.TWO_CONVS, Stem.CONV7),
    mixers=((Mixer.POOLING,), (Mixer.POOLING,), (Mixer.POOLING, Mixer.CONV3), (Mixer.POOLING, Mixer.FFN)),
    attentions=(Mixer.ATTENTION, Mixer.ATTENTION_V2),
    attention_blocks=((0,), (1, 0)),
    activations=Space().activations[:1],
    norms=(Norm.BATCH,),
    widths=((32, 48), (64, 96), (128, 224), (256, 448)),
    depths=((2,), (2,), (3, 6), (3, 4)),
    mlp_ratios=((4.0,), (4.0,), (3.0, 4.0), (4.0,)),
)


def table(limits: Limits, maps: bool = False) -> CostTable:
    ceiling = Ceiling(limits, (PASSES,), maps=maps)
    return CostTable(FakeLatency(), FakeAccuracy(), image=IMAGE if maps else None, ceiling=ceiling)


def scorer(limits: Limits, budget_ms: float = 3.0) -> Scorer:
    latency, accuracy = FakeLatency(), FakeAccuracy()
    return Scorer(latency, accuracy, table(limits), budget_ms, 0.9)


def taken(graph: Graph) -> list[float]:
    """Work out what a whole graph takes in float32, without any piece."""
    return [
        graph.params,
        graph.macs,
        peak_memory_bytes(run_passes(graph, PASSES), 4),
        graph.params * 4,
    ]


def with_maps(arch: Arch) -> Graph:
    """Return a backbone whose results are the maps of all stages."""
    graph = backbone_graph(arch, IMAGE)
    last = {}
    for at, node in enumerate(graph.nodes):
        if stage := re.match(r"stages\.(\d)\.blocks", node.scope):
            last[stage[1]] = Ref(at)
    return replace(graph, outputs=tuple(last.values()))


@pytest.mark.parametrize("maps", [False, True])
def test_what_a_design_takes_is_what_its_whole_graph_takes(maps: bool) -> None:
    space, random, priced = Space(), np.random.default_rng(3), table(Limits(params=1.0), maps)
    assert priced.ceiling is not None
    for _ in range(cases(1, 8)):
        mix = mix_from(
            space, {name: row[random.integers(len(row))] for name, row in parameters(space).items()}
        )
        grid = Grid(space, mix, priced)
        points = random.integers(0, np.array(grid.sizes), size=(2, 12))
        rows = priced.ceiling.used(priced.cut(grid.rows(points)).amounts)
        for row, point in zip(rows, points, strict=True):
            arch = grid.arch(point)
            np.testing.assert_allclose(row, taken(with_maps(arch) if maps else arch.to_graph()), rtol=1e-12)
            whole = priced.ceiling.used(priced.cut(priced.whole(arch)[None]).amounts)[0]
            np.testing.assert_allclose(whole, row, rtol=1e-12)


LIMITED = (
    Limits(params=9e6),
    Limits(macs=0.9e9),
    Limits(memory_bytes=2.7e6),
    Limits(size_bytes=30e6),
    Limits(9e6, 0.8e9, 2.7e6, 33e6),
)


@pytest.mark.parametrize(
    "limits",
    [*(pytest.param(one, marks=pytest.mark.slow) for one in LIMITED[:-1]), LIMITED[-1]],
    ids=lambda one: "+".join(name for name, _ in one.asked),
)
def test_a_search_finds_the_best_design_that_breaks_no_limit(limits: Limits) -> None:
    judge = scorer(limits)
    exact = exact_optimum(TINY, judge)
    free = exact_optimum(TINY, scorer(Limits()))
    assert exact.arch is not None
    assert exact.top1_low < free.top1_low  # the limit costs something
    found = search_mixes(StudySpec("x", 3.0, trials=100, space=TINY, name="t"), judge, "")
    assert found.chosen is not None
    assert found.chosen.top1_low == pytest.approx(exact.top1_low, rel=1e-12)
    shown = [found.chosen, found.fastest, *found.front]
    names = ("params", "macs", "memory", "size")
    for one in shown:
        used = dict(zip(names, taken(one.arch.to_graph()), strict=True))
        assert all(used[name] <= most for name, most in limits.asked)


SHUFFLED = replace(
    TINY,
    widths=tuple(row[::-1] for row in TINY.widths),
    depths=tuple(row[::-1] for row in TINY.depths),
    mlp_ratios=tuple(row[::-1] for row in TINY.mlp_ratios),
)


# two kinds of attention: one has fewer parameters, and the other fewer multiply-accumulates
EITHER = replace(TINY, attention_blocks=((1,), (1,)))


def least_of_each_mix(space: Space = TINY) -> np.ndarray:
    """Work out what the smallest design of each mix takes from its whole graph; rows of these spaces begin with the smallest."""
    grids = [Grid(space, mix, table(Limits(params=1.0))) for mix in all_mixes(space)]
    return np.array([taken(grid.arch([0] * 12).to_graph()) for grid in grids if not grid.is_empty])


@pytest.mark.parametrize("space", [TINY, SHUFFLED], ids=["in order", "the largest first"])
def test_the_smallest_designs_of_a_space_are_those_of_its_mixes(space: Space) -> None:
    priced = table(Limits(params=1.0))
    assert priced.ceiling is not None
    found = priced.ceiling.used(np.concatenate([*smallest_designs(space, priced)]))
    for rows, others in ((found, least_of_each_mix()), (least_of_each_mix(), found)):
        for row in rows:
            assert np.isclose(others, row, rtol=1e-12).all(axis=1).any()


def test_a_limit_that_no_design_meets_is_one_line_with_the_smallest() -> None:
    least = least_of_each_mix().min(axis=0)
    with pytest.raises(NothingFitsError, match="--params must leave at least one") as refused:
        check_limits(TINY, table(Limits(params=1e6)), [mix_from(TINY, {})])
    assert f"got 1M; the smallest has {least[0] / 1e6:.4g} M parameters" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_limits_that_no_design_meets_together_are_one_line_before_the_search() -> None:
    every = least_of_each_mix(EITHER)
    params, macs = every[:, 0].min(), every[:, 1].min()
    assert not ((every[:, 0] <= params) & (every[:, 1] <= macs)).any()
    for alone in (Limits(params=params), Limits(macs=macs)):
        check_limits(EITHER, table(alone), [])
    with pytest.raises(
        NothingFitsError, match="each can be met, but not all by one design; the nearest has"
    ) as refused:
        check_limits(EITHER, table(Limits(params=params, macs=macs)), [])
    assert "\n" not in str(refused.value)
    enough = every[int(np.argmin(every[:, 0]))]
    check_limits(EITHER, table(Limits(params=enough[0], macs=enough[1])), [])


def test_limits_are_refused_without_pricing_the_larger_blocks_of_a_space() -> None:
    narrow = replace(
        TINY, widths=tuple(row[:1] for row in TINY.widths), mlp_ratios=((4.0,), (4.0,), (3.0,), (4.0,))
    )
    priced, least = table(Limits(params=1e6)), table(Limits(params=1e6))
    for space, own in ((TINY, priced), (narrow, least)):
        with pytest.raises(NothingFitsError, match="--params must leave at least one"):
            check_limits(space, own, [])
    assert priced.size == least.size


def test_limits_that_only_guesses_meet_are_one_line_with_the_nearest() -> None:
    class Narrow(FakeAccuracy):
        def in_region(self, summaries: np.ndarray) -> np.ndarray:
            return summaries[:, 0] > 8e6

    judge = replace(scorer(Limits(params=5e6)), accuracy=Narrow())
    with pytest.raises(
        NothingFitsError, match="got at most 5 M parameters; the nearest that the search found"
    ):
        search_mixes(StudySpec("x", 3.0, trials=4, space=TINY, name="t"), judge, "")


def test_limits_are_inputs_of_a_study_and_change_nothing_where_there_are_none(tmp_path: Path) -> None:
    plain = StudySpec("x", 2.0)
    assert set(plain.inputs()) == {"device", "budget_ms", "confidence", "trials", "seed", "space", "fits_by"}
    assert plain.name == "x-2ms"
    limited = replace(plain, name="", limits=Limits(params=10e6, memory_bytes=24e6), out=tmp_path)
    assert limited.name == "x-2ms-params-10M-memory-24MB"
    assert limited.inputs() == {**plain.inputs(), "limits": {"params": 10e6, "memory_bytes": 24e6}}
    write_inputs(limited, "mark", {})
    known = read_inputs(limited.folder)
    assert known is not None
    assert known.inputs["limits"] == {"params": 10e6, "memory_bytes": 24e6}
