"""Parallel linear branches that fuse into one convolution at inference count once.

For example, ``bn(conv3x3(x)) + bn(conv1x1(x)) + bn(x)`` is one 3x3 convolution as far as capacity and cost go.
MobileOne, RepVGG, RepViT and FastViT train so. A network means the same in either form, so a summary must not depend
on which of the two it was read in. A residual around one depthwise convolution (x + conv(x)) is such a sum, too.
"""

from __future__ import annotations

from dataclasses import dataclass

from dsim.attrs import ConvAttrs
from dsim.graph import Graph
from dsim.graph.graph import Ref
from dsim.op import Op, OpKind


@dataclass(frozen=True, slots=True)
class _Linear:
    """A tensor that is a convolution of ``source`` (or ``source`` itself, scaled, where ``conv`` is None)."""

    source: Ref
    conv: int | None
    branches: frozenset[int] = frozenset()


def redundant_branches(graph: Graph) -> tuple[frozenset[int], frozenset[int]]:
    """Find what fuses away.

    Returns
    -------
    convs
        Positions of the convolutions that disappear into a larger one that reads the same tensor.
    adds
        Positions of the additions that join such branches: they are no residual connections.
    """
    forms: dict[Ref, _Linear] = {}
    dropped: set[int] = set()
    adds: set[int] = set()
    for index, node in enumerate(graph.nodes):
        op, out = node.op, Ref(index)
        if op.activation is not None or not node.inputs:
            continue
        first = forms.get(node.inputs[0], _Linear(node.inputs[0], None))
        if op.kind is OpKind.CONV2D:
            # two convolutions in a row are no single one: the second starts anew from what the first wrote
            forms[out] = _Linear(first.source if first.conv is None else node.inputs[0], index)
        elif op.kind is OpKind.BATCH_NORM or (op.kind is OpKind.MUL and len(node.inputs) == 1):
            forms[out] = first
        elif op.kind is OpKind.ADD and len(node.inputs) == 2:
            second = forms.get(node.inputs[1], _Linear(node.inputs[1], None))
            # an operand may also stand for itself, whatever made it: a piece of a network, which does not know what
            # came before, must find the same branches as the whole
            ways = (
                (first, second),
                (_Linear(node.inputs[0], None), second),
                (first, _Linear(node.inputs[1], None)),
            )
            found = ((a.source, _join(graph, a, b)) for a, b in ways)
            source, joined = next(((s, j) for s, j in found if j is not None), (first.source, None))
            if joined is not None:
                kept, lost = joined
                forms[out] = _Linear(source, kept)
                adds.add(index)
                dropped |= lost
    return frozenset(dropped), frozenset(adds)


def _join(graph: Graph, a: _Linear, b: _Linear) -> tuple[int | None, set[int]] | None:
    if a.source != b.source:
        return None
    if a.conv is None or b.conv is None:
        kept = a.conv if a.conv is not None else b.conv
        # an identity beside a convolution that changes nothing but values: both fit in one kernel
        return (kept, set()) if kept is not None and _keeps_shape(graph.nodes[kept].op) else None
    first, second = graph.nodes[a.conv].op, graph.nodes[b.conv].op
    assert isinstance(first.attrs, ConvAttrs)
    assert isinstance(second.attrs, ConvAttrs)
    if (first.attrs.stride, first.attrs.groups) != (second.attrs.stride, second.attrs.groups):
        return None
    big, small = (a.conv, b.conv) if first.macs >= second.macs else (b.conv, a.conv)
    return big, {small}


def _keeps_shape(op: Op) -> bool:
    # a dense 1x1 beside its input (an FFN without activation, a residual bottleneck) is left alone: only spatial
    # kernels are trained as branches with an identity
    return op.inputs[0] == op.outputs[0] and not op.is_pointwise
