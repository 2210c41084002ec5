"""Spellings of quantised operators: the operator that they quantise, without scales and zero points.

Sources: https://onnx.ai/onnx/operators/ and
https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dsim.graph.onnx.network import Known
from dsim.graph.onnx.steps import WINDOW, Call, Spelling, Step, channels_first, kept
from dsim.graph.tracing import Shape

FLOAT = 1  # TensorProto.FLOAT
MICROSOFT = "com.microsoft::"


def learned(call: Call, name: str, shape: Shape | None = None) -> str:
    """Read a constant operand as the learned float tensor that was quantised, of another shape if one is given."""
    known = call.tensors.constant(name) if name else None
    if known is not None:
        size = known.shape if shape is None else shape
        count = math.prod(size)
        owners = known.owners if known.owners and shape is None else {name: count} if count > 1 else {}
        call.tensors.put(name, Known(size, owners, known.array if known.elem_type == FLOAT else None, FLOAT))
    return name


def operand(call: Call, place: int) -> str:
    """Read an operand that its scale and zero point follow; a constant of known values becomes what it stands for."""
    name = call.input(place)
    known = call.tensors.constant(name) if name else None
    if known is None:
        return name
    array = dequantised(known, *(call.tensors.constant(call.input(place + k)) for k in (1, 2)))
    owners = known.owners or ({name: math.prod(known.shape)} if math.prod(known.shape) > 1 else {})
    # the same numbers may be read with another scale elsewhere
    plain = f"{name}#{call.input(place + 1)}"
    call.tensors.put(plain, Known(known.shape, owners, array, FLOAT))
    return plain


def dequantised(known: Known, scale: Known | None, zero: Known | None) -> np.ndarray[Any, Any] | None:
    """Return the values that quantised ones stand for; None where they, or one scale for all of them, are not known."""
    if known.array is None or known.elem_type == FLOAT:
        return known.array
    if scale is None or scale.scalar is None or (zero is not None and zero.scalar is None):
        return None
    shift = zero.scalar if zero is not None and zero.scalar is not None else 0.0
    return np.asarray((known.array.astype(np.float64) - shift) * scale.scalar, np.float32)


def _conv(call: Call) -> list[Step]:
    """QLinearConv(x, s, z, w, s, z, s, z, b)."""
    inputs = call.trimmed(call.input(0), learned(call, call.input(3)), learned(call, call.input(8)))
    return channels_first(call, "Conv", inputs, kept(call.attrs, *WINDOW))


def _conv_integer(call: Call) -> list[Step]:
    """ConvInteger(x, w, z, z)."""
    inputs = (call.input(0), learned(call, call.input(1)))
    # its bias is added in floats, later: a pattern brings the two together
    return [Step("Conv", inputs, call.outputs[:1], {**kept(call.attrs, *WINDOW), "integer": 1})]


def _matmul(left: int, right: int, bias: int | None = None) -> Spelling:
    """Make the spelling of a product whose operands and bias stand at these places."""

    def spell(call: Call) -> list[Step]:
        inputs = (learned(call, call.input(left)), learned(call, call.input(right)))
        vector = learned(call, call.input(bias)) if bias is not None else ""
        if not vector:
            return [Step("MatMul", inputs, call.outputs[:1])]
        made = call.tensors.fresh()
        return [Step("MatMul", inputs, (made,)), Step("Add", (made, vector), call.outputs[:1])]

    return spell


def _gemm(call: Call) -> list[Step]:
    """QGemm(a, s, z, b, s, z, c, s, z)."""
    inputs = call.trimmed(call.input(0), learned(call, call.input(3)), learned(call, call.input(6)))
    return [Step("Gemm", inputs, call.outputs[:1], kept(call.attrs, "alpha", "transA", "transB"))]


def _two(op: str) -> Spelling:
    """Make the spelling of QLinearAdd(a, s, z, b, s, z, s, z) and the like."""
    return lambda call: [Step(op, (operand(call, 0), operand(call, 3)), call.outputs[:1])]


def _one(op: str, *attrs: str) -> Spelling:
    """Make the spelling of QLinearSigmoid(x, s, z, s, z) and the like, which keep the shape."""
    return lambda call: [
        Step(op, (call.input(0),), call.outputs[:1], kept(call.attrs, *attrs), like=call.input(0))
    ]


def _average_pool(call: Call) -> list[Step]:
    return channels_first(call, "AveragePool", (call.input(0),), kept(call.attrs, *WINDOW))


def _global_average_pool(call: Call) -> list[Step]:
    return channels_first(call, "GlobalAveragePool", (call.input(0),), {})


def _concat(call: Call) -> list[Step]:
    """QLinearConcat(s, z, x1, s1, z1, x2, ...)."""
    parts = tuple(operand(call, place) for place in range(2, len(call.inputs), 3))
    return [Step("Concat", parts, call.outputs[:1], kept(call.attrs, "axis"))]


def _where(call: Call) -> list[Step]:
    """QLinearWhere(c, x, s, z, y, s, z, s, z)."""
    return [Step("Where", (call.input(0), operand(call, 1), operand(call, 4)), call.outputs[:1])]


def _reduce_mean(call: Call) -> list[Step]:
    """Spell the mean with its axes as an attribute, as its rule reads them; so its shape is worked out here."""
    before = call.tensors.shape(call.input(0))
    axes = {int(axis) % len(before) for axis in call.attrs.get("axes") or range(len(before))}
    keep = bool(call.attrs.get("keepdims", 1))
    shape = tuple(1 if i in axes else n for i, n in enumerate(before) if keep or i not in axes)
    attrs: dict[str, Any] = {"axes": sorted(axes), "keepdims": int(keep)}
    return [Step("ReduceMean", (call.input(0),), call.outputs[:1], attrs, shape)]


def _packed(call: Call) -> list[Step]:
    """MatMulNBits(a, b, scales, zeros, order, bias): b holds a matrix of K x N in a few bits each."""
    rows, columns = int(call.attrs["K"]), int(call.attrs["N"])
    inputs = (call.input(0), learned(call, call.input(1), (rows, columns)))
    vector = learned(call, call.input(5))
    if not vector:
        return [Step("MatMul", inputs, call.outputs[:1])]
    made = call.tensors.fresh()
    return [Step("MatMul", inputs, (made,)), Step("Add", (made, vector), call.outputs[:1])]


def _attention(call: Call) -> list[Step]:
    """QAttention(x, w, b, s, s, mask, z, z, past)."""
    inputs = (
        call.input(0),
        learned(call, call.input(1)),
        learned(call, call.input(2)),
        call.input(5),
        call.input(8),
    )
    shape = call.tensors.shape(call.input(0))
    width = call.tensors.shape(call.input(1))[1] // 3
    attrs = kept(call.attrs, "num_heads")
    return [Step("PackedAttention", call.trimmed(*inputs), call.outputs[:1], attrs, (*shape[:2], width))]


def _lstm(call: Call) -> list[Step]:
    """DynamicQuantizeLSTM(x, w, r, b, lengths, h, c, p, scales ...): w and r are stored turned round."""
    turned = []
    for place in (1, 2):
        count, inner, outer = call.tensors.shape(call.input(place))
        turned.append(learned(call, call.input(place), (count, outer, inner)))
    inputs = call.trimmed(call.input(0), *turned, *(call.input(place) for place in range(3, 8)))
    names = ("hidden_size", "direction", "activations", "activation_alpha", "activation_beta", "input_forget")
    return [Step("LSTM", inputs, call.outputs, kept(call.attrs, *names))]


QUANTISED: dict[str, Spelling] = {
    "QLinearConv": _conv,
    f"{MICROSOFT}QLinearConv": _conv,
    "ConvInteger": _conv_integer,
    f"{MICROSOFT}ConvInteger": _conv_integer,
    "MatMulInteger": _matmul(0, 1),
    "QLinearMatMul": _matmul(0, 3),
    f"{MICROSOFT}QLinearMatMul": _matmul(0, 3),
    f"{MICROSOFT}MatMulInteger16": _matmul(0, 1),
    f"{MICROSOFT}MatMulIntegerToFloat": _matmul(0, 1, 6),
    f"{MICROSOFT}DynamicQuantizeMatMul": _matmul(0, 1, 4),
    f"{MICROSOFT}MatMulNBits": _packed,
    f"{MICROSOFT}MatMulBnb4": _packed,
    f"{MICROSOFT}QGemm": _gemm,
    f"{MICROSOFT}QLinearAdd": _two("Add"),
    f"{MICROSOFT}QLinearMul": _two("Mul"),
    f"{MICROSOFT}QLinearSigmoid": _one("Sigmoid"),
    f"{MICROSOFT}QLinearLeakyRelu": _one("LeakyRelu", "alpha"),
    f"{MICROSOFT}QLinearSoftmax": _one("Softmax", "axis"),
    f"{MICROSOFT}QLinearAveragePool": _average_pool,
    f"{MICROSOFT}QLinearGlobalAveragePool": _global_average_pool,
    f"{MICROSOFT}QLinearConcat": _concat,
    f"{MICROSOFT}QLinearWhere": _where,
    f"{MICROSOFT}QLinearReduceMean": _reduce_mean,
    f"{MICROSOFT}QAttention": _attention,
    f"{MICROSOFT}DynamicQuantizeLSTM": _lstm,
}
