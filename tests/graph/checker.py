"""What every pass promises, checked from outside: nothing is lost but what its name says."""

from __future__ import annotations

import dataclasses
from collections import Counter

from dsim.attrs import ConvAttrs, LinearAttrs
from dsim.graph import Graph, Node
from dsim.graph.passes import Pass
from dsim.op import ACTIVATIONS, Op

BIASED = (ConvAttrs, LinearAttrs)


def _width(op: Op) -> int:
    assert isinstance(op.attrs, BIASED)
    return op.attrs.out_channels if isinstance(op.attrs, ConvAttrs) else op.attrs.out_features


def _bare(op: Op) -> Op:
    """An op without what a pass may add to it: a bias, an activation."""
    attrs = (
        dataclasses.replace(op.attrs, bias=True, params=None) if isinstance(op.attrs, BIASED) else op.attrs
    )
    return dataclasses.replace(op, attrs=attrs, activation=None)


def _kept(graph: Graph, pass_: Pass) -> list[Node]:
    return [node for node in graph.nodes if node.op.kind not in pass_.removes]


def _activations(graph: Graph) -> Counter[str]:
    alone = [str(op.kind) for op in graph.ops if op.kind in ACTIVATIONS]
    return Counter(alone + [str(op.activation) for op in graph.ops if op.activation is not None])


def check_pass(pass_: Pass, graph: Graph) -> Graph:
    """Run a pass, hold its result against its promises, and give it."""
    before, after = graph.hash(), pass_(graph)
    assert graph.hash() == before, "the argument is left as it is"
    # shapes and arithmetic
    assert after.inputs == graph.inputs
    assert [after.spec(ref) for ref in after.outputs] == [graph.spec(ref) for ref in graph.outputs]
    assert after.macs == graph.macs
    # only what the pass names may be gone, and nothing may be new
    lost = Counter(op.kind for op in graph.ops) - Counter(op.kind for op in after.ops)
    assert set(lost) <= pass_.removes
    assert not Counter(op.kind for op in after.ops) - Counter(op.kind for op in graph.ops)
    # what stays keeps its place, its shapes and its attributes, up to a bias and an activation
    kept, still = _kept(graph, pass_), _kept(after, pass_)
    assert [(_bare(n.op), n.scope) for n in kept] == [(_bare(n.op), n.scope) for n in still]
    assert _activations(after) == _activations(graph)
    # parameters: less those of the removed ops, plus one for each channel of a layer that gained a bias
    removed = [op for op in graph.ops if op.kind in pass_.removes]
    left = [op for op in after.ops if op.kind in pass_.removes]
    gained = sum(
        _width(new.op)
        for old, new in zip(kept, still, strict=True)
        if isinstance(old.op.attrs, BIASED) and new.op.attrs.bias and not old.op.attrs.bias
    )
    assert (
        after.params
        == graph.params - sum(op.params for op in removed) + sum(op.params for op in left) + gained
    )
    # twice is once
    assert pass_(after) == after
    return after
