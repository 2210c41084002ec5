"""Operators that one family alone holds, exchanged graphs, and fused attention."""

from __future__ import annotations

import numpy as np

from dsim.arch import get_preset
from dsim.attrs import AxisAttrs, ConstantAttrs, ConvAttrs, UnknownAttrs
from dsim.graph import Graph, GraphBuilder
from dsim.graph.passes import run_passes
from dsim.latency.facts import facts_of
from dsim.latency.lonely import lonely
from dsim.latency.networks import Network
from dsim.latency.swap import with_swap
from dsim.op import ACTIVATIONS, OpKind


def _network(label: str) -> Network:
    b = GraphBuilder()
    x = b.add(OpKind.CONV2D, b.input((1, 3, 32, 32)), attrs=ConvAttrs(8, (3, 3), (2, 2), (1, 1)))
    if label:
        x = b.add(OpKind.UNKNOWN, x, attrs=UnknownAttrs(label, ((1, 8, 16, 16),)))
    graph = b.build(x)
    return Network(facts_of(graph), (), lambda: graph)


def test_an_operator_of_one_family_is_lonely_and_one_of_two_is_not() -> None:
    networks = {
        "resnet18@224": _network("lstm"),
        "resnet50@224": _network("lstm"),
        "vit_base_patch16_224@224": _network("einsum"),
        "mobilenetv2_100@224": _network("einsum"),
        "convnext_tiny@224": _network(""),
        "levit_128s@224": _network("pow"),  # works like a known kind
    }
    assert lonely(networks) == {"resnet18@224", "resnet50@224"}


def test_a_swap_changes_every_activation_or_norm_and_no_shape() -> None:
    graph = get_preset("efficientformer_l1").to_graph()

    def kinds(of: Graph) -> list[OpKind]:
        return [op.kind for op in of.ops]

    relu = with_swap(graph, "activation", "relu")
    assert not {OpKind.GELU, OpKind.SILU} & set(kinds(relu))
    assert sum(kind in ACTIVATIONS for kind in kinds(relu)) == sum(
        kind in ACTIVATIONS for kind in kinds(graph)
    )
    group = with_swap(graph, "norm", "group")
    assert OpKind.BATCH_NORM not in kinds(group)
    assert kinds(group).count(OpKind.GROUP_NORM) >= kinds(graph).count(OpKind.BATCH_NORM)
    assert group.macs == relu.macs == graph.macs
    assert with_swap(graph, "norm", "batch").hash() == graph.hash()


def test_only_attention_that_nothing_interrupts_is_fused() -> None:
    def attention(bias: bool) -> Graph:
        b = GraphBuilder()
        q = b.input((1, 4, 16, 8))
        scores = b.add(OpKind.MATMUL, q, b.input((1, 4, 8, 16)), attrs=ConstantAttrs())
        if bias:
            scores = b.add(OpKind.ADD, scores, scores, attrs=ConstantAttrs())
        weights = b.add(OpKind.SOFTMAX, scores, attrs=AxisAttrs(3))
        return b.build(b.add(OpKind.MATMUL, weights, q, attrs=ConstantAttrs()))

    def softmaxes(graph: Graph) -> int:
        run = run_passes(graph, ("fuse_attention",))
        assert run.macs == graph.macs
        return int(np.sum([op.kind is OpKind.SOFTMAX for op in run.ops]))

    assert softmaxes(attention(bias=False)) == 0
    assert softmaxes(attention(bias=True)) == 1
