"""Spellings of ONNX Runtime's operators over blocked channels (the layout level of its graph optimisation).

A blocked file keeps weights of as many channels as fill the blocks, and moves tensors into blocks and out of them. Here
blocks are not part of a shape: tensors have their own channels, the channels that only fill a block are left out of weights, and
moving into blocks and back is nothing.

Source: onnxruntime/core/optimizer/nchwc_transformer.cc in https://github.com/microsoft/onnxruntime
"""

from __future__ import annotations

import math

from dsim.graph.onnx.network import Known
from dsim.graph.onnx.steps import WINDOW, Call, Spelling, Step, activated, kept

BLOCKED = "com.microsoft.nchwc::"
FLOAT = 1  # TensorProto.FLOAT


def _conv(call: Call) -> list[Step]:
    """Conv(x, w, b, z): weights without the channels that fill blocks; z is added before the activation."""
    channels = call.tensors.shape(call.input(0))[1]
    weight = call.tensors.constant(call.input(1))
    attrs = kept(call.attrs, *WINDOW)
    inputs = [call.input(0), call.input(1), call.input(2)]
    if weight is not None:
        groups = int(call.attrs.get("group", 1))
        if groups == weight.shape[0] and weight.shape[1] == 1:  # depthwise, its groups filled up too
            out = groups = channels
        else:
            out = weight.shape[0] - call.tensors.idle_channels(call.input(1), call.input(2))
        attrs["group"] = groups
        inputs[1:] = [
            _cut(call, call.input(1), (out, channels // groups, *weight.shape[2:])),
            _cut(call, call.input(2), (out,)),
        ]
    made, added = call.tensors.fresh(), call.tensors.fresh()
    steps = [Step("Conv", call.trimmed(*inputs), (made,), attrs)]
    if call.input(3):
        steps.append(Step("Add", (made, call.input(3)), (added,)))
        made = added
    if call.attrs.get("activation"):
        return [*steps, activated(call.attrs, made, call.outputs[0])]
    return [*steps, Step("Identity", (made,), call.outputs[:1])]


def _cut(call: Call, name: str, shape: tuple[int, ...]) -> str:
    """Return a name for a constant without the channels that fill blocks; the same one wherever it is read."""
    known = call.tensors.constant(name) if name else None
    if known is None or known.shape == shape:
        return name
    owners = {name: math.prod(shape)}
    call.tensors.put(f"{name}#{shape}", Known(shape, owners, None, FLOAT))
    return f"{name}#{shape}"


def _pool(op: str) -> Spelling:
    return lambda call: [Step(op, call.inputs[:1], call.outputs[:1], kept(call.attrs, *WINDOW))]


def _enter(call: Call) -> list[Step]:
    """ReorderInput(x): from channels last, or nothing."""
    rank = len(call.tensors.shape(call.input(0)))
    if call.attrs.get("channels_last", 0):
        order = [0, rank - 1, *range(1, rank - 1)]
        return [Step("Transpose", call.inputs[:1], call.outputs[:1], {"perm": order})]
    return [Step("Identity", call.inputs[:1], call.outputs[:1])]


def _leave(call: Call) -> list[Step]:
    """ReorderOutput(x): to channels last, or nothing."""
    rank = len(call.tensors.shape(call.input(0)))
    if call.attrs.get("channels_last", 0):
        return [Step("Transpose", call.inputs[:1], call.outputs[:1], {"perm": [0, *range(2, rank), 1]})]
    return [Step("Identity", call.inputs[:1], call.outputs[:1])]


def _upsample(call: Call) -> list[Step]:
    """Upsample(x), by whole factors."""
    before, factors = call.tensors.shape(call.input(0)), call.attrs.get("scales", [1, 1, 1, 1])
    shape = tuple(int(size * factor) for size, factor in zip(before, factors, strict=True))
    return [Step("Upsample", call.inputs[:1], call.outputs[:1], kept(call.attrs, "mode"), shape)]


NCHWC: dict[str, Spelling] = {
    f"{BLOCKED}Conv": _conv,
    f"{BLOCKED}MaxPool": _pool("MaxPool"),
    f"{BLOCKED}AveragePool": _pool("AveragePool"),
    f"{BLOCKED}GlobalMaxPool": _pool("GlobalMaxPool"),
    f"{BLOCKED}GlobalAveragePool": _pool("GlobalAveragePool"),
    f"{BLOCKED}ReorderInput": _enter,
    f"{BLOCKED}ReorderOutput": _leave,
    f"{BLOCKED}Upsample": _upsample,
}
