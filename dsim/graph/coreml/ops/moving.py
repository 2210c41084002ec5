"""Views, orders of axes, cutting, joining and padding."""

from __future__ import annotations

from typing import Any

from dsim.graph.coreml.walk import Translate, Walk


def reshape(walk: Walk, op: Any) -> None:
    """Write a view, to the shape that the program states: reshape, squeeze, expand_dims, flatten2d."""
    sizes = walk.made.ints(walk.shapes[op.outputs[0].name])
    walk.put(op, walk.made.add("Reshape", [walk.name(op, "x"), sizes], walk.scope))


def transpose(walk: Walk, op: Any) -> None:
    """transpose(x, perm)."""
    rank = len(walk.shape(op))
    perm = [axis % rank for axis in walk.ints(op, "perm")]
    walk.put(op, walk.made.add("Transpose", [walk.name(op, "x")], walk.scope, perm=perm))


def concat(walk: Walk, op: Any) -> None:
    """concat(values, axis)."""
    axis = int(walk.number(op, "axis", 0))
    walk.put(op, walk.made.add("Concat", walk.names(op, "values"), walk.scope, axis=axis))


def stack(walk: Walk, op: Any) -> None:
    """stack(values, axis): joined along a new axis."""
    axis = int(walk.number(op, "axis", 0))
    at = walk.made.ints([axis])
    parts = [walk.made.add("Unsqueeze", [name, at], walk.scope) for name in walk.names(op, "values")]
    walk.put(op, walk.made.add("Concat", parts, walk.scope, axis=axis))


def split(walk: Walk, op: Any) -> None:
    """split(x, split_sizes or num_splits, axis)."""
    axis = int(walk.number(op, "axis", 0)) % len(walk.shape(op))
    sizes = walk.made.ints([walk.shapes[output.name][axis] for output in op.outputs])
    names = walk.made.add_several(
        "Split", [walk.name(op, "x"), sizes], len(op.outputs), walk.scope, axis=axis
    )
    walk.put(op, *names)


def slice_by_index(walk: Walk, op: Any) -> None:
    """slice_by_index(x, begin, end, stride, begin_mask, end_mask, squeeze_mask)."""
    shape = walk.shape(op)
    rank = len(shape)
    starts, stops = walk.ints(op, "begin"), walk.ints(op, "end")
    steps = walk.ints(op, "stride", [1] * rank)
    first, last, lone = (walk.ints(op, f"{name}_mask", [0] * rank) for name in ("begin", "end", "squeeze"))
    parts = []
    for axis in range(rank):
        start, stop, step = starts[axis], stops[axis], steps[axis]
        if lone[axis]:
            start = start % shape[axis]
            stop, step = start + 1, 1
        elif first[axis]:
            start = 0 if step > 0 else shape[axis] - 1
        if last[axis] and not lone[axis]:
            stop = shape[axis] if step > 0 else -shape[axis] - 1
        if (start, min(stop, shape[axis]), step) != (0, shape[axis], 1):
            parts.append((start, stop, axis, step))
    name = walk.name(op, "x")
    if parts:
        name = walk.made.add(
            "Slice", [name, *(walk.made.ints(one) for one in zip(*parts, strict=True))], walk.scope
        )
    gone = [axis for axis in range(rank) if lone[axis]]
    walk.put(op, walk.made.add("Squeeze", [name, walk.made.ints(gone)], walk.scope) if gone else name)


def slice_by_size(walk: Walk, op: Any) -> None:
    """slice_by_size(x, begin, size)."""
    starts, sizes = walk.ints(op, "begin"), walk.shapes[op.outputs[0].name]
    parts = [
        (start, start + size, axis)
        for axis, (start, size, whole) in enumerate(zip(starts, sizes, walk.shape(op), strict=True))
        if size != whole
    ]
    name = walk.name(op, "x")
    if parts:
        name = walk.made.add(
            "Slice", [name, *(walk.made.ints(one) for one in zip(*parts, strict=True))], walk.scope
        )
    walk.put(op, name)


def pad(walk: Walk, op: Any) -> None:
    """pad(x, pad, mode), of the last axes."""
    flat, rank = walk.ints(op, "pad"), len(walk.shape(op))
    pairs = [(0, 0)] * (rank - len(flat) // 2) + list(zip(flat[::2], flat[1::2], strict=True))
    sizes = walk.made.ints([before for before, _ in pairs] + [after for _, after in pairs])
    mode = {"constant": "constant", "reflect": "reflect", "replicate": "edge"}[
        walk.text(op, "mode", "constant")
    ]
    walk.put(op, walk.made.add("Pad", [walk.name(op, "x"), sizes], walk.scope, mode=mode))


def gather(walk: Walk, op: Any) -> None:
    """gather(x, indices, axis)."""
    names = [walk.name(op, "x"), walk.name(op, "indices")]
    walk.put(op, walk.made.add("Gather", names, walk.scope, axis=int(walk.number(op, "axis", 0))))


def tile(walk: Walk, op: Any) -> None:
    """tile(x, reps)."""
    times = walk.made.ints(walk.ints(op, "reps"))
    walk.put(op, walk.made.add("Tile", [walk.name(op, "x"), times], walk.scope))


def shape(walk: Walk, op: Any) -> None:
    """shape(x): fixed in a program."""
    walk.put(op, walk.made.ints(walk.shape(op)))


def shuffle(walk: Walk, op: Any) -> None:
    """pixel_shuffle(x, upscale_factor)."""
    factor = int(walk.number(op, "upscale_factor", 1))
    made = walk.made.add("DepthToSpace", [walk.name(op, "x")], walk.scope, blocksize=factor, mode="CRD")
    walk.put(op, made)


def blocks(name: str) -> Translate:
    """Make the translation of moving space into channels, or back."""
    return lambda walk, op: walk.put(
        op,
        walk.made.add(
            name, [walk.name(op, "x")], walk.scope, blocksize=int(walk.number(op, "block_size", 1))
        ),
    )
