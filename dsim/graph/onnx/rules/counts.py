"""Multiply-accumulates of ONNX operators that have no kind in the IR: one visible dict from operator to formula."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from dsim.graph.aten.counts import COUNTS as ATEN_COUNTS
from dsim.graph.onnx.rules import attention
from dsim.graph.onnx.rules.arguments import Attributes
from dsim.graph.tracing import Trace, Value

Formula = Callable[..., int]


def _as_torch(name: str) -> Formula:
    """Make the formula of an operator whose first inputs are those of a torch operator."""
    return lambda t, attrs, *args: ATEN_COUNTS[name](t, *args)


def _gemm(t: Trace, attrs: Attributes, left: Value, right: Value, *_: Value) -> int:
    inner = t.shape(left)[0 if attrs.get("transA", 0) else 1]
    return math.prod(t.expected[0]) * inner


def _recurrent(t: Trace, attrs: Attributes, x: Value, weight: Value, recurrent: Value, *_: Value) -> int:
    """Count both matrices of every direction at every step of every sequence."""
    steps = math.prod(t.shape(x)[:-1])
    return steps * (math.prod(t.shape(weight)) + math.prod(t.shape(recurrent)))


def _einsum(t: Trace, attrs: Attributes, *operands: Value) -> int:
    return ATEN_COUNTS["einsum"](t, attrs["equation"], operands)


COUNTS: dict[str, Formula] = {
    "Conv": _as_torch("conv2d"),
    "ConvTranspose": _as_torch("conv_transpose2d"),
    "com.microsoft::ConvTransposeWithDynamicPads": _as_torch("conv_transpose2d"),
    "DeformConv": _as_torch("conv2d"),
    "MatMul": _as_torch("matmul"),
    "Gemm": _gemm,
    "Einsum": _einsum,
    **dict.fromkeys(("GRU", "LSTM", "RNN"), _recurrent),
    "Attention": attention.count_standard,
    "PackedAttention": attention.count_packed,
    "MultiHeadAttention": attention.count_multi_head,
}


def counted(t: Trace, op: str, attrs: Attributes, args: Sequence[Value]) -> int | None:
    """Return the MACs of an operator; None where no formula knows it, or not in this form."""
    if op not in COUNTS:
        return None
    try:
        return COUNTS[op](t, attrs, *args)
    except (TypeError, ValueError, LookupError, ArithmeticError):
        return None
