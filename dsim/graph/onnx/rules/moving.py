"""Rules for views, orders of axes, cutting and joining."""

from __future__ import annotations

import math

from dsim.attrs import PadAttrs, ShapeAttrs, SplitAttrs
from dsim.graph.aten import cutting, gather, views
from dsim.graph.aten.arguments import axis_of, reshaped, transposed
from dsim.graph.graph import Ref
from dsim.graph.onnx.network import Known
from dsim.graph.onnx.rules.arguments import Attributes, axes_from, ints
from dsim.graph.tracing import Trace, Value
from dsim.op import OpKind


def as_expected(t: Trace, attrs: Attributes, x: Ref, *_: Value) -> Value:
    """Write a view whose shape is known from inference (reshape, flatten, squeeze, unsqueeze)."""
    return reshaped(t, x, t.expected[0])


def transpose(t: Trace, attrs: Attributes, x: Ref) -> Value:
    """Write another order of axes; without one, the reverse."""
    return transposed(t, x, attrs.get("perm") or range(len(t.shape(x)))[::-1])


def concat(t: Trace, attrs: Attributes, *parts: Value) -> Value:
    """Join activations."""
    return cutting.concat(t, parts, attrs["axis"])


def split(t: Trace, attrs: Attributes, x: Ref, *_: Value) -> Value:
    """Cut an axis into pieces, whose sizes are known from inference."""
    a = axis_of(attrs.get("axis", 0), len(t.shape(x)))
    sizes = tuple(shape[a] for shape in t.expected)
    return list(t.builder.slots(t.add(OpKind.SPLIT, x, attrs=SplitAttrs(a, sizes))))


def cut(t: Trace, attrs: Attributes, x: Ref, *given: Value) -> Value:
    """Keep ranges of axes; a negative step is a flip, which is a copy by fixed places."""
    rank = len(t.shape(x))
    starts, stops = (
        (ints(attrs[name]) for name in ("starts", "ends")) if "starts" in attrs else map(ints, given[:2])
    )
    axes = axes_from(attrs, given[2:3]) or list(range(len(starts)))
    steps = ints(given[3]) if len(given) > 3 and given[3] is not None else [1] * len(starts)
    if any(step < 1 for step in steps):
        return t.add(OpKind.INDEX, x, attrs=ShapeAttrs(t.expected[0], "flip"))
    for axis, start, stop, step in zip(axes, starts, stops, steps, strict=True):
        x = cutting.cut(t, x, axis_of(axis, rank), start, stop, step)
    return x


def pad(t: Trace, attrs: Attributes, x: Ref, *given: Value) -> Value:
    """Pad axes; a negative pad cuts."""
    rank = len(t.shape(x))
    flat = ints(attrs["pads"] if "pads" in attrs else given[0])
    axes = ints(given[2]) if len(given) > 2 and given[2] is not None else list(range(rank))
    pairs = [(0, 0)] * rank
    for k, axis in enumerate(axes):
        pairs[axis_of(axis, rank)] = (flat[k], flat[k + len(axes)])
    for axis, (before, after) in enumerate(pairs):
        x = cutting.cut(t, x, axis, max(-before, 0), t.shape(x)[axis] + min(after, 0))
    wanted = tuple((max(before, 0), max(after, 0)) for before, after in pairs)
    return t.add(OpKind.PAD, x, attrs=PadAttrs(wanted)) if any(map(any, wanted)) else x


def gathered(t: Trace, attrs: Attributes, x: Value, places: Value) -> Value:
    """Write a look-up: one place is a slice, a constant table a copy; places that depend on data stay unknown."""
    if not isinstance(x, Ref) or not isinstance(places, Known):
        return None
    axis = axis_of(attrs.get("axis", 0), len(t.shape(x)))
    if places.array is not None and places.shape == ():
        return cutting.select(t, x, axis, int(places.array))
    if places.array is not None and places.array.ndim == 1:
        first, count = int(places.array[0]), len(places.array)
        if first >= 0 and ints(places) == list(range(first, first + count)):
            return cutting.cut(t, x, axis, first, first + count)
    return t.add(OpKind.INDEX, x, attrs=ShapeAttrs(t.expected[0]))


def expand(t: Trace, attrs: Attributes, x: Ref, shape: Value) -> Value:
    """Write broadcasting."""
    return gather.expand(t, x, t.expected[0])


def tile(t: Trace, attrs: Attributes, x: Ref, *_: Value) -> Value:
    """Write a copy side by side."""
    same = math.prod(t.expected[0]) == math.prod(t.shape(x))
    return (
        as_expected(t, attrs, x)
        if same
        else t.add(OpKind.INDEX, x, attrs=ShapeAttrs(t.expected[0], "repeat"))
    )


def depth_to_space(t: Trace, attrs: Attributes, x: Ref) -> Value:
    """Move channels into space; CRD is torch's pixel shuffle, DCR has another order of axes."""
    factor = attrs["blocksize"]
    if attrs.get("mode", "DCR") == "CRD":
        return views.pixel_shuffle(t, x, factor)
    n, c, h, w = t.shape(x)
    parts = reshaped(t, x, (n, factor, factor, c // factor**2, h, w))
    return reshaped(t, transposed(t, parts, (0, 3, 4, 1, 5, 2)), t.expected[0])


def space_to_depth(t: Trace, attrs: Attributes, x: Ref) -> Value:
    """Move space into channels."""
    n, c, h, w = t.shape(x)
    factor = attrs["blocksize"]
    parts = reshaped(t, x, (n, c, h // factor, factor, w // factor, factor))
    return reshaped(t, transposed(t, parts, (0, 3, 5, 1, 2, 4)), t.expected[0])
