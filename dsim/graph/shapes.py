"""Shape rules: for each kind of op, the output shapes that its attributes and input shapes imply."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from dsim.attrs import Attrs
from dsim.errors import InvalidValueError
from dsim.op import ACTIVATIONS, BINARY, NORMS, OpKind, TensorSpec
from dsim.records import shown

Shape = tuple[int, ...]


def _need(condition: bool, rule: str, got: object) -> None:
    if not condition:
        raise InvalidValueError(f"{rule}, got {shown(got)}; check the attributes and the layer before it")


def _same(attrs: Any, shape: Shape) -> tuple[Shape, ...]:
    return (shape,)


def _window(size: int, kernel: int, stride: int, padding: int, dilation: int = 1, ceil: bool = False) -> int:
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    if not ceil:
        return room // stride + 1
    out = -(-room // stride) + 1
    # the last window must start inside the input or its left padding (the rule of torch and ONNX)
    return out - 1 if (out - 1) * stride >= size + padding else out


def _conv2d(attrs: Any, shape: Shape) -> tuple[Shape, ...]:
    _need(len(shape) == 4, "conv2d reads NCHW", shape)
    _need(shape[1] % attrs.groups == 0, f"conv2d channels must be a multiple of groups={attrs.groups}", shape)
    size = [
        _window(shape[2 + i], attrs.kernel[i], attrs.stride[i], attrs.padding[i], attrs.dilation[i])
        for i in range(2)
    ]
    _need(min(size) >= 1, f"conv2d kernel {attrs.kernel} must fit into the padded input", shape)
    return ((shape[0], attrs.out_channels, *size),)


def _linear(attrs: Any, shape: Shape) -> tuple[Shape, ...]:
    _need(len(shape) >= 1, "linear reads at least one axis", shape)
    return ((*shape[:-1], attrs.out_features),)


def broadcast(left: Shape, right: Shape) -> Shape:
    """Return the shape of an element-wise op over two shapes (NumPy's rule).

    Raises
    ------
    InvalidValueError
        The shapes cannot be broadcast.
    """
    rank = max(len(left), len(right))
    a, b = (1,) * (rank - len(left)) + left, (1,) * (rank - len(right)) + right
    for x, y in zip(a, b, strict=True):
        _need(x == y or 1 in (x, y), "element-wise operands must have equal sizes or 1", (left, right))
    return tuple(y if x == 1 else x for x, y in zip(a, b, strict=True))


def _operands(attrs: Any, shapes: tuple[Shape, ...]) -> tuple[Shape, Shape]:
    if attrs.constant is None:
        _need(len(shapes) == 2, "an op on two activations reads two inputs", shapes)
        return shapes[0], shapes[1]
    _need(len(shapes) == 1, "an op with a constant operand reads one input", shapes)
    return (attrs.constant, shapes[0]) if attrs.reverse else (shapes[0], attrs.constant)


def _elementwise(attrs: Any, *shapes: Shape) -> tuple[Shape, ...]:
    return (broadcast(*_operands(attrs, shapes)),)


def _matmul(attrs: Any, *shapes: Shape) -> tuple[Shape, ...]:
    left, right = _operands(attrs, shapes)
    _need(min(len(left), len(right)) >= 2, "matmul operands have two axes or more", (left, right))
    _need(left[-1] == right[-2], "matmul's inner sizes must agree", (left, right))
    return ((*broadcast(left[:-2], right[:-2]), left[-2], right[-1]),)


def _pool(attrs: Any, shape: Shape) -> tuple[Shape, ...]:
    _need(len(shape) == 4, "pooling reads NCHW", shape)
    size = [
        _window(shape[2 + i], attrs.kernel[i], attrs.stride[i], attrs.padding[i], 1, attrs.ceil_mode)
        for i in range(2)
    ]
    _need(min(size) >= 1, f"pooling window {attrs.kernel} must fit into the padded input", shape)
    return ((*shape[:2], *size),)


def _norm(attrs: Any, shape: Shape) -> tuple[Shape, ...]:
    _need(
        len(shape) >= max(2, attrs.axes),
        "a norm reads two axes or more, and those that it averages over",
        shape,
    )
    _need(
        shape[1] % attrs.groups == 0,
        f"group norm channels must be a multiple of groups={attrs.groups}",
        shape,
    )
    return (shape,)


def _axis(attrs: Any, shape: Shape) -> tuple[Shape, ...]:
    _need(0 <= attrs.axis < len(shape), f"axis {attrs.axis} must exist", shape)
    return (shape,)


def _concat(attrs: Any, *shapes: Shape) -> tuple[Shape, ...]:
    _need(
        len(shapes) >= 1 and 0 <= attrs.axis < len(shapes[0]),
        "concat needs inputs and an axis they have",
        shapes,
    )
    first = shapes[0]
    for shape in shapes:
        rest = shape[: attrs.axis] + shape[attrs.axis + 1 :]
        _need(
            rest == first[: attrs.axis] + first[attrs.axis + 1 :],
            "concat inputs differ on its axis only",
            shapes,
        )
    total = sum(shape[attrs.axis] for shape in shapes)
    return ((*first[: attrs.axis], total, *first[attrs.axis + 1 :]),)


def _split(attrs: Any, shape: Shape) -> tuple[Shape, ...]:
    _need(0 <= attrs.axis < len(shape), f"axis {attrs.axis} must exist", shape)
    _need(
        sum(attrs.sizes) == shape[attrs.axis],
        f"split sizes {shown(attrs.sizes)} must add up to the axis",
        shape,
    )
    return tuple((*shape[: attrs.axis], size, *shape[attrs.axis + 1 :]) for size in attrs.sizes)


def _slice(attrs: Any, shape: Shape) -> tuple[Shape, ...]:
    _need(0 <= attrs.axis < len(shape), f"axis {attrs.axis} must exist", shape)
    _need(
        0 <= attrs.start < attrs.stop <= shape[attrs.axis],
        f"slice {attrs.start}:{attrs.stop} lies inside",
        shape,
    )
    size = -(-(attrs.stop - attrs.start) // attrs.step)
    return ((*shape[: attrs.axis], size, *shape[attrs.axis + 1 :]),)


def _reshape(attrs: Any, shape: Shape) -> tuple[Shape, ...]:
    _need(
        math.prod(attrs.shape) == math.prod(shape),
        f"reshape to {shown(attrs.shape)} must keep the element count",
        shape,
    )
    return (attrs.shape,)


def _given(attrs: Any, *shapes: Shape) -> tuple[Shape, ...]:
    return (attrs.shape,)


def _transpose(attrs: Any, shape: Shape) -> tuple[Shape, ...]:
    _need(
        sorted(attrs.order) == list(range(len(shape))),
        f"transpose {shown(attrs.order)} must name every axis once",
        shape,
    )
    return (tuple(shape[axis] for axis in attrs.order),)


def _pad(attrs: Any, shape: Shape) -> tuple[Shape, ...]:
    _need(len(attrs.pads) == len(shape), f"pad {shown(attrs.pads)} must have a pair for each axis", shape)
    return (tuple(size + lo + hi for size, (lo, hi) in zip(shape, attrs.pads, strict=True)),)


def _upsample(attrs: Any, shape: Shape) -> tuple[Shape, ...]:
    _need(
        len(shape) == 4 and attrs.shape[:2] == shape[:2], "upsample keeps batch and channels of NCHW", shape
    )
    return (attrs.shape,)


def _reduce(attrs: Any, shape: Shape) -> tuple[Shape, ...]:
    _need(all(0 <= axis < len(shape) for axis in attrs.axes), f"axes {shown(attrs.axes)} must exist", shape)
    if attrs.keepdim:
        return (tuple(1 if i in attrs.axes else size for i, size in enumerate(shape)),)
    return (tuple(size for i, size in enumerate(shape) if i not in attrs.axes),)


SHAPE_RULES: dict[OpKind, Callable[..., tuple[Shape, ...]]] = {
    OpKind.CONV2D: _conv2d,
    OpKind.LINEAR: _linear,
    OpKind.MATMUL: _matmul,
    OpKind.SOFTMAX: _axis,
    **dict.fromkeys(NORMS, _norm),
    **dict.fromkeys(ACTIVATIONS, _same),
    OpKind.AVG_POOL: _pool,
    OpKind.MAX_POOL: _pool,
    OpKind.GLOBAL_POOL: _reduce,
    **dict.fromkeys(BINARY, _elementwise),
    OpKind.CONCAT: _concat,
    OpKind.SPLIT: _split,
    OpKind.SLICE: _slice,
    OpKind.INDEX: _given,
    OpKind.RESHAPE: _reshape,
    OpKind.TRANSPOSE: _transpose,
    OpKind.PAD: _pad,
    OpKind.UPSAMPLE: _upsample,
    OpKind.MEAN: _reduce,
    OpKind.SUM: _reduce,
    OpKind.UNKNOWN: lambda attrs, *shapes: attrs.shapes,
}


@lru_cache(
    maxsize=2**15
)  # networks repeat their blocks, and a graph is checked when built and again when made
def infer_outputs(kind: OpKind, attrs: Attrs, inputs: tuple[TensorSpec, ...]) -> tuple[TensorSpec, ...]:
    """Work out what an op writes.

    Raises
    ------
    InvalidValueError
        The attributes and the input shapes contradict each other.
    """
    rule = SHAPE_RULES[kind]
    shapes = tuple(spec.shape for spec in inputs)
    many = kind in BINARY or kind in (OpKind.MATMUL, OpKind.CONCAT, OpKind.INDEX, OpKind.UNKNOWN)
    _need(many or len(shapes) == 1, f"{kind} reads one input", shapes)
    return tuple(TensorSpec(shape) for shape in rule(attrs, *shapes))
