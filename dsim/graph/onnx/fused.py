"""Spellings of what ONNX Runtime fuses: the standard operators that went in.

Source: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
"""

from __future__ import annotations

from dataclasses import replace

from dsim.graph.onnx.steps import WINDOW, Call, Spelling, Step, activated, channels_first, kept

MICROSOFT = "com.microsoft::"
_TANH = {"approximate": "tanh"}  # the formula of its fast GELU


def _conv(call: Call) -> list[Step]:
    """FusedConv(x, w, b, z): what z holds is added before the activation."""
    made, added = call.tensors.fresh(), call.tensors.fresh()
    inputs = call.trimmed(call.input(0), call.input(1), call.input(2))
    steps = [Step("Conv", inputs, (made,), kept(call.attrs, *WINDOW))]
    if call.input(3):
        steps.append(Step("Add", (made, call.input(3)), (added,)))
        made = added
    return [*steps, _end(call, made)]


def _end(call: Call, made: str) -> Step:
    """Return the activation, or a name for the result where there is none."""
    if call.attrs.get("activation"):
        return activated(call.attrs, made, call.outputs[0])
    return Step("Identity", (made,), call.outputs[:1])


def _conv_last(call: Call) -> list[Step]:
    """NhwcConv and NhwcFusedConv(x, w, b, z), channels last."""
    made, added = call.tensors.fresh(), call.tensors.fresh()
    last = Call(call.inputs, (made,), {**call.attrs, "channels_last": 1}, call.tensors)
    inputs = call.trimmed(call.input(0), call.input(1), call.input(2))
    steps = channels_first(last, "Conv", inputs, kept(call.attrs, *WINDOW))
    if call.input(3):
        steps.append(Step("Add", (made, call.input(3)), (added,)))
        made = added
    return [*steps, _end(call, made)]


def _pool_last(call: Call) -> list[Step]:
    """NhwcMaxPool(x), channels last."""
    last = Call(call.inputs, call.outputs, {**call.attrs, "channels_last": 1}, call.tensors)
    return channels_first(last, "MaxPool", (call.input(0),), kept(call.attrs, *WINDOW))


def _gemm(call: Call) -> list[Step]:
    """FusedGemm(a, b, c)."""
    made = call.tensors.fresh()
    attrs = kept(call.attrs, "alpha", "beta", "transA", "transB")
    return [Step("Gemm", call.inputs, (made,), attrs), _end(call, made)]


def _matmul(call: Call) -> list[Step]:
    """FusedMatMul(a, b), whose operands may be turned round; ``transBatch`` moves the first axis to be the last but one."""
    steps, names = [], []
    for name, side in zip(call.inputs[:2], "AB", strict=True):
        order = list(range(len(call.tensors.shape(name))))
        if call.attrs.get(f"transBatch{side}", 0):
            order = [*order[1:-1], order[0], order[-1]]
        if call.attrs.get(f"trans{side}", 0) and len(order) > 1:
            order[-2], order[-1] = order[-1], order[-2]
        if order == sorted(order):
            names.append(name)
            continue
        names.append(call.tensors.fresh())
        steps.append(Step("Transpose", (name,), (names[-1],), {"perm": order}))
    if call.attrs.get("activation"):
        made = call.tensors.fresh()
        return [*steps, Step("MatMul", tuple(names), (made,)), _end(call, made)]
    return [*steps, Step("MatMul", tuple(names), call.outputs[:1])]


def _like(op: str, *attrs: str) -> Spelling:
    """Make the spelling of an operator on one tensor that keeps its shape."""
    return lambda call: [
        Step(op, (call.input(0),), call.outputs[:1], kept(call.attrs, *attrs), like=call.input(0))
    ]


def _biased(op: str, *attrs: str) -> Spelling:
    """Make the spelling of an activation behind the addition of the second input, which may be left out."""

    def spell(call: Call) -> list[Step]:
        if not call.input(1):
            return _like(op, *attrs)(call)
        made = call.tensors.fresh()
        last = Step(op, (made,), call.outputs[:1], kept(call.attrs, *attrs), like=call.input(0))
        return [Step("Add", call.inputs[:2], (made,)), last]

    return spell


def _product_gelu(call: Call) -> list[Step]:
    """GemmFastGelu(x, w, b)."""
    made, added = call.tensors.fresh(), call.tensors.fresh()
    steps = [Step("MatMul", call.inputs[:2], (made,))]
    if call.input(2):
        steps.append(Step("Add", (made, call.input(2)), (added,)))
        made = added
    return [*steps, Step("Gelu", (made,), call.outputs[:1], dict(_TANH), like=made)]


def _fast_gelu(call: Call) -> list[Step]:
    """FastGelu(x, bias)."""
    *before, last = _biased("Gelu")(call)
    return [*before, replace(last, attrs=dict(_TANH))]


def _skip_norm(op: str) -> Spelling:
    """Make the spelling of SkipLayerNormalization(x, skip, weight, bias, added): a sum and the norm of it."""

    def spell(call: Call) -> list[Step]:
        simple = op != "LayerNormalization"
        extra = call.input(3 if simple else 4)
        outs = call.outputs[3] if len(call.outputs) > 3 and call.outputs[3] else call.tensors.fresh()
        made = call.tensors.fresh() if extra else outs
        steps = [Step("Add", call.inputs[:2], (made,), like=call.input(0))]
        if extra:
            steps.append(Step("Add", (made, extra), (outs,), like=call.input(0)))
        inputs = call.trimmed(outs, call.input(2), "" if simple else call.input(3))
        return [*steps, Step(op, inputs, call.outputs[:1], {"axis": -1}, like=call.input(0))]

    return spell


def _bias_softmax(call: Call) -> list[Step]:
    made = call.tensors.fresh()
    attrs = kept(call.attrs, "axis")
    return [
        Step("Add", call.inputs[:2], (made,)),
        Step("Softmax", (made,), call.outputs[:1], attrs, like=call.input(0)),
    ]


def _bias_dropout(call: Call) -> list[Step]:
    """BiasDropout(x, bias, residual, ...): nothing is dropped at inference."""
    if not call.input(2):
        return [Step("Add", call.inputs[:2], call.outputs[:1])]
    made = call.tensors.fresh()
    return [Step("Add", call.inputs[:2], (made,)), Step("Add", (made, call.input(2)), call.outputs[:1])]


def _bias_add(call: Call) -> list[Step]:
    """BiasAdd(x, bias, skip)."""
    made = call.tensors.fresh()
    return [Step("Add", call.inputs[:2], (made,)), Step("Add", (made, call.input(2)), call.outputs[:1])]


def _attention(call: Call) -> list[Step]:
    """Attention(x, w, b, mask, past, added): one product makes query, key and value."""
    shape, weight = call.tensors.shape(call.input(0)), call.tensors.shape(call.input(1))
    sizes = call.attrs.get("qkv_hidden_sizes")
    width = int(sizes[2]) if sizes else weight[1] // 3
    attrs = kept(call.attrs, "num_heads", "qkv_hidden_sizes", "unidirectional")
    inputs = call.trimmed(*(call.input(place) for place in range(6)))
    return [Step("PackedAttention", inputs, call.outputs[:1], attrs, (*shape[:2], width))]


def _heads(call: Call) -> list[Step]:
    """MultiHeadAttention(q, k, v, b, mask, added, past key, past value)."""
    query = call.tensors.shape(call.input(0))
    if len(query) == 5:  # batch, tokens, heads, 3, width of a head
        width = query[2] * query[4]
    elif call.input(2):
        value = call.tensors.shape(call.input(2))
        width = value[-1] if len(value) == 3 else value[1] * value[3]
    else:
        width = query[-1]
    attrs = kept(call.attrs, "num_heads", "unidirectional")
    return [Step("MultiHeadAttention", call.inputs, call.outputs[:1], attrs, (*query[:2], width))]


FUSED: dict[str, Spelling] = {
    f"{MICROSOFT}FusedConv": _conv,
    f"{MICROSOFT}NhwcFusedConv": _conv_last,
    f"{MICROSOFT}NhwcConv": _conv_last,
    f"{MICROSOFT}NhwcMaxPool": _pool_last,
    f"{MICROSOFT}FusedGemm": _gemm,
    f"{MICROSOFT}GemmFastGelu": _product_gelu,
    f"{MICROSOFT}FusedMatMul": _matmul,
    f"{MICROSOFT}TransposeMatMul": _matmul,
    f"{MICROSOFT}FusedMatMulActivation": _matmul,
    f"{MICROSOFT}Gelu": _like("Gelu"),
    f"{MICROSOFT}FastGelu": _fast_gelu,
    f"{MICROSOFT}BiasGelu": _biased("Gelu"),
    f"{MICROSOFT}QuickGelu": _like("QuickGelu", "alpha"),
    f"{MICROSOFT}SkipLayerNormalization": _skip_norm("LayerNormalization"),
    f"{MICROSOFT}SkipSimplifiedLayerNormalization": _skip_norm("RMSNormalization"),
    f"{MICROSOFT}SimplifiedLayerNormalization": lambda call: [
        Step("RMSNormalization", call.inputs[:2], call.outputs[:1], {}, like=call.input(0))
    ],
    f"{MICROSOFT}BiasSoftmax": _bias_softmax,
    f"{MICROSOFT}BiasDropout": _bias_dropout,
    f"{MICROSOFT}BiasAdd": _bias_add,
    f"{MICROSOFT}Attention": _attention,
    f"{MICROSOFT}MultiHeadAttention": _heads,
}
