"""What an ONNX file says of the numbers that it computes with."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from dsim.graph.facts import FileFacts

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto

FORMAT = "ONNX (.onnx)"
# TensorProto's kinds of numbers that weights have
KINDS: dict[int, str] = {
    1: "float32",
    10: "float16",
    11: "float64",
    16: "bfloat16",
    2: "uint8",
    3: "int8",
    21: "uint4",
    22: "int4",
}
# how operators begin that round activations to whole numbers, or compute with such
WHOLE = (
    "QLinear",
    "QuantizeLinear",
    "DynamicQuantize",
    "ConvInteger",
    "MatMulInteger",
    "QGemm",
    "QAttention",
)


def opset_of(model: ModelProto) -> int:
    """Return the version of ONNX's own operator set."""
    return max((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), default=1)


def facts_of(model: ModelProto) -> FileFacts:
    """Say which numbers a model computes with: the kind that most of its weights have, and whether activations are rounded."""
    weights, activations = _numbers(model.graph)
    return FileFacts(FORMAT, weights, activations, operator_set=opset_of(model))


def _numbers(graph: GraphProto) -> tuple[str, str]:
    """Return the kinds of numbers of weights and of activations."""
    matrices = [tensor for tensor in graph.initializer if len(tensor.dims) > 1]
    stored = Counter(KINDS.get(tensor.data_type, "") for tensor in matrices)
    stored.pop("", None)
    weights = stored.most_common(1)[0][0] if stored else "float32"
    if any(node.op_type.startswith(WHOLE) for node in graph.node):
        return weights if weights not in ("float32", "float16") else "int8", "int8"
    kinds = [value.type.tensor_type.elem_type for value in graph.input]
    floats = [KINDS[kind] for kind in kinds if kind in (1, 10, 11, 16)]
    return weights, floats[0] if floats else "float32"
