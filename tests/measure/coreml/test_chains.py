"""Chains: what a copy adds, which ops of which designs get one, and that together they tell every op apart."""

from __future__ import annotations

from collections import Counter

import pytest

from dsim.arch import PRESETS, get_preset
from dsim.attrs import ConvAttrs, NoAttrs
from dsim.device.add.slopes import Slope, solve
from dsim.errors import InvalidValueError
from dsim.latency.methods.operators.links import run_graph
from dsim.measure.coreml.chain import BEHIND, FORMS, RESIDUAL, SERIAL, Chain
from dsim.measure.coreml.choose import LENGTHS, MOST_WEIGHTS, PASSES, chain_of, choose_chains, lengths_of
from dsim.op import Op, OpKind, TensorSpec
from tests.export.designs import VARIANTS, thin
from tests.measure.coreml.fakes import true_ms

DESIGNS = {**{name: get_preset(name) for name in PRESETS}, **VARIANTS}


@pytest.mark.parametrize("name", DESIGNS)
def test_every_op_of_every_design_gets_a_figure(name: str) -> None:
    graph = DESIGNS[name].to_graph()
    chosen = choose_chains([graph])
    assert not chosen.left_out
    units = [Counter(chain.unit) for chain in chosen.chains]
    # what the clock would say, by plain addition
    slopes = [Slope(sum(true_ms(op) * n for op, n in unit.items()), 1e-4) for unit in units]
    found = solve(slopes, units)
    for op in run_graph(graph, PASSES).ops:
        if op.outputs:
            assert found[op].ms == pytest.approx(true_ms(op), abs=1e-9), op.label


def test_a_copy_is_what_one_more_copy_adds() -> None:
    forms = set()
    for chain in choose_chains(thin(arch).to_graph() for arch in DESIGNS.values()).chains:
        if chain.form in forms:
            continue
        forms.add(chain.form)
        more = Counter(chain.graph(6).ops) - Counter(chain.graph(2).ops)
        assert more == Counter({op: 4 * n for op, n in Counter(chain.unit).items()})
        assert chain.unit.count(chain.op) >= 1
    assert forms == set(FORMS)


def test_lengths_keep_packages_small() -> None:
    wide = TensorSpec((1, 1024, 7, 7))
    heavy = Op(OpKind.CONV2D, ConvAttrs(1024, (3, 3), padding=(1, 1)), (wide,), (wide,))
    chain = chain_of(heavy)
    assert chain is not None
    assert lengths_of(chain) == (1, 2, 4)
    light = Op(OpKind.CONV2D, ConvAttrs(8, (1, 1)), (TensorSpec((1, 8, 7, 7)),), (TensorSpec((1, 8, 7, 7)),))
    small = chain_of(light)
    assert small is not None
    assert lengths_of(small) == LENGTHS
    assert LENGTHS[-1] * light.weights < MOST_WEIGHTS


def test_an_activation_is_timed_behind_what_it_follows() -> None:
    shape = TensorSpec((1, 8, 7, 7))
    conv = Op(OpKind.CONV2D, ConvAttrs(8, (1, 1)), (shape,), (shape,))
    relu = Op(OpKind.RELU, NoAttrs(), (shape,), (shape,))
    behind = chain_of(relu, conv)
    assert behind is not None
    assert (behind.form, Counter(behind.unit)) == (BEHIND, Counter([conv, relu]))
    alone = chain_of(relu)
    assert alone is not None
    assert alone.form == RESIDUAL  # relu of relu is relu


def test_impossible_chains_are_refused() -> None:
    op = Op(OpKind.CONV2D, ConvAttrs(16, (1, 1)), (TensorSpec((1, 8, 7, 7)),), (TensorSpec((1, 16, 7, 7)),))
    with pytest.raises(InvalidValueError, match="keeps the shape"):
        Chain(op, SERIAL)
    with pytest.raises(InvalidValueError, match="one of the forms"):
        Chain(op, "loop")
    with pytest.raises(InvalidValueError, match="with a producer"):
        Chain(op, BEHIND)
