"""Rules for pooling, reductions and resizing."""

from __future__ import annotations

from dsim.attrs import PoolAttrs, ReduceAttrs, ShapeAttrs
from dsim.graph.aten import pooling
from dsim.graph.aten.arguments import reshaped, transposed
from dsim.graph.graph import Ref
from dsim.graph.onnx.rules.arguments import Attributes, Rule, axes_from, pads_of
from dsim.graph.onnx.rules.weighted import padded
from dsim.graph.tracing import Trace, Value
from dsim.op import OpKind

_MODES = {"nearest": "nearest", "linear": "bilinear", "cubic": "bicubic"}


def pool(kind: OpKind) -> Rule:
    """Make the rule of pooling windows; over one axis it is pooling over a map of height 1."""

    def rule(t: Trace, attrs: Attributes, x: Ref) -> Value:
        sides = attrs["kernel_shape"]
        if len(sides) not in (1, 2) or any(step != 1 for step in attrs.get("dilations") or []):
            return None
        pads = pads_of(t, attrs, x, sides)
        counts = bool(attrs.get("count_include_pad", 0)) or kind is OpKind.MAX_POOL
        uneven = any(before != after for before, after in pads)
        if uneven and ((kind is OpKind.AVG_POOL and not counts) or len(sides) == 1):
            return None
        x, even = padded(t, x, pads)
        strides, ceil = attrs.get("strides") or [1] * len(sides), bool(attrs.get("ceil_mode", 0))
        if len(sides) == 1:
            n, c, length = t.shape(x)
            x = reshaped(t, x, (n, c, 1, length))
            sides, strides, even = [1, *sides], [1, *strides], [0, *even]
        counts = counts or not any(even)  # nothing padded, nothing to count
        window = PoolAttrs((sides[0], sides[1]), (strides[0], strides[1]), (even[0], even[1]), ceil, counts)
        made = t.add(kind, x, attrs=window)
        return reshaped(t, made, t.expected[0]) if len(t.expected[0]) == 3 else made

    return rule


def global_pool(kind: OpKind) -> Rule:
    """Make the rule of pooling over all of a map; the maximum is a window of the map's size."""

    def rule(t: Trace, attrs: Attributes, x: Ref) -> Value:
        sides = t.shape(x)[2:]
        if len(sides) != 2:
            return None
        if kind is OpKind.GLOBAL_POOL:
            return t.add(kind, x, attrs=ReduceAttrs((2, 3), True))
        return t.add(kind, x, attrs=PoolAttrs((sides[0], sides[1]), (sides[0], sides[1])))

    return rule


def reduce(kind: OpKind) -> Rule:
    """Make the rule of a mean or sum."""

    def rule(t: Trace, attrs: Attributes, x: Ref, *given: Value) -> Value:
        axes = axes_from(attrs, given)
        if axes is None and attrs.get("noop_with_empty_axes", 0):
            return x
        return pooling.reduce(kind)(t, x, axes, bool(attrs.get("keepdims", 1)))

    return rule


def resize(t: Trace, attrs: Attributes, x: Ref, *_: Value) -> Value:
    """Write resizing to the size that inference gives; of a map with its channels last, between two transposes."""
    mode = _MODES.get(attrs.get("mode", "nearest"), "")
    before, after = t.shape(x), t.expected[0]
    if mode and len(before) == 4 and before[1] != after[1] and before[3] == after[3]:
        n, height, width, channels = after
        first = transposed(t, x, (0, 3, 1, 2))
        made = t.add(OpKind.UPSAMPLE, first, attrs=ShapeAttrs((n, channels, height, width), mode))
        return transposed(t, made, (0, 2, 3, 1))
    return t.add(OpKind.UPSAMPLE, x, attrs=ShapeAttrs(t.expected[0], mode)) if mode else None
