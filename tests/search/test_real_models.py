"""With the real models: table prices equal graph-by-graph prediction, and a search keeps to what is identified."""

from __future__ import annotations

import numpy as np
import pytest

import dsim
from dsim.accuracy import load_accuracy_model
from dsim.latency import load_model
from dsim.latency.pricing import LOOSE
from dsim.latency.refit import refit
from dsim.search.grid import Grid
from dsim.search.mix import mix_from, parameters
from dsim.search.score import Scorer
from dsim.search.space import Space
from dsim.search.table import CostTable

DEVICES = ("iphone12", *(pytest.param(name, marks=pytest.mark.slow) for name in ("iphone13", "iphone14")))
# learned from operators: one links a batch norm behind a sum into a convolution, one into the sum itself, one on a phone's GPU
OPERATORS = ("xeon-amx-openvino-bf16", "epyc-zen3-litert", "galaxy-s10-gpu-tflite")


@pytest.mark.parametrize("device", DEVICES)
def test_table_prices_equal_graph_prices(device: str) -> None:
    latency, accuracy = load_model(device), load_accuracy_model()
    space = Space()
    table = CostTable(latency, accuracy)
    random = np.random.default_rng(7)
    for _ in range(12):
        mix = mix_from(
            space, {name: row[random.integers(len(row))] for name, row in parameters(space).items()}
        )
        grid = Grid(space, mix, table)
        points = random.integers(0, np.array(grid.sizes), size=(3, 12))
        rows = table.cut(grid.rows(points))
        prices, tops = latency.price(rows.phi, 0.9), accuracy.predict(rows.summary, 0.9)
        for i, point in enumerate(points):
            graph = grid.arch(point).to_graph()
            whole = latency.estimate(graph, 0.9)
            from_table = (prices.latency_ms[i], prices.low_ms[i], prices.high_ms[i])
            assert from_table == pytest.approx((whole.latency_ms, whole.low_ms, whole.high_ms), rel=1e-9)
            alone = accuracy.predict(accuracy.summarise(graph)[None], 0.9)
            assert (tops.top1[i], tops.low[i], tops.high[i]) == pytest.approx(
                (alone.top1[0], alone.low[0], alone.high[0]), rel=1e-9
            )


@pytest.mark.slow
@pytest.mark.parametrize("device", OPERATORS)
def test_operators_of_pieces_are_those_of_the_design(device: str) -> None:
    latency, space = load_model(device), Space()
    table, random = CostTable(latency, load_accuracy_model()), np.random.default_rng(7)
    for _ in range(12):
        mix = mix_from(
            space, {name: row[random.integers(len(row))] for name, row in parameters(space).items()}
        )
        grid = Grid(space, mix, table)
        point = random.integers(0, np.array(grid.sizes), size=12)
        found = table.cut(grid.rows(point[None])).phi[0]
        assert found == pytest.approx(latency.featurise(grid.arch(point.tolist()).to_graph()), rel=1e-9)


@pytest.mark.parametrize(
    "device", ["pixel4-cpu-1large1med-float", pytest.param("i9-10940x", marks=pytest.mark.slow)]
)
def test_quick_marks_are_exact_about_the_budget(device: str) -> None:
    latency, accuracy = load_model(device), load_accuracy_model()
    table, space, random = CostTable(latency, accuracy), Space(), np.random.default_rng(5)
    mix = mix_from(space, {name: row[random.integers(len(row))] for name, row in parameters(space).items()})
    grid = Grid(space, mix, table)
    rows = grid.rows(random.integers(0, np.array(grid.sizes), size=(300, 12)))
    plain = latency.price(table.cut(rows).phi, 0.9)
    for budget in plain.needs_ms[:40].tolist():  # at which one of them is just within
        scorer = Scorer(latency, accuracy, table, budget, 0.9)
        quick, exact = scorer.mark(rows), scorer.mark(rows, single=False)
        np.testing.assert_allclose(exact.needs_ms, plain.needs_ms, rtol=1e-12)
        np.testing.assert_allclose(quick.needs_ms, plain.needs_ms, rtol=LOOSE)
        np.testing.assert_allclose(quick.latency_ms, plain.latency_ms, rtol=LOOSE)
        known = accuracy.in_region(table.cut(rows).summary)
        np.testing.assert_array_equal(scorer.feasible(quick)[known], scorer.feasible(exact)[known])
        assert not quick.sure.any()


@pytest.mark.slow
def test_a_table_for_prices_learned_anew_holds_what_these_say_of_the_whole_design() -> None:
    device = "pixel4-gpu-tflite"  # learned from operators: a vector holds prices, and changes with them
    accuracy, space = load_accuracy_model(), Space()
    anew = refit(device, lambda family: 1 + len(family) % 2)
    first = CostTable(load_model(device), accuracy)
    random = np.random.default_rng(3)
    mix = mix_from(space, {name: row[random.integers(len(row))] for name, row in parameters(space).items()})
    point = [0] * 12
    old = first.cut(Grid(space, mix, first).rows(np.array([point])))
    table = first.refitted(anew, accuracy)
    grid = Grid(space, mix, table)
    new = table.cut(grid.rows(np.array([point])))
    graph = grid.arch(point).to_graph()
    assert new.phi[0] == pytest.approx(anew.featurise(graph), rel=1e-9)
    assert new.phi[0] != pytest.approx(old.phi[0], rel=1e-4)
    assert new.summary[0] == pytest.approx(accuracy.summarise(graph), rel=1e-9)


@pytest.mark.parametrize("device", DEVICES)
def test_search_keeps_unidentified_choices_at_their_published_value(device: str) -> None:
    result = dsim.search(device=device, budget_ms=2.5, trials=4)
    verdicts = load_model(device).identified
    assert result.chosen is not None
    for candidate in result.front:
        for stage in candidate.arch.stages:
            for block in stage.blocks:
                if block.activation != "gelu":
                    assert verdicts[f"activation:gelu>{block.activation}"].identified
                if block.norm != "batch" and block.mixer != "attention":
                    assert verdicts[f"norm:batch>{block.norm}"].identified
    named = {(item.choice, option) for item in result.not_identified for option in item.dropped}
    for kind, first, options in (
        ("activation", "gelu", ("relu", "silu", "hardswish")),
        ("norm", "batch", ("layer", "group")),
    ):
        for option in options:
            assert verdicts[f"{kind}:{first}>{option}"].identified != ((kind, option) in named)


def test_same_inputs_same_answer() -> None:
    first, second = (dsim.search(device="iphone12", budget_ms=2.0, trials=3, seed=5) for _ in range(2))
    assert first.chosen == second.chosen
    assert first.front == second.front
