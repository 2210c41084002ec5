"""Views, orders of axes, cutting, joining, padding and reductions: the file's axes are found again in what is held."""

from __future__ import annotations

from dsim.graph.tflite.ops.activations import finish
from dsim.graph.tflite.tables import Operator
from dsim.graph.tflite.walk import EXTRA, FIRST, Padded, Translate, Walk

LEAST = -1e30  # what a max pool is padded with


def reshape(walk: Walk, op: Operator) -> None:
    """Write a view, to the shape that the file states: RESHAPE, SQUEEZE, EXPAND_DIMS."""
    image, sizes = op.inputs[0], walk.shape(op.outputs[0])
    held, before = walk.get_batched(image), walk.shape(image)
    kept = [axis for axis in held.order if axis >= 0 and before[axis] != 1]
    name = held.name if kept == sorted(kept) else walk.plain(image)  # axes of one element have no place
    whole = (
        tuple(1 if axis == EXTRA else before[axis] for axis in held.order) if name == held.name else before
    )
    rows = len(sizes) == 2 or (len(sizes) == 3 and walk.readers(op.outputs[0]) == {"BATCH_MATMUL"})
    if whole == (1, *sizes) or (rows and whole[:1] == (1,) and len(whole) > 2 and sizes[0] > 1):
        order = (EXTRA, *range(len(sizes)))  # the batch is dropped here, and stays
        wanted = (1, *sizes)
    else:
        order, wanted = tuple(range(len(sizes))), sizes
    if whole != wanted:
        name = walk.made.add("Reshape", [name, walk.made.ints(wanted)], walk.scope)
    walk.put(op.outputs[0], name, order)


def transpose(walk: Walk, op: Operator) -> None:
    """TRANSPOSE(x, order); one that only changes where the channels of a map are said to be is none."""
    held, perm = walk.get(op.inputs[0]), walk.ints(op.inputs[1])
    perm = [axis % len(perm) for axis in perm]
    order = tuple(perm.index(axis) for axis in held.order)
    if order in (tuple(range(len(order))), FIRST):
        walk.looked_through += perm != sorted(perm)
        walk.put(op.outputs[0], held.name, order)
        return
    turn = [held.order.index(axis) for axis in perm]
    walk.put(op.outputs[0], walk.made.add("Transpose", [held.name], walk.scope, perm=turn))


def concat(walk: Walk, op: Operator) -> None:
    """CONCATENATION(parts)."""
    order = walk.common(op.inputs)
    rank = len(walk.shape(op.inputs[0]))
    axis = op.option("Axis") % rank
    whole = all(len(walk.shape(place)) == rank for place in op.inputs)
    if order and whole:
        names = [walk.first(place) for place in op.inputs]
        finish(walk, op, walk.made.add("Concat", names, walk.scope, axis=FIRST.index(axis)), FIRST)
        return
    names = [walk.plain(place) for place in op.inputs]
    finish(walk, op, walk.made.add("Concat", names, walk.scope, axis=axis))


def split(data: int, axis: int) -> Translate:
    """Make the translation of SPLIT and SPLIT_V, by the places of data and axis among the inputs."""

    def translate(walk: Walk, op: Operator) -> None:
        held = walk.get(op.inputs[data])
        cut = walk.ints(op.inputs[axis])[0] % len(held.order)
        sizes = walk.made.ints([walk.shape(place)[cut] for place in op.outputs])
        names = walk.made.add_several(
            "Split", [held.name, sizes], len(op.outputs), walk.scope, axis=held.order.index(cut)
        )
        for place, name in zip(op.outputs, names, strict=True):
            walk.put(place, name, held.order)

    return translate


def unpack(walk: Walk, op: Operator) -> None:
    """UNPACK(x): pieces of one place each, without that axis."""
    name, rank = walk.plain(op.inputs[0]), len(walk.shape(op.inputs[0]))
    axis = op.option("Axis") % rank
    sizes = walk.made.ints([1] * len(op.outputs))
    pieces = walk.made.add_several("Split", [name, sizes], len(op.outputs), walk.scope, axis=axis)
    for place, piece in zip(op.outputs, pieces, strict=True):
        walk.put(place, walk.made.add("Squeeze", [piece, walk.made.ints([axis])], walk.scope))


def pack(walk: Walk, op: Operator) -> None:
    """PACK(parts): joined along a new axis."""
    axis = walk.made.ints([op.option("Axis") % len(walk.shape(op.outputs[0]))])
    names = [walk.made.add("Unsqueeze", [walk.plain(place), axis], walk.scope) for place in op.inputs]
    joined = walk.made.add("Concat", names, walk.scope, axis=op.option("Axis"))
    walk.put(op.outputs[0], joined)


def pad(walk: Walk, op: Operator) -> None:
    """PAD and PADV2(x, pairs, number)."""
    image, out = op.inputs[0], op.outputs[0]
    held, flat = walk.get(image), walk.ints(op.inputs[1])
    pairs = list(zip(flat[::2], flat[1::2], strict=True))
    turned = [pairs[axis] for axis in held.order]
    sizes = walk.made.ints([before for before, _ in turned] + [after for _, after in turned])
    filler = walk.values(op.inputs[2]) if len(op.inputs) > 2 else None
    number = 0.0 if filler is None or not filler.size else float(filler.reshape(-1)[0])
    inputs = [held.name, sizes, *([walk.made.number(number)] if number else [])]
    walk.put(out, walk.made.add("Pad", inputs, walk.scope, mode="constant"), held.order)
    inside = len(pairs) == len(FIRST) and pairs[0] == pairs[3] == (0, 0)
    if inside and (number == 0.0 or number < LEAST or walk.tensor(image).scales):
        (top, bottom), (left, right) = pairs[1:3]
        walk.padded[out] = Padded(image, (top, left), (bottom, right), number == 0.0)


def mirror_pad(walk: Walk, op: Operator) -> None:
    """MIRROR_PAD(x, pairs): the edge itself may be repeated or not, which is as much work."""
    held, flat = walk.get(op.inputs[0]), walk.ints(op.inputs[1])
    pairs = list(zip(flat[::2], flat[1::2], strict=True))
    turned = [pairs[axis] for axis in held.order]
    sizes = walk.made.ints([before for before, _ in turned] + [after for _, after in turned])
    walk.put(op.outputs[0], walk.made.add("Pad", [held.name, sizes], walk.scope, mode="reflect"), held.order)


def cut(walk: Walk, op: Operator) -> None:
    """SLICE(x, starts, sizes)."""
    starts, sizes = walk.ints(op.inputs[1]), walk.shape(op.outputs[0])
    stops = [start + size for start, size in zip(starts, sizes, strict=True)]
    _cut(walk, op, starts, stops, [1] * len(starts))


def strided(walk: Walk, op: Operator) -> None:
    """STRIDED_SLICE(x, starts, stops, steps), with its masks of bits."""
    shape = walk.shape(op.inputs[0])
    if op.option("EllipsisMask") or op.option("NewAxisMask"):
        raise ValueError("a mask that this was not written for")
    starts, stops, steps = (walk.ints(place) for place in op.inputs[1:4])
    first, last, lone = (op.option(f"{name}Mask") for name in ("Begin", "End", "ShrinkAxis"))
    for axis in range(len(starts)):
        if lone >> axis & 1:
            start = starts[axis] % shape[axis]
            starts[axis], stops[axis], steps[axis] = start, start + 1, 1
            continue
        if first >> axis & 1:
            starts[axis] = 0 if steps[axis] > 0 else shape[axis] - 1
        if last >> axis & 1:
            stops[axis] = shape[axis] if steps[axis] > 0 else -shape[axis] - 1
    gone = [axis for axis in range(len(starts)) if lone >> axis & 1]
    _cut(walk, op, starts, stops, steps, gone)


def _cut(
    walk: Walk,
    op: Operator,
    starts: list[int],
    stops: list[int],
    steps: list[int],
    gone: list[int] | None = None,
) -> None:
    """Keep ranges of axes, but of those that are kept whole; ``gone`` are axes of one place that the result lacks."""
    image = op.inputs[0]
    shape = walk.shape(image)
    held = walk.get(image)
    name, order = (held.name, held.order) if not gone else (walk.plain(image), tuple(range(len(shape))))
    parts = [
        (start, stop, order.index(axis), step)
        for axis, (start, stop, step) in enumerate(zip(starts, stops, steps, strict=True))
        if (start, min(stop, shape[axis]), step) != (0, shape[axis], 1)
    ]
    if parts:
        name = walk.made.add(
            "Slice", [name, *(walk.made.ints(one) for one in zip(*parts, strict=True))], walk.scope
        )
    if gone:
        name = walk.made.add("Squeeze", [name, walk.made.ints(gone)], walk.scope)
    walk.put(op.outputs[0], name, None if gone else order)


def reduce(name: str) -> Translate:
    """Make the translation of a mean, sum, maximum and the like over constant axes."""

    def translate(walk: Walk, op: Operator) -> None:
        held = walk.get(op.inputs[0])
        rank = len(held.order)
        gone = sorted({axis % rank for axis in walk.ints(op.inputs[1])})
        keep = bool(op.option("KeepDims", False))
        axes = sorted(held.order.index(axis) for axis in gone)
        left = [axis for axis in held.order if axis not in gone]
        source, order = held.name, held.order
        if not keep and left != sorted(left):
            source, axes = walk.plain(op.inputs[0]), gone
        if not keep:
            order = tuple(range(len(left)))
        inputs = [source, walk.made.ints(axes)]
        walk.put(op.outputs[0], walk.made.add(name, inputs, walk.scope, keepdims=int(keep)), order)

    return translate


def gather(walk: Walk, op: Operator) -> None:
    """GATHER(x, places)."""
    if op.option("BatchDims"):
        raise ValueError("a look-up for each image")
    axis = op.option("Axis") % max(len(walk.shape(op.inputs[0])), 1)
    names = [walk.plain(place) for place in op.inputs]
    walk.put(op.outputs[0], walk.made.add("Gather", names, walk.scope, axis=axis))


def expand(walk: Walk, op: Operator) -> None:
    """BROADCAST_TO(x, shape)."""
    sizes = walk.made.ints(walk.shape(op.outputs[0]))
    walk.put(op.outputs[0], walk.made.add("Expand", [walk.plain(op.inputs[0]), sizes], walk.scope))


def tile(walk: Walk, op: Operator) -> None:
    """TILE(x, times)."""
    times = walk.made.ints(walk.ints(op.inputs[1]))
    walk.put(op.outputs[0], walk.made.add("Tile", [walk.plain(op.inputs[0]), times], walk.scope))


def shape(walk: Walk, op: Operator) -> None:
    """SHAPE(x): fixed in a file."""
    sizes = walk.made.ints(walk.shape(op.inputs[0]))
    walk.put(op.outputs[0], sizes)
