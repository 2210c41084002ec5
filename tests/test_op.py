"""Ops: what they count, and what they refuse to be. Arithmetic is written out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from dsim.attrs import (
    ConstantAttrs,
    ConvAttrs,
    LinearAttrs,
    NoAttrs,
    NormAttrs,
    PadAttrs,
    PoolAttrs,
    ReduceAttrs,
    ShapeAttrs,
    SliceAttrs,
    SplitAttrs,
    UnknownAttrs,
)
from dsim.errors import InvalidValueError
from dsim.op import Op, OpKind, TensorSpec


def op(
    kind: OpKind, attrs: Any, inputs: list[tuple[int, ...]], *outputs: tuple[int, ...], **named: Any
) -> Op:
    return Op(kind, attrs, tuple(map(TensorSpec, inputs)), tuple(map(TensorSpec, outputs)), **named)


def test_a_stem_convolution() -> None:
    stem = op(OpKind.CONV2D, ConvAttrs(24, (3, 3), (2, 2), (1, 1)), [(1, 3, 224, 224)], (1, 24, 112, 112))
    assert stem.macs == 24 * 112 * 112 * 3 * 9
    assert stem.params == 24 * 3 * 9 + 24
    assert stem.elements_read == 3 * 224 * 224 + 24 * 3 * 9 + 24
    assert stem.elements_written == 24 * 112 * 112
    assert not stem.is_depthwise
    assert not stem.is_pointwise


def test_depthwise_and_pointwise_are_told_by_attributes() -> None:
    depth = op(
        OpKind.CONV2D,
        ConvAttrs(8, (3, 3), padding=(1, 1), groups=8, bias=False),
        [(1, 8, 5, 5)],
        (1, 8, 5, 5),
    )
    assert (depth.is_depthwise, depth.is_pointwise, depth.macs, depth.params) == (True, False, 8 * 25 * 9, 72)
    point = op(OpKind.CONV2D, ConvAttrs(4, (1, 1), bias=False), [(1, 8, 5, 5)], (1, 4, 5, 5))
    assert (point.is_depthwise, point.is_pointwise, point.macs, point.params) == (False, True, 25 * 32, 32)
    single = op(OpKind.CONV2D, ConvAttrs(1, (3, 3)), [(1, 1, 5, 5)], (1, 1, 3, 3))
    assert not single.is_depthwise


def test_products() -> None:
    linear = op(OpKind.LINEAR, LinearAttrs(10), [(2, 49, 6)], (2, 49, 10))
    assert (linear.macs, linear.params) == (2 * 49 * 6 * 10, 70)
    scores = op(OpKind.MATMUL, ConstantAttrs(), [(8, 49, 32), (8, 32, 49)], (8, 49, 49))
    assert (scores.macs, scores.params, scores.elements_read) == (8 * 49 * 49 * 32, 0, 2 * 8 * 49 * 32)
    mixed = op(OpKind.MATMUL, ConstantAttrs((20, 49), 980, True), [(1, 49, 6)], (1, 20, 6))
    assert (mixed.macs, mixed.params, mixed.elements_read) == (20 * 49 * 6, 980, 49 * 6 + 980)


def test_a_bias_spread_from_few_parameters_reads_all_of_its_elements() -> None:
    add = op(OpKind.ADD, ConstantAttrs((8, 49, 49), 8 * 49), [(1, 8, 49, 49)], (1, 8, 49, 49))
    assert (add.params, add.elements_read) == (8 * 49, 2 * 8 * 49 * 49)


def test_learned_numbers_may_differ_from_weights() -> None:
    blur = op(
        OpKind.CONV2D, ConvAttrs(8, (3, 3), groups=8, bias=False, params=0), [(1, 8, 5, 5)], (1, 8, 3, 3)
    )
    assert (blur.params, blur.weights, blur.elements_read) == (0, 72, 8 * 25 + 72)
    norm = op(OpKind.LAYER_NORM, NormAttrs(bias=False), [(1, 9, 16)], (1, 9, 16))
    assert norm.params == 16
    token = op(OpKind.PAD, PadAttrs(((0, 0), (1, 0), (0, 0)), 16), [(1, 9, 16)], (1, 10, 16))
    assert token.params == 16


def test_everything_else_costs_no_macs() -> None:
    act = op(OpKind.GELU, NoAttrs(), [(1, 8)], (1, 8))
    assert (act.macs, act.params, act.label) == (0, 0, "gelu")
    unknown = op(OpKind.UNKNOWN, UnknownAttrs("lstm", ((1, 8),), 77), [(1, 8)], (1, 8))
    assert (unknown.macs, unknown.params, unknown.label) == (0, 77, "lstm")


HUGE = 10**6000


@pytest.mark.parametrize(
    "make",
    [
        lambda: TensorSpec((0, 3)),
        lambda: TensorSpec((-1,)),
        lambda: TensorSpec((1.5,)),
        lambda: TensorSpec((True,)),
        lambda: TensorSpec((HUGE,)),
        lambda: TensorSpec((2**21, 2**21)),
        lambda: TensorSpec((1,) * 33),
        lambda: op(OpKind.CONV2D, NoAttrs(), [(1, 3)], (1, 3)),
        lambda: op(OpKind.RELU, NoAttrs(), [(1,)], (1,), activation=OpKind.CONV2D),
        lambda: ConvAttrs(0, (3, 3)),
        lambda: ConvAttrs(4, (0, 3)),
        lambda: ConvAttrs(4, (3, 3), stride=(0, 1)),
        lambda: ConvAttrs(4, (3, 3), padding=(-1, 0)),
        lambda: ConvAttrs(4, (HUGE, 3)),
        lambda: ConvAttrs(4, (3, 3, 3)),
        lambda: ConvAttrs(4, (3, 3), groups=3),
        lambda: ConvAttrs(4, (3, 3), params=-1),
        lambda: LinearAttrs(-2),
        lambda: LinearAttrs(2, params=HUGE),
        lambda: PoolAttrs((2, 2), (0, 0)),
        lambda: NormAttrs(groups=0),
        lambda: NormAttrs(axes=0),
        lambda: ConstantAttrs(None, 3),
        lambda: ConstantAttrs((3,), -1),
        lambda: ConstantAttrs((0,)),
        lambda: SplitAttrs(0, (2, 0)),
        lambda: SliceAttrs(0, 0, 2, 0),
        lambda: ShapeAttrs((2, -1)),
        lambda: PadAttrs(((0, -1),)),
        lambda: UnknownAttrs("x", ((HUGE,),)),
    ],
)
def test_the_impossible_cannot_be_made(make: Any) -> None:
    with pytest.raises(InvalidValueError) as caught:
        make()
    assert "got" in str(caught.value)
    assert len(str(caught.value)) < 500


def test_reduce_attrs_are_plain() -> None:
    mean = op(OpKind.MEAN, ReduceAttrs((1,)), [(1, 9, 16)], (1, 16))
    assert (mean.elements_read, mean.elements_written) == (144, 16)
