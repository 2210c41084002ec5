"""The batch of a graph: how many images it takes at once, and the same network for another number.

Networks fold the batch into other axes: attention heads, windows and frames are counted along with it. So the batch is
followed from the inputs through every op. A tensor carries it in one axis, whose size is ``before x batch x behind``; in
the order of memory that place does not move when a tensor gets another shape, which tells where it is afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dsim.attrs import ConstantAttrs, ShapeAttrs, UnknownAttrs
from dsim.errors import BatchError, InvalidValueError
from dsim.graph.graph import Graph, Node, Ref
from dsim.graph.recurrent import sequences_of
from dsim.graph.shapes import infer_outputs
from dsim.op import ACTIVATIONS, BINARY, Op, OpKind, TensorSpec

IMAGE_RANK = 4  # axes of an image with its batch; a video has one more
Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tensor carries the batch: in ``axis``, with ``behind`` elements of that axis to each image."""

    axis: int
    behind: int = 1


@dataclass(frozen=True, slots=True)
class _Change:
    """From one batch to another."""

    old: int
    new: int

    def shape(self, shape: Shape, place: Place) -> Shape:
        """Return a shape with the batch exchanged."""
        size = shape[place.axis]
        if size % (self.old * place.behind):
            raise _Mixed
        return (*shape[: place.axis], size // self.old * self.new, *shape[place.axis + 1 :])


class _Mixed(Exception):  # noqa: N818 - no error yet: the caller names the op and makes it one
    """An op mixes the images of a batch, or it is not known which axis holds them behind it."""


_Rule = Callable[[Op, Sequence[Place | None], _Change], tuple[Any, Place | None]]


def batch_of(graph: Graph) -> int:
    """Tell how many images a graph takes at once: the first axis of its image inputs.

    Without an image among the inputs, a recurrent layer tells how many sequences it runs. Else the first axis counts where
    every op treats what lies along it alike, and 1 where not (the channels of an image without a batch).

    Raises
    ------
    BatchError
        The image inputs disagree.
    """
    shapes = [spec.shape for spec in graph.inputs]
    images = sorted({shape[0] for shape in shapes if len(shape) >= IMAGE_RANK})
    if len(images) > 1:
        raise BatchError(
            f"the images of one network must agree on their batch, the first axis, got {' and '.join(map(str, images))}; "
            "give every input the same"
        )
    if images:
        return images[0]
    sequences = {sequences_of(node.op) for node in graph.nodes} - {None}
    if len(sequences) == 1:
        return sequences.pop() or 1
    first = {shape[0] for shape in shapes if len(shape) > 1}
    if len(first) != 1 or first == {1}:
        return 1
    (batch,) = first
    try:
        _exchanged(graph, _Change(batch, 2 * batch))
    except BatchError:
        return 1
    return batch


def rebatch(graph: Graph, batch: int) -> Graph:
    """Return the same network for another batch.

    Parameters
    ----------
    graph
        Any graph, before or after passes.
    batch
        Images that it is to take at once, at least 1.

    Raises
    ------
    BatchError
        An op mixes the images of a batch, so that the network for another batch is another network.
    """
    if batch < 1:
        raise BatchError(f"a batch must be at least 1, got {batch}; give 1 for one image")
    old = batch_of(graph)
    return graph if old == batch else _exchanged(graph, _Change(old, batch))


def _exchanged(graph: Graph, change: _Change) -> Graph:
    places: dict[Ref, Place | None] = {}
    inputs = []
    for k, spec in enumerate(graph.inputs):
        carries = bool(spec.shape) and spec.shape[0] == change.old
        places[Ref(-1 - k)] = Place(0) if carries else None
        inputs.append(TensorSpec(change.shape(spec.shape, Place(0))) if carries else spec)
    specs: dict[Ref, TensorSpec] = {Ref(-1 - k): spec for k, spec in enumerate(inputs)}
    nodes = []
    for index, node in enumerate(graph.nodes):
        op, held = node.op, [places[ref] for ref in node.inputs]
        read = tuple(specs[ref] for ref in node.inputs)
        place: Place | None = None
        if any(one is not None for one in held):
            try:
                attrs, place = _RULES.get(op.kind, _alike)(op, held, change)
                outputs = infer_outputs(op.kind, attrs, read)
                wanted = tuple(
                    change.shape(out.shape, place) if place is not None else out.shape for out in op.outputs
                )
                if tuple(out.shape for out in outputs) != wanted:
                    raise _Mixed
            except (_Mixed, InvalidValueError) as error:
                where = f" ({node.scope})" if node.scope else ""
                raise BatchError(
                    f"the batch of this network cannot be changed from {change.old} to {change.new}: {op.label}{where} "
                    f"treats the images of a batch together; give the network at batch {change.new}"
                ) from error
            op = replace(op, attrs=attrs, inputs=read, outputs=outputs)
        for slot, spec in enumerate(op.outputs):
            places[Ref(index, slot)], specs[Ref(index, slot)] = place, spec
        nodes.append(Node(op, node.inputs, node.scope))
    # every op was worked out from the shapes that are written before it
    found = Graph.verified(tuple(inputs), tuple(nodes), graph.outputs)
    return replace(found, notes=graph.notes) if graph.notes else found


def _any(op: Op) -> Any:
    """Return an op's attributes: the rules of a kind know its record."""
    return op.attrs


def _only(held: Sequence[Place | None]) -> Place:
    """Return the place in the first input, which must carry the batch."""
    if not held or held[0] is None:
        raise _Mixed
    return held[0]


def _same(op: Op, held: Sequence[Place | None], change: _Change) -> tuple[Any, Place | None]:
    """Follow an op that writes what it reads, element by element."""
    return op.attrs, _only(held)


def _first(op: Op, held: Sequence[Place | None], change: _Change) -> tuple[Any, Place | None]:
    """Follow an op on maps: the first axis is the only one that it does not look across."""
    place = _only(held)
    if place.axis:
        raise _Mixed
    return op.attrs, place


def _not_on(axes: Callable[[Op], Sequence[int]]) -> _Rule:
    """Make the rule of an op that works along some axes and keeps the others."""

    def rule(op: Op, held: Sequence[Place | None], change: _Change) -> tuple[Any, Place | None]:
        place = _only(held)
        if place.axis in axes(op):
            raise _Mixed
        return op.attrs, place

    return rule


def _reduce(op: Op, held: Sequence[Place | None], change: _Change) -> tuple[Any, Place | None]:
    """Follow a mean, a sum or a global pooling."""
    attrs = _any(op)
    place, axes, keepdim = _only(held), attrs.axes, attrs.keepdim
    if place.axis in axes:
        raise _Mixed
    gone = 0 if keepdim else sum(axis < place.axis for axis in axes)
    return attrs, Place(place.axis - gone, place.behind)


def _given(op: Op, held: Sequence[Place | None], change: _Change) -> tuple[Any, Place | None]:
    """Follow an op whose attributes hold the shape that it writes; the axes before the batch and its own stay."""
    place, attrs = _only(held), _any(op)
    return replace(attrs, shape=change.shape(op.outputs[0].shape, place)), place


def _alike(op: Op, held: Sequence[Place | None], change: _Change) -> tuple[Any, Place | None]:
    """Follow an op that nothing is known of: it is taken to work image by image where it keeps the first axis."""
    place = _only(held)
    carrying = [spec for spec, one in zip(op.inputs, held, strict=True) if one is not None]
    sizes = {spec.shape[:1] for spec in (*carrying, *op.outputs)}
    if place.axis or len(sizes) > 1 or any(one not in (None, place) for one in held):
        raise _Mixed
    attrs = _any(op)
    if isinstance(attrs, UnknownAttrs):
        macs = None if attrs.macs is None else attrs.macs * change.new // change.old
        attrs = replace(attrs, shapes=tuple(change.shape(shape, place) for shape in attrs.shapes), macs=macs)
    elif isinstance(attrs, ShapeAttrs):
        attrs = replace(attrs, shape=change.shape(attrs.shape, place))
    return attrs, place


def _concat(op: Op, held: Sequence[Place | None], change: _Change) -> tuple[Any, Place | None]:
    place = _only(held)
    if any(one != place for one in held) or _any(op).axis == place.axis:
        raise _Mixed
    return op.attrs, place


def _slice(op: Op, held: Sequence[Place | None], change: _Change) -> tuple[Any, Place | None]:
    attrs = _any(op)
    place = _only(held)
    size = op.inputs[0].shape[place.axis]
    if attrs.axis != place.axis:
        return attrs, place
    if (attrs.start, attrs.stop, attrs.step) != (0, size, 1):
        raise _Mixed
    return replace(attrs, stop=size // change.old * change.new), place


def _pad(op: Op, held: Sequence[Place | None], change: _Change) -> tuple[Any, Place | None]:
    place = _only(held)
    if any(_any(op).pads[place.axis]):
        raise _Mixed
    return op.attrs, place


def _transpose(op: Op, held: Sequence[Place | None], change: _Change) -> tuple[Any, Place | None]:
    place = _only(held)
    return op.attrs, Place(_any(op).order.index(place.axis), place.behind)


def _reshape(op: Op, held: Sequence[Place | None], change: _Change) -> tuple[Any, Place | None]:
    """Find the batch again by the elements that follow it in memory, and by those before it."""
    place, shape, target = _only(held), op.inputs[0].shape, op.outputs[0].shape
    inner = place.behind * math.prod(shape[place.axis + 1 :])
    outer = math.prod(shape) // (inner * change.old)
    fits = []
    for axis, size in enumerate(target):
        follows = math.prod(target[axis + 1 :])
        behind = inner // follows
        before = math.prod(target[:axis])
        if inner % follows == 0 and outer % before == 0 and size == outer // before * change.old * behind:
            moved = axis - place.axis
            # seen from the first axis or from the last one: axes come and go on either side
            apart = min(abs(moved), abs(moved - len(target) + len(shape)))
            fits.append((outer > before, behind, apart, axis))
    if not fits:
        raise _Mixed
    # a batch of 1 fits several axes: it seldom follows something else in its axis, shares one, or moves
    _, behind, _, axis = min(fits)
    found = Place(axis, behind)
    return replace(_any(op), shape=change.shape(target, found)), found


def _binary(op: Op, held: Sequence[Place | None], change: _Change) -> tuple[Any, Place | None]:
    return _broadcast(op, held, change, 0)


def _matmul(op: Op, held: Sequence[Place | None], change: _Change) -> tuple[Any, Place | None]:
    return _broadcast(op, held, change, 2)


def _broadcast(op: Op, held: Sequence[Place | None], change: _Change, own: int) -> tuple[Any, Place | None]:
    """Follow an op on two operands whose axes are aligned from the last one; the last ``own`` of a product are its own."""
    attrs = op.attrs
    assert isinstance(attrs, ConstantAttrs)
    operands: list[tuple[Shape, Place | None]] = [
        (spec.shape, place) for spec, place in zip(op.inputs, held, strict=True)
    ]
    if attrs.constant is not None:
        operands.insert(0 if attrs.reverse else 1, (attrs.constant, None))
    rank = len(op.outputs[0].shape)
    found = {(rank - len(shape) + place.axis, place.behind) for shape, place in operands if place is not None}
    if len(found) != 1:
        raise _Mixed
    ((axis, behind),) = found
    place = Place(axis, behind)
    product = own and axis >= rank - own
    if product:
        # the rows of the left operand, or the columns of the right one, and the batch in that operand alone
        side = 0 if axis == rank - 2 else 1
        if operands[side][1] is None or operands[1 - side][1] is not None:
            raise _Mixed
        return attrs, place
    for shape, at in operands:
        own_axis = axis - (rank - len(shape))
        if at is not None or own_axis < 0 or shape[own_axis] == 1:
            continue
        if attrs.constant is None or shape is not attrs.constant:
            raise _Mixed  # another activation, which does not follow the batch
        # a constant that was written out for every image
        attrs = replace(attrs, constant=change.shape(shape, Place(own_axis, behind)))
    return attrs, place


def _norm_axes(op: Op) -> Sequence[int]:
    rank = len(op.inputs[0].shape)
    return range(rank - _any(op).axes, rank)


_RULES: dict[OpKind, _Rule] = {
    **dict.fromkeys(ACTIVATIONS, _same),
    OpKind.CONV2D: _first,
    OpKind.AVG_POOL: _first,
    OpKind.MAX_POOL: _first,
    OpKind.GROUP_NORM: _first,
    OpKind.UPSAMPLE: _given,
    OpKind.LINEAR: _not_on(lambda op: (len(op.inputs[0].shape) - 1,)),
    OpKind.BATCH_NORM: _not_on(lambda op: (1,)),
    OpKind.LAYER_NORM: _not_on(_norm_axes),
    OpKind.SOFTMAX: _not_on(lambda op: (_any(op).axis,)),
    OpKind.SPLIT: _not_on(lambda op: (_any(op).axis,)),
    OpKind.GLOBAL_POOL: _reduce,
    OpKind.MEAN: _reduce,
    OpKind.SUM: _reduce,
    **dict.fromkeys(BINARY, _binary),
    OpKind.MATMUL: _matmul,
    OpKind.CONCAT: _concat,
    OpKind.SLICE: _slice,
    OpKind.RESHAPE: _reshape,
    OpKind.TRANSPOSE: _transpose,
    OpKind.PAD: _pad,
    OpKind.UNKNOWN: _alike,
    OpKind.INDEX: _alike,
}
