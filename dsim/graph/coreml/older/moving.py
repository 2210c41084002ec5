"""Constants, views, orders of axes, cutting, joining, padding and resizing."""

from __future__ import annotations

from typing import Any

from dsim.graph.coreml.older.walk import Walk

END = 2**31 - 1  # as far as an axis goes


def constant(walk: Walk, layer: Any, p: Any) -> str:
    """Write a constant."""
    return walk.constant(p.shape, p.data)


def reshape_to(walk: Walk, layer: Any, p: Any) -> str:
    """Write a view of stated sizes."""
    sizes = [int(size) for size in p.targetShape]
    if not walk.exact:  # channels, height, width, of one image; a sequence's axis comes before
        sizes = [1, *sizes[-3:]]
    return _view(walk, layer, sizes)


def _view(walk: Walk, layer: Any, sizes: list[int]) -> str:
    return walk.add("Reshape", [walk.name(layer.input[0]), walk.ints(sizes)])


def flatten(walk: Walk, layer: Any, p: Any) -> str:
    """Write a map as one row of channels."""
    return _view(walk, layer, [1, -1, 1, 1])


def flatten_to_matrix(walk: Walk, layer: Any, p: Any) -> str:
    """Write a matrix: the axes before one, and the others."""
    return walk.add("Flatten", [walk.name(layer.input[0])], axis=int(p.axis))


def squeeze(walk: Walk, layer: Any, p: Any) -> str:
    """Take out axes of size one."""
    name = walk.name(layer.input[0])
    return walk.add("Squeeze", [name] if p.squeezeAll else [name, walk.ints([int(axis) for axis in p.axes])])


def expand(walk: Walk, layer: Any, p: Any) -> str:
    """Put in axes of size one."""
    return walk.add("Unsqueeze", [walk.name(layer.input[0]), walk.ints([int(axis) for axis in p.axes])])


def transpose(walk: Walk, layer: Any, p: Any) -> str:
    """Change the order of axes."""
    return walk.add("Transpose", [walk.name(layer.input[0])], perm=[int(axis) for axis in p.axes])


def permute(walk: Walk, layer: Any, p: Any) -> str:
    """Change the order of sequence, channels, height and width."""
    return walk.add("Transpose", [walk.name(layer.input[0])], perm=[int(axis) for axis in p.axis])


def concat(walk: Walk, layer: Any, p: Any) -> str:
    """Join along channels."""
    if p.sequenceConcat:
        raise ValueError("sequences")
    return walk.add("Concat", [walk.name(blob) for blob in layer.input], axis=-3)


def concat_on_axis(walk: Walk, layer: Any, p: Any) -> str:
    """Join along any axis."""
    if p.interleave:
        raise ValueError("interleaved")
    return walk.add("Concat", [walk.name(blob) for blob in layer.input], axis=int(p.axis))


def stack(walk: Walk, layer: Any, p: Any) -> str:
    """Join along a new axis."""
    at = walk.ints([int(p.axis)])
    parts = [walk.add("Unsqueeze", [walk.name(blob), at]) for blob in layer.input]
    return walk.add("Concat", parts, axis=int(p.axis))


def split(walk: Walk, layer: Any, p: Any) -> list[str]:
    """Cut channels into equal parts."""
    return _cut(walk, layer, -3, [])


def split_on_axis(walk: Walk, layer: Any, p: Any) -> list[str]:
    """Cut an axis into equal parts or into parts of stated sizes."""
    return _cut(walk, layer, int(p.axis), [int(size) for size in p.splitSizes])


def _cut(walk: Walk, layer: Any, axis: int, sizes: list[int]) -> list[str]:
    name, count = walk.name(layer.input[0]), len(layer.output)
    whole = walk.shape(name)[axis]
    if not sizes and whole % count:
        raise ValueError("parts that are not equal")
    sizes = sizes or [whole // count] * count
    return walk.add_several("Split", [name, walk.ints(sizes)], count, axis=axis)


def slice_part(walk: Walk, layer: Any, p: Any) -> str:
    """Cut a part out of channels, height or width."""
    axis = {p.CHANNEL_AXIS: -3, p.HEIGHT_AXIS: -2, p.WIDTH_AXIS: -1}[p.axis]
    # an end below zero counts from behind, and -1 is the end itself
    end = int(p.endIndex) + 1 or END if p.endIndex < 0 else int(p.endIndex)
    bounds = (walk.ints([one]) for one in (int(p.startIndex), end, axis, int(p.stride) or 1))
    return walk.add("Slice", [walk.name(layer.input[0]), *bounds])


def slice_static(walk: Walk, layer: Any, p: Any) -> str:
    """Cut a part out of several axes."""
    name = walk.name(layer.input[0])
    shape = walk.shape(name)
    parts, gone = [], []
    for axis, whole in enumerate(shape):
        step, start, stop = int(p.strides[axis]), int(p.beginIds[axis]), int(p.endIds[axis])
        if axis < len(p.squeezeMasks) and p.squeezeMasks[axis]:
            start, step = start % whole, 1
            stop = start + 1
            gone.append(axis)
        else:
            start = (0 if step > 0 else whole - 1) if p.beginMasks[axis] else start
            stop = (whole if step > 0 else -whole - 1) if p.endMasks[axis] else stop
        if (start, stop, step) != (0, whole, 1):
            parts.append((start, stop, axis, step))
    if parts:
        name = walk.add("Slice", [name, *(walk.ints(one) for one in zip(*parts, strict=True))])
    return walk.add("Squeeze", [name, walk.ints(gone)]) if gone else name


def pad(walk: Walk, layer: Any, p: Any) -> str:
    """Pad height and width."""
    name, mode = walk.name(layer.input[0]), p.WhichOneof("PaddingType") or "constant"
    edges = p.paddingAmounts.borderAmounts
    none = [0] * (len(walk.shape(name)) - len(edges))
    sizes = [
        *none,
        *(int(one.startEdgeSize) for one in edges),
        *none,
        *(int(one.endEdgeSize) for one in edges),
    ]
    return walk.add(
        "Pad", [name, walk.ints(sizes)], mode={"reflection": "reflect", "replication": "edge"}.get(mode, mode)
    )


def upsample(walk: Walk, layer: Any, p: Any) -> str:
    """Resize height and width by whole factors."""
    name, factors = walk.name(layer.input[0]), [int(one) for one in p.scalingFactor]
    if p.fractionalScalingFactor or len(factors) != 2:
        raise ValueError("other factors")
    *before, height, width = walk.shape(name)
    sizes = [*before, height * factors[0], width * factors[1]]
    return walk.add(
        "Resize", [name, "", "", walk.ints(sizes)], mode="linear" if p.mode == p.BILINEAR else "nearest"
    )


def resize(walk: Walk, layer: Any, p: Any) -> str:
    """Resize height and width to stated sizes."""
    name = walk.name(layer.input[0])
    sizes = [*walk.shape(name)[:-2], *(int(size) for size in p.targetSize)]
    return walk.add("Resize", [name, "", "", walk.ints(sizes)], mode="linear")


def reorganise(walk: Walk, layer: Any, p: Any) -> str:
    """Move space into channels, or back."""
    name, size = walk.name(layer.input[0]), int(p.blockSize)
    if p.mode == p.SPACE_TO_DEPTH:
        return walk.add("SpaceToDepth", [name], blocksize=size)
    return walk.add(
        "DepthToSpace", [name], blocksize=size, mode="CRD" if p.mode == p.PIXEL_SHUFFLE else "DCR"
    )
