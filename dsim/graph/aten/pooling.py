"""Rules for pooling, reductions and resizing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dsim.attrs import PoolAttrs, ReduceAttrs, ShapeAttrs
from dsim.graph.aten.arguments import Rule, axes_of, pair, reshaped
from dsim.graph.graph import Ref
from dsim.graph.tracing import Trace, Value
from dsim.op import OpKind


def _window(kernel: Any, stride: Any, padding: Any, ceil_mode: bool, count_include_pad: bool) -> PoolAttrs:
    strides = pair(kernel) if stride in ((), [], None) else pair(stride)
    return PoolAttrs(pair(kernel), strides, pair(padding), bool(ceil_mode), bool(count_include_pad))


def avg_pool(
    t: Trace,
    x: Ref,
    kernel: Any,
    stride: Any = (),
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Value:
    """Write average pooling over NCHW."""
    if len(t.shape(x)) != 4 or divisor_override is not None:
        return None
    return t.add(OpKind.AVG_POOL, x, attrs=_window(kernel, stride, padding, ceil_mode, count_include_pad))


def max_pool(
    t: Trace,
    x: Ref,
    kernel: Any,
    stride: Any = (),
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> Value:
    """Write max pooling over NCHW."""
    if len(t.shape(x)) != 4 or pair(dilation) != (1, 1):
        return None
    return t.add(OpKind.MAX_POOL, x, attrs=_window(kernel, stride, padding, ceil_mode, True))


def avg_pool_1d(
    t: Trace,
    x: Ref,
    kernel: Any,
    stride: Any = (),
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Value:
    """Write 1-D average pooling as the 2-D one over a map of height 1."""
    if len(t.shape(x)) != 3:
        return None
    n, c, length = t.shape(x)
    steps = kernel if stride in ((), [], None) else stride
    attrs = PoolAttrs(
        (1, pair(kernel)[-1]), (1, pair(steps)[-1]), (0, pair(padding)[-1]), ceil_mode, count_include_pad
    )
    made = t.add(OpKind.AVG_POOL, reshaped(t, x, (n, c, 1, length)), attrs=attrs)
    return reshaped(t, made, (n, c, t.shape(made)[-1]))


def max_pool_1d(
    t: Trace,
    x: Ref,
    kernel: Any,
    stride: Any = (),
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> Value:
    """Write 1-D max pooling as the 2-D one over a map of height 1."""
    if len(t.shape(x)) != 3 or pair(dilation) != (1, 1):
        return None
    n, c, length = t.shape(x)
    steps = kernel if stride in ((), [], None) else stride
    attrs = PoolAttrs((1, pair(kernel)[-1]), (1, pair(steps)[-1]), (0, pair(padding)[-1]), ceil_mode)
    made = t.add(OpKind.MAX_POOL, reshaped(t, x, (n, c, 1, length)), attrs=attrs)
    return reshaped(t, made, (n, c, t.shape(made)[-1]))


def adaptive_avg_pool_1d(t: Trace, x: Ref, size: Any) -> Value:
    """Write 1-D average pooling to one place as a mean; to other sizes, as the 2-D one over a map of height 1."""
    if len(t.shape(x)) != 3:
        return None
    n, c, length = t.shape(x)
    out = pair(size)[-1]
    if out == 1:
        return t.add(OpKind.MEAN, x, attrs=ReduceAttrs((2,), True))
    if length % out:
        return None
    window = (1, length // out)
    made = t.add(OpKind.AVG_POOL, reshaped(t, x, (n, c, 1, length)), attrs=PoolAttrs(window, window))
    return reshaped(t, made, (n, c, out))


def adaptive_pool(kind: OpKind) -> Rule:
    """Make the rule of pooling to a size; sizes that do not divide the input stay unknown."""

    def rule(t: Trace, x: Ref, size: Any) -> Value:
        if len(t.shape(x)) != 4:
            return None
        height, width = t.shape(x)[-2:]
        # None keeps a side as it is
        out = tuple(given or have for given, have in zip(pair_or_none(size), (height, width), strict=True))
        if out == (1, 1) and kind is OpKind.AVG_POOL:
            return t.add(OpKind.GLOBAL_POOL, x, attrs=ReduceAttrs((2, 3), True))
        if height % out[0] or width % out[1]:
            return None
        step = (height // out[0], width // out[1])
        return t.add(kind, x, attrs=PoolAttrs(step, step))

    return rule


def pair_or_none(size: Any) -> tuple[int | None, int | None]:
    """Read an output size, whose sides may be None."""
    if not isinstance(size, Sequence):
        return (size, size)
    return (size[0], size[-1])


def reduce(kind: OpKind) -> Rule:
    """Make the rule of a mean or sum; the mean over a map's two sides is global pooling."""

    def rule(t: Trace, x: Ref, axes: Any = None, keepdim: bool = False, **_: Any) -> Value:
        rank = len(t.shape(x))
        found = axes_of(axes, rank)
        spatial = kind is OpKind.MEAN and rank == 4 and found == (2, 3)
        return t.add(OpKind.GLOBAL_POOL if spatial else kind, x, attrs=ReduceAttrs(found, keepdim))

    return rule


def upsample(mode: str) -> Rule:
    """Make the rule of resizing to a size or by factors."""

    def rule(t: Trace, x: Ref, size: Any = None, *rest: Any, **named: Any) -> Value:
        n, c, *sides = t.shape(x)
        factors = named.get("scale_factors") or next((v for v in rest if isinstance(v, Sequence)), None)
        if size is None and factors is None:
            return None
        out = pair(size) if size else tuple(int(s * f) for s, f in zip(sides, factors or (), strict=True))
        return t.add(OpKind.UPSAMPLE, x, attrs=ShapeAttrs((n, c, *out), mode))

    return rule
