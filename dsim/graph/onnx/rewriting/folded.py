"""Fold the constants of an ONNX file: what its nodes compute from constants alone is computed once, and stored.

    Shape -> Slice -> Concat -> Reshape(x)     becomes     Reshape(x, [1, 384, 1024])
    Expand(class token, ...)                   becomes     a stored class token

Weights stay as they are stored: nothing of a quantised weight, and nothing that would make the file much larger, is computed
beforehand.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from dsim.graph.onnx.misfits import name_of
from dsim.graph.onnx.order import in_order, reads_of
from dsim.graph.onnx.rewriting.edit import put_nodes
from dsim.graph.onnx.rewriting.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from onnx import GraphProto, ModelProto, NodeProto

Array = np.ndarray[Any, Any]
MOST_VALUES = 2**18  # of a folded tensor that is larger than what it is computed from: a megabyte of float32
SIZES = frozenset({"Shape", "Size"})
# how weights are stored is no accident, and a copy of a large one helps nobody
STORED = frozenset({"Cast", "CastLike", "Identity"})
NEVER = frozenset(
    {"QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "Dropout", "If", "Loop", "Scan", "SequenceMap"}
    | {"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli"}
)  # fmt: skip


def fixed_sizes(graph: GraphProto) -> bool:
    """Tell whether a file fixes all sizes of its inputs: then shapes inside it are constants too."""
    weights = {tensor.name for tensor in graph.initializer}
    return all(
        value.type.tensor_type.HasField("shape")
        and all(dim.dim_value > 0 for dim in value.type.tensor_type.shape.dim)
        for value in graph.input
        if value.name not in weights
    )


def foldable(source: Source) -> tuple[NodeProto, ...]:
    """Return the nodes that compute from constants alone and can be folded, in the order in which they run."""
    graph, sizes = source.model.graph, source.network.constants
    outputs = {value.name for value in graph.output}
    given = {value.name for value in graph.input}
    known = {tensor.name for tensor in graph.initializer}
    fixed = fixed_sizes(graph)
    found = []
    for node in in_order(graph, known | given):
        if node.op_type == "Constant":
            known.update(node.output)
        elif (
            _of_constants(node, known, fixed)
            and not outputs.intersection(node.output)
            and _small(node, sizes)
        ):
            known.update(node.output)
            found.append(node)
    return tuple(found)


def _of_constants(node: NodeProto, known: Collection[str], fixed: bool) -> bool:
    if node.op_type in NEVER or "::" in name_of(node) or not node.output:
        return False
    return (fixed and node.op_type in SIZES) or all(name in known for name in reads_of(node))


def _small(node: NodeProto, sizes: Mapping[str, Any]) -> bool:
    """Tell whether folding a node makes the file no larger, or little."""
    names = [name for name in node.output if name]
    if any(name not in sizes for name in names):
        return False
    after = sum(math.prod(sizes[name].shape) for name in names)
    before = sum(math.prod(sizes[name].shape) for name in node.input if name in sizes)
    return after <= MOST_VALUES or (node.op_type not in STORED and after <= before)


def fold_constants(source: Source, run: Callable[[ModelProto], Sequence[Array]]) -> tuple[ModelProto, int]:
    """Return the model with its constants folded, and how many nodes went.

    Parameters
    ----------
    run
        Runs a model that reads no input, and returns its outputs.
    """
    nodes = foldable(source)
    if not nodes:
        return source.model, 0
    inside = {node.output[0] for node in nodes}
    read = {
        name
        for node in source.model.graph.node
        if not node.output or node.output[0] not in inside
        for name in reads_of(node)
    }
    asked = sorted(read & {name for node in nodes for name in node.output})
    values = dict(zip(asked, run(_alone(source, nodes, asked)), strict=True)) if asked else {}
    return put_nodes(source.model, {name: [] for name in asked}, values), len(nodes)


def _alone(source: Source, nodes: Sequence[NodeProto], asked: Sequence[str]) -> ModelProto:
    """Return a model of some nodes by themselves; sizes of tensors stand in it as numbers."""
    from onnx import helper, numpy_helper

    model, known = source.model, source.network.constants
    rest = [node for node in nodes if node.op_type not in SIZES]
    reads = {name for node in rest for name in reads_of(node)} | set(asked)
    stated = [node for node in model.graph.node if node.op_type == "Constant" and reads & set(node.output)]
    stored = [tensor for tensor in model.graph.initializer if tensor.name in reads]
    for node in nodes:
        if node.op_type in SIZES:
            size = np.asarray(known[node.output[0]].array, np.int64)
            stored.append(numpy_helper.from_array(size, node.output[0]))
    ends = [helper.make_tensor_value_info(name, known[name].elem_type, known[name].shape) for name in asked]
    graph = helper.make_graph([*stated, *rest], "constants", [], ends, stored)
    return helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
