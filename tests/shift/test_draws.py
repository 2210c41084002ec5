"""Draws are paired: by family over devices, and by design over draws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dsim.accuracy import load_accuracy_model
from dsim.accuracy.draws import draw_top1
from dsim.accuracy.recipe import Augment, Recipe, Teacher
from dsim.arch import Activation, get_preset
from dsim.errors import InvalidValueError
from dsim.latency import load_model
from dsim.latency.refit import can_refit, families_of, refit
from dsim.shift.families import in_half, once_in_half, times_drawn
from dsim.shift.panel import Panel
from dsim.shift.swaps import swaps, with_activation

L1, L3 = get_preset("efficientformer_l1"), get_preset("efficientformer_l3")


def test_a_family_counts_alike_wherever_it_was_measured() -> None:
    names = [f"family {k}" for k in range(4000)]
    draw = times_drawn(0, 3)
    assert [draw(name) for name in names] == [times_drawn(0, 3)(name) for name in names]
    counts = np.array([draw(name) for name in names])
    assert counts.mean() == pytest.approx(1.0, abs=0.05)
    assert counts.var() == pytest.approx(1.0, abs=0.1)
    assert [times_drawn(0, 4)(name) for name in names] != counts.tolist()


def test_halves_are_complements() -> None:
    names = [f"family {k}" for k in range(1000)]
    first, second = (in_half(7, 2, half) for half in (0, 1))
    assert all(first(name) != second(name) for name in names)
    assert 400 < sum(map(first, names)) < 600
    assert all(once_in_half(7, 2, 0)(name) == int(first(name)) for name in names)


def test_accuracy_draws_agree_with_the_model_and_share_what_designs_share() -> None:
    model = load_accuracy_model()
    relu = with_activation(L1, Activation.RELU)
    archs = [L1, L1, L3, relu]
    table = np.array([model.summarise(arch.to_graph()) for arch in archs])
    draws = draw_top1(model, table, np.array([0, 0, 1, 0]), 4000, 0)
    mean = model.predict(table).top1
    assert np.median(draws, axis=0) == pytest.approx(mean, abs=0.15)
    assert np.abs(draws[:, 0] - draws[:, 1]).max() < 1e-6  # one design, one accuracy
    plain = Recipe(100, Teacher.NONE, Augment.STRONG, 224, "plain")
    less = draw_top1(model, table, np.array([0, 0, 1, 0]), 4000, 0, plain)
    assert np.median(less, axis=0) == pytest.approx(model.predict(table, recipe=plain).top1, abs=0.15)
    assert (np.median(less, axis=0) < np.median(draws, axis=0) - 1.0).all()
    # the difference of two designs is far surer than either
    alone = draws.std(0)
    assert (draws[:, 2] - draws[:, 0]).std() < 0.8 * np.hypot(alone[0], alone[2])
    # what activations differ by is the published ablations' affair, structure has no part in it
    moved = np.diff(model.effects.shift(table)[[0, 3]], axis=0)[0]
    deviation = float(np.sqrt(moved @ model.effects.covariance @ moved))
    change = draws[:, 3] - draws[:, 0]
    assert change.mean() == pytest.approx(mean[3] - mean[0], abs=0.05)
    assert change.std() == pytest.approx(deviation, rel=0.1)
    assert float(moved @ model.effects.mean) < 0


def test_a_refit_on_everything_is_the_model_itself() -> None:
    model = load_model("iphone12")
    again = refit("iphone12", lambda family: 1)
    phi = np.array([model.featurise(arch.to_graph()) for arch in (L1, L3)])
    assert again.price(phi).latency_ms == pytest.approx(model.price(phi).latency_ms, rel=1e-6)
    other = refit("iphone12", times_drawn(0, 0))
    assert other.price(phi).latency_ms != pytest.approx(model.price(phi).latency_ms, rel=1e-3)


def test_a_refit_needs_something_to_learn_from() -> None:
    assert families_of("iphone12")
    assert can_refit("iphone12", lambda family: 1)
    assert not can_refit("iphone12", lambda family: 0)
    with pytest.raises(InvalidValueError, match="must keep at least 3"):
        refit("iphone12", lambda family: 0)


def test_panels_cut_designs_into_pieces_that_add_up() -> None:
    archs = [L1, L3, L1, with_activation(L1, Activation.RELU)]
    panel = Panel(archs)
    assert len(panel) == 3
    macs = np.array([graph.macs for graph in panel.graphs])
    for arch in archs:
        assert panel.counts[panel.index(arch)] @ macs == arch.to_graph().macs
    # designs that differ in activation alone err alike
    assert panel.own[panel.index(archs[3])] == panel.own[panel.index(L1)] != panel.own[panel.index(L3)]
    shares = panel.shares(np.ones_like(panel.counts) * panel.counts)
    assert shares.sum(1) == pytest.approx(1.0)
    assert shares[panel.index(archs[3])] == pytest.approx(shares[panel.index(L1)])


@pytest.mark.parametrize("name", ["efficientformer_l1", "efficientformerv2_s1", "poolformer_s12"])
def test_swaps_change_one_thing_and_make_designs_that_lower(name: str) -> None:
    arch = get_preset(name)
    found = swaps(arch)
    assert len({swap.arch for swap in found}) == len(found) > 8
    for swap in found:
        graph = swap.arch.to_graph()
        assert graph.macs > 0
        if swap.kind == "activation":
            assert graph.macs == arch.to_graph().macs
        if swap.kind in ("activation", "norm"):
            assert swap.verdict == f"{swap.kind}:{swap.before}>{swap.after}"
        same = replace(swap.arch, stages=arch.stages, head=arch.head)
        assert (same == arch) != (swap.kind == "stem")
