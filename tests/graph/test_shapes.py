"""Shape rules against the torch operators that they describe: same shapes, same refusals."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from hypothesis import given, settings
from hypothesis import strategies as st

from dsim.attrs import (
    AxisAttrs,
    ConstantAttrs,
    ConvAttrs,
    LinearAttrs,
    NoAttrs,
    NormAttrs,
    OrderAttrs,
    PadAttrs,
    PoolAttrs,
    ReduceAttrs,
    ShapeAttrs,
    SliceAttrs,
    SplitAttrs,
)
from dsim.errors import InvalidValueError
from dsim.graph.shapes import SHAPE_RULES, infer_outputs
from dsim.op import ACTIVATIONS, ATTRS_OF, NORMS, Op, OpKind, TensorSpec
from tests.graph.oracle import flops_of

Shape = tuple[int, ...]
SIZES = st.integers(1, 7)
SHAPES = st.lists(SIZES, min_size=1, max_size=5).map(tuple)
MAPS = st.tuples(st.integers(1, 2), st.sampled_from((1, 2, 4, 6)), st.integers(1, 13), st.integers(1, 13))


def zeros(shape: Shape) -> torch.Tensor:
    return torch.zeros(shape, device="meta")


def pairs(low: int, high: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(low, high), st.integers(low, high))


def agree(kind: OpKind, attrs: Any, shapes: list[Shape], run: Any) -> None:
    """Our rule and torch give the same shapes, or both refuse."""
    specs = tuple(TensorSpec(shape) for shape in shapes)
    try:
        out = run(*map(zeros, shapes))
        wanted: Any = tuple(tuple(o.shape) for o in (out if isinstance(out, tuple | list) else [out]))
    except (RuntimeError, IndexError, ValueError):
        wanted = None
    if wanted is None or any(size == 0 for shape in wanted for size in shape):
        with pytest.raises(InvalidValueError):
            infer_outputs(kind, attrs, specs)
    else:
        assert tuple(spec.shape for spec in infer_outputs(kind, attrs, specs)) == wanted


@given(
    MAPS,
    st.sampled_from((1, 2, 4, 6)),
    pairs(1, 5),
    pairs(1, 3),
    pairs(0, 3),
    pairs(1, 3),
    st.sampled_from((1, 2, 4)),
)
@settings(max_examples=300, deadline=None)
def test_convolution(
    shape: Shape, out: int, kernel: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> None:
    if out % groups:
        with pytest.raises(InvalidValueError, match="multiple of groups"):
            ConvAttrs(out, kernel, stride, padding, dilation, groups)
        return
    inner = max(shape[1] // groups, 1)
    weight = zeros((out, inner, *kernel))
    attrs = ConvAttrs(out, kernel, stride, padding, dilation, groups)
    agree(
        OpKind.CONV2D,
        attrs,
        [shape],
        lambda x: F.conv2d(x, weight, zeros((out,)), stride, padding, dilation, groups),
    )


@given(
    MAPS,
    st.sampled_from((1, 2, 4, 6)),
    pairs(1, 4),
    pairs(1, 3),
    pairs(0, 2),
    pairs(1, 2),
    st.sampled_from((1, 2)),
)
@settings(max_examples=100, deadline=None)
def test_convolution_costs(
    shape: Shape, out: int, kernel: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> None:
    attrs = ConvAttrs(out, kernel, stride, padding, dilation, groups) if out % groups == 0 else None
    if attrs is None or shape[1] % groups:
        return
    module = torch.nn.Conv2d(shape[1], out, kernel, stride, padding, dilation, groups, device="meta")
    try:
        outputs = infer_outputs(OpKind.CONV2D, attrs, (TensorSpec(shape),))
    except InvalidValueError:
        return
    op = Op(OpKind.CONV2D, attrs, (TensorSpec(shape),), outputs)
    assert 2 * op.macs == flops_of(lambda: module(zeros(shape)))
    assert op.params == sum(p.numel() for p in module.parameters())
    assert op.elements_read == zeros(shape).numel() + op.params
    assert op.elements_written == module(zeros(shape)).numel()


@given(MAPS, st.sampled_from(("avg", "max")), pairs(1, 5), pairs(1, 4), pairs(0, 2), st.booleans())
@settings(max_examples=300, deadline=None)
def test_pooling(shape: Shape, which: str, kernel: Any, stride: Any, padding: Any, ceil: bool) -> None:
    padding = tuple(min(p, k // 2) for p, k in zip(padding, kernel, strict=True))  # torch refuses more
    attrs = PoolAttrs(kernel, stride, padding, ceil)
    if which == "avg":
        agree(OpKind.AVG_POOL, attrs, [shape], lambda x: F.avg_pool2d(x, kernel, stride, padding, ceil))
    else:
        agree(
            OpKind.MAX_POOL,
            attrs,
            [shape],
            lambda x: F.max_pool2d(x, kernel, stride, padding, ceil_mode=ceil),
        )


@given(SHAPES, st.integers(0, 5), st.integers(0, 8), st.integers(0, 8), st.integers(1, 3))
@settings(max_examples=200, deadline=None)
def test_slice(shape: Shape, axis: int, start: int, stop: int, step: int) -> None:
    # torch cuts a range that sticks out; here a range says what it means
    if axis < len(shape) and stop > shape[axis]:
        with pytest.raises(InvalidValueError):
            infer_outputs(OpKind.SLICE, SliceAttrs(axis, start, stop, step), (TensorSpec(shape),))
        return
    index = (slice(None),) * axis + (slice(start, stop, step),)
    agree(OpKind.SLICE, SliceAttrs(axis, start, stop, step), [shape], lambda x: x[index])


@given(SHAPES, st.integers(0, 5), st.lists(SIZES, min_size=1, max_size=4).map(tuple))
@settings(max_examples=200, deadline=None)
def test_split(shape: Shape, axis: int, sizes: Shape) -> None:
    if axis < len(shape):  # half of the cases should fit
        shape = (*shape[:axis], sum(sizes) if shape[axis] % 2 else shape[axis], *shape[axis + 1 :])
    agree(OpKind.SPLIT, SplitAttrs(axis, sizes), [shape], lambda x: x.split(list(sizes), axis))


@given(
    SHAPES, st.integers(0, 5), st.lists(st.one_of(st.none(), SIZES), min_size=1, max_size=3), st.booleans()
)
@settings(max_examples=200, deadline=None)
def test_concat(shape: Shape, axis: int, others: list[int | None], spoil: bool) -> None:
    shapes = [shape]
    for size in others:
        part = list(shape)
        if size is not None:
            part[(axis + spoil) % len(shape)] = size
        shapes.append(tuple(part))
    agree(OpKind.CONCAT, AxisAttrs(axis), shapes, lambda *parts: torch.cat(parts, axis))


def _ones(data: st.DataObject, shape: Shape) -> Shape:
    """A shape that broadcasts against another, mostly."""
    kept = shape[data.draw(st.integers(0, len(shape))) :]
    return tuple(data.draw(st.sampled_from((1, size, size, 3))) for size in kept)


@given(st.data(), SHAPES, st.sampled_from(("both", "constant", "reverse")))
@settings(max_examples=200, deadline=None)
def test_broadcasting(data: st.DataObject, left: Shape, form: str) -> None:
    right = _ones(data, left)
    if form == "both":
        agree(OpKind.ADD, ConstantAttrs(), [left, right], lambda x, y: x + y)
    else:
        agree(OpKind.MUL, ConstantAttrs(right, 0, form == "reverse"), [left], lambda x: x * zeros(right))


@given(st.data(), st.lists(SIZES, max_size=3).map(tuple), SIZES, SIZES, SIZES, st.integers(0, 2))
@settings(max_examples=200, deadline=None)
def test_matmul(data: st.DataObject, batch: Shape, rows: int, inner: int, columns: int, form: int) -> None:
    left, right = (
        (*batch, rows, inner),
        (*_ones(data, batch), data.draw(st.sampled_from((inner, inner, 5))), columns),
    )
    if form == 0:
        agree(OpKind.MATMUL, ConstantAttrs(), [left, right], lambda x, y: x @ y)
        attrs, inputs = ConstantAttrs(), (TensorSpec(left), TensorSpec(right))
    elif form == 1:
        agree(OpKind.MATMUL, ConstantAttrs(right), [left], lambda x: x @ zeros(right))
        attrs, inputs = ConstantAttrs(right), (TensorSpec(left),)
    else:
        agree(OpKind.MATMUL, ConstantAttrs(left, 0, True), [right], lambda x: zeros(left) @ x)
        attrs, inputs = ConstantAttrs(left, 0, True), (TensorSpec(right),)
    try:
        op = Op(OpKind.MATMUL, attrs, inputs, infer_outputs(OpKind.MATMUL, attrs, inputs))
    except InvalidValueError:
        return
    assert 2 * op.macs == flops_of(lambda: zeros(left) @ zeros(right))


@given(SHAPES, SIZES, st.booleans())
@settings(deadline=None)
def test_linear(shape: Shape, out: int, bias: bool) -> None:
    module = torch.nn.Linear(shape[-1], out, bias, device="meta")
    agree(OpKind.LINEAR, LinearAttrs(out, bias), [shape], module)
    inputs = (TensorSpec(shape),)
    op = Op(
        OpKind.LINEAR,
        LinearAttrs(out, bias),
        inputs,
        infer_outputs(OpKind.LINEAR, LinearAttrs(out, bias), inputs),
    )
    assert op.params == sum(p.numel() for p in module.parameters())
    if len(shape) > 1:  # torch multiplies a lone vector with mv, which its counter does not know
        assert 2 * op.macs == flops_of(lambda: module(zeros(shape)))


@given(SHAPES, st.lists(pairs(0, 3), min_size=1, max_size=5).map(tuple))
@settings(deadline=None)
def test_pad(shape: Shape, pads: tuple[tuple[int, int], ...]) -> None:
    if len(pads) != len(shape):
        with pytest.raises(InvalidValueError, match="a pair for each axis"):
            infer_outputs(OpKind.PAD, PadAttrs(pads), (TensorSpec(shape),))
    else:
        flat = [size for pair in reversed(pads) for size in pair]
        agree(OpKind.PAD, PadAttrs(pads), [shape], lambda x: F.pad(x, flat))


@given(SHAPES, st.data())
@settings(deadline=None)
def test_transpose(shape: Shape, data: st.DataObject) -> None:
    order = tuple(data.draw(st.permutations(range(len(shape) + data.draw(st.sampled_from((0, 0, 0, 1)))))))
    agree(OpKind.TRANSPOSE, OrderAttrs(order), [shape], lambda x: x.permute(order))


@given(SHAPES, SHAPES, st.booleans())
@settings(deadline=None)
def test_reshape(shape: Shape, wanted: Shape, fits: bool) -> None:
    wanted = shape[::-1] if fits else wanted
    agree(OpKind.RESHAPE, ShapeAttrs(wanted), [shape], lambda x: x.reshape(wanted))


@given(SHAPES, st.sets(st.integers(0, 5), min_size=1).map(sorted).map(tuple), st.booleans())
@settings(deadline=None)
def test_reductions(shape: Shape, axes: tuple[int, ...], keepdim: bool) -> None:
    agree(OpKind.MEAN, ReduceAttrs(axes, keepdim), [shape], lambda x: x.mean(axes, keepdim))
    agree(OpKind.SUM, ReduceAttrs(axes, keepdim), [shape], lambda x: x.sum(axes, keepdim))


@given(SHAPES, st.integers(0, 6))
@settings(deadline=None)
def test_softmax(shape: Shape, axis: int) -> None:
    agree(OpKind.SOFTMAX, AxisAttrs(axis), [shape], lambda x: torch.zeros(x.shape).softmax(axis))


@given(MAPS, st.sampled_from((1, 2, 3)))
@settings(deadline=None)
def test_group_norm(shape: Shape, groups: int) -> None:
    agree(OpKind.GROUP_NORM, NormAttrs(groups=groups), [shape], lambda x: torch.group_norm(x, groups))


@given(MAPS, pairs(1, 9))
@settings(deadline=None)
def test_upsample(shape: Shape, size: tuple[int, int]) -> None:
    attrs = ShapeAttrs((*shape[:2], *size), "nearest")
    agree(OpKind.UPSAMPLE, attrs, [shape], lambda x: F.interpolate(x, size))


NORM_MODULES = {
    OpKind.BATCH_NORM: (torch.nn.BatchNorm2d(6), NormAttrs()),
    OpKind.LAYER_NORM: (torch.nn.LayerNorm((4, 5)), NormAttrs(axes=2)),
    OpKind.GROUP_NORM: (torch.nn.GroupNorm(3, 6), NormAttrs(groups=3)),
}


@pytest.mark.parametrize("kind", sorted(NORMS))
def test_norms_count_their_parameters(kind: OpKind) -> None:
    module, attrs = NORM_MODULES[kind]
    spec = (TensorSpec((2, 6, 4, 5)),)
    assert Op(kind, attrs, spec, spec).params == sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize("kind", sorted(ACTIVATIONS))
def test_activations_keep_the_shape(kind: OpKind) -> None:
    spec = (TensorSpec((2, 6, 4, 5)),)
    assert infer_outputs(kind, NoAttrs(), spec) == spec


def test_every_kind_has_a_rule_and_a_record() -> None:
    assert set(SHAPE_RULES) == set(ATTRS_OF) == set(OpKind)


@pytest.mark.parametrize(
    ("kind", "attrs", "shapes"),
    [
        (OpKind.CONV2D, ConvAttrs(4, (3, 3)), [(1, 3, 8)]),
        (OpKind.AVG_POOL, PoolAttrs((2, 2), (2, 2)), [(3, 8, 8)]),
        (OpKind.RELU, NoAttrs(), [(1, 2), (1, 2)]),
        (OpKind.ADD, ConstantAttrs(), [(1, 2)]),
        (OpKind.ADD, ConstantAttrs((2,)), [(1, 2), (1, 2)]),
        (OpKind.LAYER_NORM, NormAttrs(axes=3), [(2, 2)]),
        (OpKind.BATCH_NORM, NormAttrs(), [(2,)]),
        (OpKind.CONCAT, AxisAttrs(0), []),
        (OpKind.MATMUL, ConstantAttrs(), [(3,), (3, 2)]),
        (OpKind.LINEAR, LinearAttrs(3), [()]),
        (OpKind.UPSAMPLE, ShapeAttrs((1, 3, 4, 4)), [(1, 2, 2, 2)]),
    ],
)
def test_the_impossible_is_refused(kind: OpKind, attrs: Any, shapes: list[Shape]) -> None:
    with pytest.raises(InvalidValueError, match=r"got .*; "):
        infer_outputs(kind, attrs, tuple(TensorSpec(shape) for shape in shapes))
