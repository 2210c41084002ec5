"""What runtimes time, on graphs whose answer is known."""

from __future__ import annotations

import pytest

from dsim.arch import get_preset
from dsim.graph import Graph
from dsim.latency.methods.operators.links import run_graph
from dsim.measure.attribute import attribute, sign_of
from dsim.measure.records import FOLDED, RuntimeOp
from dsim.op import OpKind


@pytest.fixture(scope="module")
def run() -> Graph:
    return run_graph(get_preset("efficientformer_l1").to_graph(), FOLDED)


def timed_as(run: Graph, kinds: set[OpKind]) -> list[RuntimeOp]:
    """Return a runtime's own list if it ran these kinds one by one, a millisecond each."""
    return [
        RuntimeOp("own name", sign_of(node.op), node.op.macs, node.op.outputs[0].numel, 1.0)
        for node in run.nodes
        if node.op.kind in kinds
    ]


def test_every_op_finds_its_node(run: Graph) -> None:
    kinds = {OpKind.CONV2D, OpKind.GELU, OpKind.LINEAR, OpKind.MATMUL, OpKind.SOFTMAX}
    found = attribute(run, timed_as(run, kinds))
    wanted = {n for n, node in enumerate(run.nodes) if node.op.kind in kinds}
    assert set(found.latency_ms) == wanted
    assert set(found.latency_ms.values()) == {1.0}
    assert not found.inserted_ms


def test_nothing_of_the_time_is_lost(run: Graph) -> None:
    timed = timed_as(run, {OpKind.CONV2D})
    timed.insert(3, RuntimeOp("ReorderOutput", "", 0, 99, 0.25))
    found = attribute(run, timed)
    assert found.total_ms == pytest.approx(sum(one.latency_ms for one in timed))
    assert found.inserted_ms == {"ReorderOutput": 0.25}


def test_padded_channels_still_pair(run: Graph) -> None:
    timed = [
        RuntimeOp(one.label, one.kind, round(one.macs * 1.4), round(one.elements * 1.2), one.latency_ms)
        for one in timed_as(run, {OpKind.CONV2D})
    ]
    assert not attribute(run, timed).inserted_ms


def test_a_reorder_is_charged_to_what_multiplies_nothing(run: Graph) -> None:
    timed = timed_as(run, {OpKind.CONV2D, OpKind.LAYER_NORM})
    first = next(n for n, one in enumerate(timed) if one.kind == "norm")
    timed.insert(first, RuntimeOp("Reorder", "", 0, 1, 0.5))
    found = attribute(run, timed)
    norm = next(n for n, node in enumerate(run.nodes) if node.op.kind is OpKind.LAYER_NORM)
    assert found.latency_ms[norm] == pytest.approx(1.5)


def test_an_op_of_another_kind_takes_no_node(run: Graph) -> None:
    found = attribute(run, [*timed_as(run, {OpKind.CONV2D}), RuntimeOp("Tanh", "tanh", 0, 10, 0.5)])
    assert found.inserted_ms == {"Tanh": 0.5}


def test_a_compiled_attention_is_put_to_its_products(run: Graph) -> None:
    timed, second = without_attention(run)
    found = attribute(run, timed)
    products = [n for n, node in enumerate(run.nodes) if node.op.kind is OpKind.MATMUL][:2]
    macs = [run.nodes[n].op.macs for n in products]
    assert [found.latency_ms[n] for n in products] == pytest.approx([2.0 * one / sum(macs) for one in macs])
    assert found.total_ms == pytest.approx(sum(one.latency_ms for one in timed))
    assert second == products[1]


def test_what_is_compiled_is_put_to_no_op_elsewhere(run: Graph) -> None:
    timed, second = without_attention(run)
    elements = run.nodes[second].op.outputs[0].numel
    # a scale of the queries that happens to write as much is not the attention: the costliest is
    at = next(n for n, one in enumerate(timed) if one.label == "Subgraph")
    timed.insert(at, RuntimeOp("Subgraph", "", 0, elements, 0.125))
    early = next(n for n, node in enumerate(run.nodes) if node.op.kind is OpKind.ADD)
    timed.insert(at, RuntimeOp("Subgraph", "", 0, run.nodes[early].op.outputs[0].numel, 0.25))
    found = attribute(run, timed).latency_ms
    products = [n for n, node in enumerate(run.nodes) if node.op.kind is OpKind.MATMUL][:2]
    assert sum(found[n] for n in products) == pytest.approx(2.0)
    assert early not in found


def without_attention(run: Graph) -> tuple[list[RuntimeOp], int]:
    """Return what a runtime times that compiles the first attention into one, and that one's second product."""
    first, second = [n for n, node in enumerate(run.nodes) if node.op.kind is OpKind.MATMUL][:2]
    kinds = {OpKind.CONV2D, OpKind.LINEAR, OpKind.MATMUL, OpKind.LAYER_NORM}
    timed = [
        RuntimeOp("own name", sign_of(node.op), node.op.macs, node.op.outputs[0].numel, 0.5)
        if n != second
        else RuntimeOp("Subgraph", "", 0, node.op.outputs[0].numel, 2.0)
        for n, node in enumerate(run.nodes)
        if node.op.kind in kinds and n != first
    ]
    return timed, second
