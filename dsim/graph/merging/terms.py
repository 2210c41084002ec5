"""What an operand of a sum does to some earlier tensor, where that is linear: the branches that can be merged.

An operand may be read in several ways. ``batch_norm(conv(x))`` is a convolution of ``x``, and also the identity of
itself; a sum of branches can be merged where its operands have a reading of the same tensor in common.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dsim.attrs import ConstantAttrs, ConvAttrs, LinearAttrs, PoolAttrs
from dsim.graph.graph import Graph, Ref
from dsim.graph.merging.window import Window, of_conv, of_identity, of_pool
from dsim.op import Op, OpKind

MAP_RANK, MAP_CHANNELS = 4, 1
_SCALES = frozenset({OpKind.MUL, OpKind.DIV})
_SHIFTS = frozenset({OpKind.ADD, OpKind.SUB})


@dataclass(frozen=True, slots=True)
class Term:
    """One reading of an operand.

    Attributes
    ----------
    source
        The tensor that it is a linear function of.
    nodes
        The ops between, which go when it is merged; nobody else reads what they write.
    window
        What it sees of a map; None for a layer over the last axis.
    axis
        The axis of its channels; None where any would do.
    shifts
        True where it adds something of its own (a bias, a batch norm).
    host
        The layer that can take others in, or None.
    """

    source: Ref
    nodes: tuple[int, ...]
    window: Window | None
    axis: int | None
    shifts: bool
    host: int | None = None


def terms(graph: Graph, ref: Ref) -> dict[Ref, Term]:
    """Return the readings of a tensor that a sum reads, by the tensor that each starts from."""
    shape = graph.spec(ref).shape
    found: dict[Ref, Term] = {}
    for term in _readings(graph, ref, shape):
        found.setdefault(term.source, term)
    return found


def _readings(graph: Graph, ref: Ref, shape: tuple[int, ...]) -> Iterator[Term]:
    nodes: tuple[int, ...] = ()
    axis: int | None = None
    shifts = False
    while True:
        if graph.spec(ref).shape == shape:
            window = of_identity(shape[MAP_CHANNELS]) if len(shape) == MAP_RANK else None
            yield Term(ref, nodes, window, axis, shifts)
        if ref.node < 0 or len(graph.consumers[ref]) != 1:
            return
        op = graph.nodes[ref.node].op
        if op.activation is not None:
            return
        own = channel_axis(op)
        if own is None:
            yield from _layers(graph, ref, nodes, axis, shifts)
            return
        if own >= 0:
            if axis not in (None, own):
                return
            axis = own
        shifts = shifts or op.kind in _SHIFTS or op.kind is OpKind.BATCH_NORM
        nodes = (*nodes, ref.node)
        ref = graph.nodes[ref.node].inputs[0]


def channel_axis(op: Op) -> int | None:
    """Return the axis along which an op scales and shifts its one input; -1 for any, None where it does something else."""
    if op.kind is OpKind.BATCH_NORM:
        return MAP_CHANNELS
    attrs = op.attrs
    if op.kind not in _SCALES | _SHIFTS or not isinstance(attrs, ConstantAttrs) or attrs.constant is None:
        return None
    if op.inputs[0] != op.outputs[0] or (op.kind is OpKind.DIV and attrs.reverse):
        return None
    rank = len(op.outputs[0].shape)
    wide = [rank - len(attrs.constant) + i for i, size in enumerate(attrs.constant) if size > 1]
    if len(wide) > 1:
        return None
    return wide[0] if wide else -1


def _layers(graph: Graph, ref: Ref, nodes: tuple[int, ...], axis: int | None, shifts: bool) -> Iterator[Term]:
    """Return the readings that go through the layer that writes ``ref``, which is read by one op alone."""
    node = graph.nodes[ref.node]
    attrs, source, whole = node.op.attrs, node.inputs[0], (*nodes, ref.node)
    if isinstance(attrs, PoolAttrs) and node.op.kind is OpKind.AVG_POOL:
        seen = of_pool(attrs, node.op.inputs[0].shape[MAP_CHANNELS])
        if seen is not None and axis in (None, MAP_CHANNELS):
            yield Term(source, whole, seen, MAP_CHANNELS, shifts)
        return
    window: Window | None
    if isinstance(attrs, ConvAttrs):
        own, window, padded = MAP_CHANNELS, of_conv(attrs), any(attrs.padding)
    elif isinstance(attrs, LinearAttrs):
        own, window, padded = len(node.op.outputs[0].shape) - 1, None, False
    else:
        return
    if axis not in (None, own):
        return
    shifts = shifts or attrs.bias
    yield Term(source, whole, window, own, shifts, ref.node)
    yield from _behind(graph, Term(source, whole, window, own, shifts, ref.node), padded)


def _behind(graph: Graph, layer: Term, padded: bool) -> Iterator[Term]:
    """Return the readings that go on through what a layer reads, as far as zeros at the border allow it.

    A scale before a layer goes into its weights. A shift before it does so too where the layer pads nothing; zeros that
    it pads are not shifted. Of two layers in a row, one must see a single place.
    """
    ref, nodes, shifted = layer.source, layer.nodes, False
    while ref.node >= 0 and len(graph.consumers[ref]) == 1:
        node = graph.nodes[ref.node]
        own = channel_axis(node.op)
        if node.op.activation is not None:
            return
        if own is None:
            break
        shifted = shifted or node.op.kind in _SHIFTS or node.op.kind is OpKind.BATCH_NORM
        if own not in (-1, layer.axis) or (shifted and padded):
            return
        nodes, ref = (*nodes, ref.node), node.inputs[0]
        yield Term(ref, nodes, layer.window, layer.axis, layer.shifts or shifted, layer.host)
    if ref.node < 0 or len(graph.consumers[ref]) != 1:
        return
    node = graph.nodes[ref.node]
    attrs = node.op.attrs
    if not isinstance(attrs, ConvAttrs | LinearAttrs) or (attrs.bias and padded):
        return
    if isinstance(attrs, ConvAttrs) != (layer.window is not None):
        return
    window = None
    if isinstance(attrs, ConvAttrs) and layer.window is not None:
        window = _chained(of_conv(attrs), layer.window)
        if window is None:
            return
    yield Term(
        node.inputs[0],
        (*nodes, ref.node),
        window,
        layer.axis,
        layer.shifts or shifted or attrs.bias,
    )


def _chained(first: Window, second: Window) -> Window | None:
    """Return the window of two layers in a row, where one of them sees a single place."""
    groups = first.groups if first.groups == second.groups else 1
    if second.is_one_place:
        return Window(first.offsets, first.stride, groups)
    return Window(second.offsets, second.stride, groups) if first.is_one_place else None
