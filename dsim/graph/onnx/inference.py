"""Shapes of what a node gives, from onnx's own shape inference on that node alone.

Inference over a whole file stops at the first size that it cannot know. Node by node, with the inputs' shapes and the
small constants filled in, it never meets an unknown size; and no weights have to be copied, however large the file.

Source: https://onnx.ai/onnx/repo-docs/ShapeInference.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from dsim.graph.onnx.network import Known
from dsim.graph.tracing import Shape

if TYPE_CHECKING:
    from onnx import NodeProto

Typed = tuple[int, Shape]  # element type, shape
MAX_CACHED = 4096


class ShapeInference:
    """Asks onnx, and remembers: networks repeat their blocks.

    Parameters
    ----------
    opsets
        The versions of operator sets that the file names.
    ir_version
        The file's format version.
    """

    def __init__(self, opsets: Iterable[Any], ir_version: int) -> None:
        self._opsets = list(opsets)
        self._ir_version = ir_version
        self._seen: dict[bytes, tuple[Typed | None, ...]] = {}

    def outputs(self, node: NodeProto, inputs: Sequence[Typed | Known | None]) -> tuple[Typed | None, ...]:
        """Return element type and shape of each output; None where onnx cannot tell."""
        from onnx import ModelProto, numpy_helper, shape_inference

        model = ModelProto(ir_version=self._ir_version)
        model.opset_import.extend(self._opsets)
        graph = model.graph
        graph.name = "node"
        # short names of its own, so that equal nodes are found in the cache
        copy = graph.node.add()
        copy.op_type, copy.domain = node.op_type, node.domain
        copy.attribute.extend(node.attribute)
        copy.input.extend("" if x is None else f"i{k}" for k, x in enumerate(inputs))
        copy.output.extend(f"o{k}" if name else "" for k, name in enumerate(node.output))
        for k, given in enumerate(inputs):
            if given is None:
                continue
            if isinstance(given, Known) and given.array is not None:
                graph.initializer.append(numpy_helper.from_array(given.array, f"i{k}"))
            kind, shape = (given.elem_type, given.shape) if isinstance(given, Known) else given
            value = graph.input.add(name=f"i{k}")
            value.type.tensor_type.elem_type = kind
            value.type.tensor_type.shape.SetInParent()
            for size in shape:
                value.type.tensor_type.shape.dim.add(dim_value=size)
        key = model.SerializeToString()
        if key not in self._seen:
            if len(self._seen) >= MAX_CACHED:
                self._seen.clear()
            self._seen[key] = _read(shape_inference.infer_shapes(model).graph, len(node.output))
        return self._seen[key]


def typed_from(value: Any) -> Typed | None:
    """Read a ValueInfoProto; None unless every size is a positive number."""
    tensor = value.type.tensor_type
    if not value.type.HasField("tensor_type") or not tensor.HasField("shape"):
        return None
    sizes = tuple(dim.dim_value if dim.HasField("dim_value") else 0 for dim in tensor.shape.dim)
    return (tensor.elem_type, sizes) if all(size > 0 for size in sizes) else None


def _read(graph: Any, count: int) -> tuple[Typed | None, ...]:
    found = {value.name: typed_from(value) for value in graph.value_info}
    found |= {value.name: typed_from(value) for value in graph.output}
    return tuple(found.get(f"o{k}") for k in range(count))
