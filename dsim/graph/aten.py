"""One visible dict from ATen operator to the ops of the IR that it becomes.

A rule gets the trace and the operator's arguments (Ref for an activation, Constant for weights, plain numbers) and
gives a Ref, a list of Refs, or None where the arguments are a case it does not know: the op is then unknown by name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from dsim.attrs import (
    AxisAttrs,
    ConvAttrs,
    LinearAttrs,
    NormAttrs,
    OrderAttrs,
    PadAttrs,
    PoolAttrs,
    ReduceAttrs,
    ShapeAttrs,
    SliceAttrs,
    SplitAttrs,
)
from dsim.graph.einsum import einsum
from dsim.graph.graph import Ref
from dsim.graph.tracing import Constant, Trace, Value
from dsim.op import OpKind

Rule = Callable[..., Value]


def _pair(value: Any) -> tuple[int, int]:
    items = list(value) if isinstance(value, Sequence) else [value]
    return (int(items[0]), int(items[-1]))


def _axis(axis: int, rank: int) -> int:
    return axis % rank if rank else 0


def _reshape(t: Trace, x: Ref, shape: Sequence[int]) -> Ref:
    total = math.prod(t.shape(x))
    known = math.prod(size for size in shape if size != -1)
    return t.add(OpKind.RESHAPE, x, attrs=ShapeAttrs(tuple(total // known if s == -1 else int(s) for s in shape)))


def _transpose(t: Trace, x: Ref, order: Sequence[int]) -> Ref:
    rank = len(t.shape(x))
    return t.add(OpKind.TRANSPOSE, x, attrs=OrderAttrs(tuple(_axis(axis, rank) for axis in order)))


def _swap(t: Trace, x: Ref, a: int, b: int) -> Ref:
    order = list(range(len(t.shape(x))))
    order[a], order[b] = order[b], order[a]
    return _transpose(t, x, order)


# ---- layers with weights ----------------------------------------------------------------------------------------


def _conv2d(
    t: Trace,
    x: Ref,
    weight: Value,
    bias: Value = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Value:
    if not isinstance(weight, Constant) or len(weight.shape) != 4 or isinstance(bias, Ref):
        return None
    out, _, kh, kw = weight.shape
    dil = _pair(dilation)
    if isinstance(padding, str):
        if padding == "valid":
            padding = (0, 0)
        else:
            total = (dil[0] * (kh - 1), dil[1] * (kw - 1))
            if total[0] % 2 or total[1] % 2:
                return None
            padding = (total[0] // 2, total[1] // 2)
    t.claim(weight)
    if isinstance(bias, Constant):
        t.claim(bias)
    attrs = ConvAttrs(out, (kh, kw), _pair(stride), _pair(padding), dil, groups, bias is not None)
    return t.add(OpKind.CONV2D, x, attrs=attrs)


def _convolution(
    t: Trace, x: Ref, weight: Value, bias: Value, stride: Any, padding: Any, dilation: Any, transposed: bool, *rest: Any
) -> Value:
    return None if transposed else _conv2d(t, x, weight, bias, stride, padding, dilation, rest[-1])


def _linear(t: Trace, x: Value, weight: Value, bias: Value = None) -> Value:
    if not isinstance(weight, Constant) or not isinstance(x, Ref) or isinstance(bias, Ref):
        return None
    t.claim(weight)
    if isinstance(bias, Constant):
        t.claim(bias)
    return t.add(OpKind.LINEAR, x, attrs=LinearAttrs(weight.shape[0], bias is not None))


def _matmul(t: Trace, left: Value, right: Value) -> Value:
    if isinstance(right, Constant) and len(right.shape) == 2 and right.owners:
        t.claim(right)
        return t.add(OpKind.LINEAR, left, attrs=LinearAttrs(right.shape[1], False))
    if min(len(t.shape(left)), len(t.shape(right))) < 2:
        return None
    return t.binary(OpKind.MATMUL, left, right)


def _addmm(t: Trace, bias: Value, left: Value, right: Value, **_: Any) -> Value:
    if not isinstance(bias, Constant) or not isinstance(right, Constant) or not isinstance(left, Ref):
        return None
    t.claim(bias)
    t.claim(right)
    return t.add(OpKind.LINEAR, left, attrs=LinearAttrs(right.shape[1], True))


def _affine(t: Trace, weight: Value, bias: Value) -> bool:
    for value in (weight, bias):
        if isinstance(value, Constant):
            t.claim(value)
    return isinstance(weight, Constant) and bool(weight.owners)


def _batch_norm(t: Trace, x: Ref, weight: Value = None, bias: Value = None, *rest: Any) -> Ref:
    return t.add(OpKind.BATCH_NORM, x, attrs=NormAttrs(affine=_affine(t, weight, bias)))


def _layer_norm(t: Trace, x: Ref, shape: Sequence[int], weight: Value = None, bias: Value = None, *_: Any) -> Ref:
    return t.add(OpKind.LAYER_NORM, x, attrs=NormAttrs(affine=_affine(t, weight, bias), axes=len(shape)))


def _group_norm(t: Trace, x: Ref, groups: int, weight: Value = None, bias: Value = None, *_: Any) -> Ref:
    return t.add(OpKind.GROUP_NORM, x, attrs=NormAttrs(affine=_affine(t, weight, bias), groups=groups))


def _attention(
    t: Trace,
    query: Ref,
    key: Ref,
    value: Ref,
    mask: Value = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    **_: Any,
) -> Value:
    """Write fused attention out: scale, query times key, mask, softmax, times value."""
    if is_causal or not all(isinstance(v, Ref) for v in (query, key, value)):
        return None
    scaled = t.binary(OpKind.MUL, query, 1.0)
    scores = t.binary(OpKind.MATMUL, scaled, _swap(t, key, -2, -1))
    if mask is not None:
        scores = t.binary(OpKind.ADD, scores, mask)
    weights = t.add(OpKind.SOFTMAX, scores, attrs=AxisAttrs(len(t.shape(scores)) - 1))
    return t.binary(OpKind.MATMUL, weights, value)


# ---- element-wise -----------------------------------------------------------------------------------------------


def _unary(kind: OpKind) -> Rule:
    return lambda t, x, *_, **__: t.add(kind, x)


def _binary(kind: OpKind) -> Rule:
    return lambda t, a, b, *_, **__: t.binary(kind, a, b)


def _clamp(t: Trace, x: Ref, low: float | None = None, high: float | None = None) -> Value:
    if low == 0 and high == 6:
        return t.add(OpKind.RELU6, x)
    return t.add(OpKind.RELU, x) if low == 0 and high is None else None


def _hardtanh(t: Trace, x: Ref, low: float = -1, high: float = 1) -> Value:
    return _clamp(t, x, low, high)


def _softmax(t: Trace, x: Ref, axis: int, *_: Any, **__: Any) -> Ref:
    return t.add(OpKind.SOFTMAX, x, attrs=AxisAttrs(_axis(axis, len(t.shape(x)))))


# ---- pooling and reduction --------------------------------------------------------------------------------------


def _pool(kind: OpKind) -> Rule:
    def rule(t: Trace, x: Ref, kernel: Any, stride: Any = (), padding: Any = 0, *rest: Any, **named: Any) -> Value:
        if len(t.shape(x)) != 4:
            return None
        extra = dict(zip(("ceil_mode", "count_include_pad"), rest, strict=False))
        if kind is OpKind.MAX_POOL:
            dilation = rest[0] if rest else 1
            if _pair(dilation) != (1, 1):
                return None
            extra = {"ceil_mode": bool(rest[1]) if len(rest) > 1 else False}
        extra |= {k: bool(v) for k, v in named.items() if k in ("ceil_mode", "count_include_pad")}
        strides = _pair(stride) if stride not in ((), [], None) else _pair(kernel)
        return t.add(kind, x, attrs=PoolAttrs(_pair(kernel), strides, _pair(padding), **extra))

    return rule


def _adaptive_pool(kind: OpKind) -> Rule:
    def rule(t: Trace, x: Ref, size: Any) -> Value:
        height, width = t.shape(x)[-2:]
        out = _pair(size)
        if out == (1, 1) and len(t.shape(x)) == 4:
            return t.add(OpKind.GLOBAL_POOL, x, attrs=ReduceAttrs((2, 3), True))
        if height % out[0] or width % out[1]:
            return None
        step = (height // out[0], width // out[1])
        return t.add(kind, x, attrs=PoolAttrs(step, step))

    return rule


def _reduce(kind: OpKind) -> Rule:
    def rule(t: Trace, x: Ref, axes: Any = None, keepdim: bool = False, **_: Any) -> Value:
        rank = len(t.shape(x))
        listed = range(rank) if axes is None else axes if isinstance(axes, Sequence) else [axes]
        found = tuple(sorted(_axis(axis, rank) for axis in listed))
        spatial = kind is OpKind.MEAN and rank == 4 and found == (2, 3)
        return t.add(OpKind.GLOBAL_POOL if spatial else kind, x, attrs=ReduceAttrs(found, keepdim))

    return rule


# ---- moving and cutting -----------------------------------------------------------------------------------------


def _same(t: Trace, x: Ref, *_: Any, **__: Any) -> Ref:
    return x


def _flatten(t: Trace, x: Ref, start: int = 0, end: int = -1) -> Ref:
    shape = t.shape(x)
    a, b = _axis(start, len(shape)), _axis(end, len(shape))
    return _reshape(t, x, (*shape[:a], math.prod(shape[a : b + 1]), *shape[b + 1 :]))


def _unflatten(t: Trace, x: Ref, axis: int, sizes: Sequence[int]) -> Ref:
    shape = t.shape(x)
    a = _axis(axis, len(shape))
    known = math.prod(size for size in sizes if size != -1)
    return _reshape(t, x, (*shape[:a], *(shape[a] // known if s == -1 else s for s in sizes), *shape[a + 1 :]))


def _squeeze(t: Trace, x: Ref, axes: Any = None) -> Ref:
    shape = t.shape(x)
    listed = range(len(shape)) if axes is None else axes if isinstance(axes, Sequence) else [axes]
    gone = {_axis(a, len(shape)) for a in listed if shape[a] == 1}
    return _reshape(t, x, tuple(size for i, size in enumerate(shape) if i not in gone))


def _unsqueeze(t: Trace, x: Ref, axis: int) -> Ref:
    shape = list(t.shape(x))
    shape.insert(_axis(axis, len(shape) + 1), 1)
    return _reshape(t, x, shape)


def _select(t: Trace, x: Ref, axis: int, index: int) -> Ref:
    shape = t.shape(x)
    a = _axis(axis, len(shape))
    at = index % shape[a]
    kept = t.add(OpKind.SLICE, x, attrs=SliceAttrs(a, at, at + 1))
    return _reshape(t, kept, (*shape[:a], *shape[a + 1 :]))


def _slice(t: Trace, x: Ref, axis: int = 0, start: Any = None, stop: Any = None, step: int = 1) -> Ref:
    size = t.shape(x)[_axis(axis, len(t.shape(x)))]
    first, last, _ = slice(start, stop).indices(size)
    if (first, last, step) == (0, size, 1):
        return x
    return t.add(OpKind.SLICE, x, attrs=SliceAttrs(_axis(axis, len(t.shape(x))), first, last, step))


def _split(t: Trace, x: Ref, sizes: Any, axis: int = 0) -> list[Ref]:
    a = _axis(axis, len(t.shape(x)))
    total = t.shape(x)[a]
    if not isinstance(sizes, Sequence):
        full, rest = divmod(total, sizes)
        sizes = [sizes] * full + ([rest] if rest else [])
    return list(t.builder.slots(t.add(OpKind.SPLIT, x, attrs=SplitAttrs(a, tuple(sizes)))))


def _chunk(t: Trace, x: Ref, chunks: int, axis: int = 0) -> list[Ref]:
    return _split(t, x, -(-t.shape(x)[_axis(axis, len(t.shape(x)))] // chunks), axis)


def _unbind(t: Trace, x: Ref, axis: int = 0) -> list[Ref]:
    shape = t.shape(x)
    a = _axis(axis, len(shape))
    return [_reshape(t, part, (*shape[:a], *shape[a + 1 :])) for part in _split(t, x, 1, a)]


def _concat(t: Trace, parts: Sequence[Value], axis: int = 0) -> Value:
    """Join activations; constants among them (a class token) come in as one padded edge each."""
    a = _axis(axis, len(t.shape(parts[0])))
    refs = [part for part in parts if isinstance(part, Ref)]
    out = refs[0] if len(refs) == 1 else t.add(OpKind.CONCAT, *refs, attrs=AxisAttrs(a))
    seen = False
    before = after = 0
    for part in parts:
        if isinstance(part, Ref):
            seen = True
        elif isinstance(part, Constant):
            before, after = (before, after + part.shape[a]) if seen else (before + part.shape[a], after)
    if not before + after:
        return out
    rank = len(t.shape(out))
    return t.add(OpKind.PAD, out, attrs=PadAttrs(tuple((before, after) if i == a else (0, 0) for i in range(rank))))


def _stack(t: Trace, parts: Sequence[Value], axis: int = 0) -> Value:
    if not all(isinstance(part, Ref) for part in parts):
        return None
    return _concat(t, [_unsqueeze(t, part, axis) for part in parts], axis)


def _roll(t: Trace, x: Ref, shifts: Any, axes: Any = ()) -> Value:
    """Write a cyclic shift as runtimes do: cut in two, join the other way round."""
    pairs = zip(_listed(shifts), _listed(axes), strict=False)
    for shift, axis in pairs:
        shape = t.shape(x)
        a = _axis(axis, len(shape))
        cut = -shift % shape[a]
        if cut:
            head = t.add(OpKind.SLICE, x, attrs=SliceAttrs(a, 0, cut))
            tail = t.add(OpKind.SLICE, x, attrs=SliceAttrs(a, cut, shape[a]))
            x = t.add(OpKind.CONCAT, tail, head, attrs=AxisAttrs(a))
    return x if _listed(axes) else None


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, Sequence) else [value]


def _pad(t: Trace, x: Ref, pads: Sequence[int], *_: Any, **__: Any) -> Ref:
    rank = len(t.shape(x))
    pairs = [(int(pads[2 * i]), int(pads[2 * i + 1])) for i in range(len(pads) // 2)]
    per_axis = [(0, 0)] * (rank - len(pairs)) + pairs[::-1]
    if any(size < 0 for pair in per_axis for size in pair):
        shape = t.shape(x)
        for axis, (lo, hi) in enumerate(per_axis):
            if min(lo, hi) < 0:
                x = t.add(OpKind.SLICE, x, attrs=SliceAttrs(axis, max(-lo, 0), shape[axis] + min(hi, 0)))
        per_axis = [(max(lo, 0), max(hi, 0)) for lo, hi in per_axis]
    return t.add(OpKind.PAD, x, attrs=PadAttrs(tuple(per_axis)))


def _expand(t: Trace, x: Ref, shape: Sequence[int], **_: Any) -> Value:
    before = t.shape(x)
    padded = (1,) * (len(shape) - len(before)) + before
    wanted = tuple(p if s == -1 else s for s, p in zip(shape, padded, strict=True))
    # broadcasting moves data only where the next op cannot do it by itself; then it is a gather
    return _reshape(t, x, wanted) if wanted == padded else t.add(OpKind.INDEX, x, attrs=ShapeAttrs(wanted, "expand"))


def _index(t: Trace, x: Value, indices: Sequence[Value]) -> Value:
    tables = [index for index in indices if index is not None]
    if not isinstance(x, Ref) or not all(isinstance(index, Constant) for index in tables):
        return None
    if any(index is None for index in indices[: -len(tables)]) and len(tables) > 1:
        return None
    shape = t.shape(x)
    lead = sum(1 for index in indices if index is None)
    picked: tuple[int, ...] = ()
    for table in tables:
        picked = table.shape if len(table.shape) >= len(picked) else picked
    out = (*shape[:lead], *picked, *shape[lead + len(tables) :])
    return t.add(OpKind.INDEX, x, attrs=ShapeAttrs(out))


def _index_select(t: Trace, x: Ref, axis: int, table: Value) -> Value:
    shape = t.shape(x)
    a = _axis(axis, len(shape))
    return t.add(OpKind.INDEX, x, attrs=ShapeAttrs((*shape[:a], t.shape(table)[0], *shape[a + 1 :])))


def _upsample(mode: str) -> Rule:
    def rule(t: Trace, x: Ref, size: Any, *rest: Any, **_: Any) -> Value:
        shape = t.shape(x)
        scales = next((v for v in rest if isinstance(v, Sequence)), None)
        if size is None and scales is None:
            return None
        out = _pair(size) if size else tuple(int(s * f) for s, f in zip(shape[2:], scales or (), strict=True))
        return t.add(OpKind.UPSAMPLE, x, attrs=ShapeAttrs((*shape[:2], *out), mode))

    return rule


def _pixel_shuffle(t: Trace, x: Ref, factor: int) -> Ref:
    n, c, h, w = t.shape(x)
    cut = _reshape(t, x, (n, c // factor**2, factor, factor, h, w))
    return _reshape(t, _transpose(t, cut, (0, 1, 4, 2, 5, 3)), (n, c // factor**2, h * factor, w * factor))


def _channel_shuffle(t: Trace, x: Ref, groups: int) -> Ref:
    n, c, h, w = t.shape(x)
    cut = _reshape(t, x, (n, groups, c // groups, h, w))
    return _reshape(t, _transpose(t, cut, (0, 2, 1, 3, 4)), (n, c, h, w))


RULES: dict[str, Rule] = {
    "conv2d": _conv2d,
    "convolution": _convolution,
    "linear": _linear,
    "matmul": _matmul,
    "mm": _matmul,
    "bmm": _matmul,
    "addmm": _addmm,
    "einsum": einsum,
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "group_norm": _group_norm,
    "scaled_dot_product_attention": _attention,
    "relu": _unary(OpKind.RELU),
    "relu6": _unary(OpKind.RELU6),
    "gelu": _unary(OpKind.GELU),
    "silu": _unary(OpKind.SILU),
    "hardswish": _unary(OpKind.HARDSWISH),
    "hardsigmoid": _unary(OpKind.HARDSIGMOID),
    "sigmoid": _unary(OpKind.SIGMOID),
    "tanh": _unary(OpKind.TANH),
    "clamp": _clamp,
    "clamp_min": _clamp,
    "hardtanh": _hardtanh,
    "softmax": _softmax,
    "add": _binary(OpKind.ADD),
    "sub": _binary(OpKind.SUB),
    "mul": _binary(OpKind.MUL),
    "div": _binary(OpKind.DIV),
    "avg_pool2d": _pool(OpKind.AVG_POOL),
    "max_pool2d": _pool(OpKind.MAX_POOL),
    "adaptive_avg_pool2d": _adaptive_pool(OpKind.AVG_POOL),
    "adaptive_max_pool2d": _adaptive_pool(OpKind.MAX_POOL),
    "mean": _reduce(OpKind.MEAN),
    "sum": _reduce(OpKind.SUM),
    "view": _reshape,
    "reshape": _reshape,
    "_unsafe_view": _reshape,
    "reshape_as": lambda t, x, other: _reshape(t, x, t.shape(other)),
    "view_as": lambda t, x, other: _reshape(t, x, t.shape(other)),
    "flatten": _flatten,
    "unflatten": _unflatten,
    "squeeze": _squeeze,
    "unsqueeze": _unsqueeze,
    "permute": _transpose,
    "transpose": _swap,
    "swapaxes": _swap,
    "t": lambda t, x: _swap(t, x, -2, -1),
    "numpy_T": lambda t, x: _transpose(t, x, range(len(t.shape(x)))[::-1]),
    "split": _split,
    "split_with_sizes": _split,
    "chunk": _chunk,
    "tensor_split": _chunk,
    "unbind": _unbind,
    "cat": _concat,
    "concat": _concat,
    "stack": _stack,
    "slice": _slice,
    "narrow": lambda t, x, axis, start, length: _slice(t, x, axis, start, start + length),
    "select": _select,
    "index": _index,
    "index_select": _index_select,
    "roll": _roll,
    "pad": _pad,
    "constant_pad_nd": _pad,
    "expand": _expand,
    "expand_as": lambda t, x, other: _expand(t, x, t.shape(other)),
    "upsample_nearest2d": _upsample("nearest"),
    "upsample_bilinear2d": _upsample("bilinear"),
    "upsample_bicubic2d": _upsample("bicubic"),
    "pixel_shuffle": _pixel_shuffle,
    "channel_shuffle": _channel_shuffle,
    **dict.fromkeys(
        ("dropout", "feature_dropout", "contiguous", "clone", "alias", "detach", "to", "_to_copy", "type_as", "float"),
        _same,
    ),
    "lift_fresh_copy": _same,
    "square": lambda t, x: t.binary(OpKind.MUL, x, x),
    "rsub": lambda t, x, other, *_: t.binary(OpKind.SUB, other, x),
    "neg": lambda t, x: t.binary(OpKind.MUL, x, -1.0),
}
