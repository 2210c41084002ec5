"""A sum of table rows is what reading the whole graph gives, for every kind of mix."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dsim.arch import PRESETS
from dsim.graph import Graph
from dsim.search.grid import Grid
from dsim.search.mix import mix_from, parameters
from dsim.search.space import Space
from dsim.search.table import CostTable
from tests.search.fakes import FakeAccuracy, FakeLatency


@pytest.mark.parametrize("seed", range(40))
def test_rows_equal_the_whole_graph(seed: int) -> None:
    space, latency, accuracy = Space(), FakeLatency(), FakeAccuracy()
    random = np.random.default_rng(seed)
    mix = mix_from(space, {name: row[random.integers(len(row))] for name, row in parameters(space).items()})
    table = CostTable(latency, accuracy)
    grid = Grid(space, mix, table)
    points = random.integers(0, np.array(grid.sizes), size=(4, 12))
    rows = table.cut(grid.rows(points))
    for i, point in enumerate(points):
        graph = grid.arch(point).to_graph()
        np.testing.assert_allclose(rows.phi[i], latency.featurise(graph), rtol=1e-9)
        np.testing.assert_allclose(rows.summary[i], accuracy.summarise(graph), rtol=1e-9)


@pytest.mark.parametrize("after", [0, 1, 7])
def test_a_table_that_ctrl_c_stopped_at_any_piece_goes_on(after: int) -> None:
    class Stopped(FakeLatency):
        left = after

        def featurise(self, graph: Graph) -> np.ndarray:
            self.left -= 1
            if self.left == -1:
                raise KeyboardInterrupt
            return super().featurise(graph)

    arch = PRESETS["efficientformer_l1"]
    table = CostTable(Stopped(), FakeAccuracy())
    with pytest.raises(KeyboardInterrupt):
        table.whole(arch)
    np.testing.assert_array_equal(table.whole(arch), CostTable(FakeLatency(), FakeAccuracy()).whole(arch))


def test_prices_are_for_the_classes_that_are_deployed() -> None:
    latency, accuracy = FakeLatency(), FakeAccuracy()
    table = CostTable(latency, accuracy, classes=10)
    mix = mix_from(Space(), {})
    grid = Grid(Space(), mix, table)
    points = np.random.default_rng(0).integers(0, np.array(grid.sizes), size=(4, 12))
    rows = table.cut(grid.rows(points))
    for i, point in enumerate(points):
        arch = grid.arch(point)
        few = replace(arch, num_classes=10).to_graph()
        np.testing.assert_allclose(rows.phi[i], latency.featurise(few), rtol=1e-9)
        # two classifiers of 990 scores fewer
        macs = latency.featurise(arch.to_graph())[0] - rows.phi[i, 0]
        assert macs == 2 * 990 * arch.stages[3].width
        np.testing.assert_allclose(rows.summary[i], accuracy.summarise(arch.to_graph()), rtol=1e-9)
        again = table.cut(table.whole(replace(arch, num_classes=10)))
        np.testing.assert_allclose(again.summary, rows.summary[i], rtol=1e-9)


def test_no_design_is_made_by_two_mixes() -> None:
    from dsim.arch import Mixer, Norm, Stem
    from dsim.search.mix import all_mixes

    space = Space(
        stems=(Stem.TWO_CONVS,),
        mixers=((Mixer.POOLING,), (Mixer.POOLING,), (Mixer.POOLING, Mixer.CONV3), (Mixer.POOLING, Mixer.FFN)),
        attention_blocks=((0, 1, 2), (1, 0)),
        norms=(Norm.BATCH,),
        activations=Space().activations[:1],
        widths=((32,), (64,), (128,), (256,)),
        depths=((1,), (1,), (1, 2), (1, 2)),
        mlp_ratios=((4.0,),) * 4,
    )
    table = CostTable(FakeLatency(), FakeAccuracy())
    hashes = []
    for mix in all_mixes(space):
        grid = Grid(space, mix, table)
        if not grid.is_empty:
            hashes += [grid.arch(point).canonical_hash() for point in grid.all_points()]
    assert len(hashes) > 50
    assert len(hashes) == len(set(hashes))
