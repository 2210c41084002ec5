"""Where rows could be added behind the tokens of an ONNX file so that all attentions of one length see them, and nothing else changes.

    x (1, 1025, 384) -> blocks -> x[:, 0]       becomes       Pad -> x (1, 1152, 384) -> blocks -> x[:, 0]

Rows are added to one tensor in front of the first attention, and followed from node to node by `dsim.graph.onnx.rewriting.row_rules`.
A node that does not work row by row must come behind the last attention: it gets the tokens alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsim.graph.onnx.constants import MAX_VALUES
from dsim.graph.onnx.facts import opset_of
from dsim.graph.onnx.misfits import name_of
from dsim.graph.onnx.order import in_order, reads_of
from dsim.graph.onnx.rewriting.folded import fixed_sizes, foldable
from dsim.graph.onnx.rewriting.row_rules import Kept, Padding, Site, kept
from dsim.graph.onnx.rewriting.source import Source
from dsim.graph.tokens import is_attention
from dsim.graph.tracing import Shape
from dsim.records import shown

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

OPSET = 13  # before it a softmax is over all axes behind one
MOST_STARTS = 64
FLOATS = (1, 10, 11)  # TensorProto.FLOAT, FLOAT16, DOUBLE
NO_START = "no tensor holds the tokens on an axis of its own"
NOT_SHARED = "its attentions do not look at the same tokens, so that rows cannot be added once"


@dataclass(frozen=True)
class Plan:
    """Where rows are added, and what becomes of each node that sees them.

    Attributes
    ----------
    start, shape, axis
        The tensor that they are added to, its shape, and along which axis.
    steps
        Nodes, in the order in which they run.
    paddings
        Of all tensors with added rows.
    kinds
        Of the numbers of tensors, as ONNX counts them.
    masked
        How many softmaxes see the rows.
    """

    start: str
    shape: Shape
    axis: int
    steps: tuple[tuple[NodeProto, Kept], ...]
    paddings: Mapping[str, Padding]
    kinds: Mapping[str, int]
    masked: int


def row_plan(source: Source, tokens: int, longer: int) -> Plan | str:
    """Return how to add rows behind the tokens of all attentions of one length; where that cannot be done, why.

    Parameters
    ----------
    tokens, longer
        How many tokens there are, and how many rows there are to be.
    """
    graph = source.model.graph
    if not fixed_sizes(graph):
        return "the file leaves sizes of its input open; export it with fixed ones"
    if opset_of(source.model) < OPSET:
        return f"its operator set is {opset_of(source.model)}; export it with {OPSET} or later"
    if any("QuantizeLinear" in node.op_type for node in graph.node):
        return "the file is quantised, and the mask of added rows has no scale; pad the network before it is quantised"
    return _Search(source, tokens, longer).run()


class _Search:
    """A search in progress for the tensor to begin with."""

    def __init__(self, source: Source, tokens: int, longer: int) -> None:
        self._source, self._tokens, self._longer = source, tokens, longer
        graph, network = source.model.graph, source.network
        self._kinds, shapes = _typed(source.model)
        self._shapes = (
            shapes | network.shapes | {name: known.shape for name, known in network.constants.items()}
        )
        folded = {name for node in foldable(source) for name in node.output}
        self._stored = folded | {tensor.name for tensor in graph.initializer}
        self._stored |= {name for node in graph.node if node.op_type == "Constant" for name in node.output}
        self._inputs = [value.name for value in graph.input if value.name not in self._stored]
        nodes = in_order(graph, self._stored.union(self._inputs))
        self._nodes = [node for node in nodes if not self._stored.intersection(node.output)]
        self._attentions = {
            item.outputs[0]
            for item in network.items
            if item.op == "Softmax" and is_attention(network.shape(item.inputs[0]), tokens)
        }

    def run(self) -> Plan | str:
        """Return the plan that begins earliest; where there is none, why."""
        best, why = -1, NO_START
        for start, axis in self._starts():
            steps, paddings, refused = self._follow(start, axis)
            seen = {node.output[0] for node, found in steps if found.masked is not None}
            missed = self._attentions - seen
            if not missed:
                shape = self._shapes[start]
                return Plan(start, shape, axis, tuple(steps), paddings, self._kinds, len(seen))
            if len(seen) > best:
                best, why = len(seen), self._why(refused, missed)
        return why

    def _starts(self) -> Iterator[tuple[str, int]]:
        """Yield tensors with one axis of the tokens' length, up to the first attention."""
        found = 0
        for names in (self._inputs, *(list(node.output) for node in self._nodes)):
            if self._attentions.intersection(names):
                return
            for name in names:
                axes = [axis for axis, size in enumerate(self._shapes.get(name, ())) if size == self._tokens]
                if len(axes) == 1 and self._kinds.get(name) in FLOATS and found < MOST_STARTS:
                    found += 1
                    yield name, axes[0]

    def _follow(
        self, start: str, axis: int
    ) -> tuple[list[tuple[NodeProto, Kept]], dict[str, Padding], list[NodeProto]]:
        """Follow rows that are added to a tensor: the nodes that see them, where they are, and the nodes that must not see them."""
        paddings: dict[str, Padding] = {start: {axis: True}}
        steps, refused = [], []
        for node in self._nodes:
            if paddings.keys().isdisjoint(reads_of(node)):
                continue
            found = None if paddings.keys().isdisjoint(node.input) else kept(self._site(node, paddings))
            if found is None:
                refused.append(node)
                continue
            steps.append((node, found))
            paddings |= {name: one for name, one in zip(node.output, found.outputs, strict=True) if one}
        return steps, paddings, refused

    def _site(self, node: NodeProto, paddings: Mapping[str, Padding]) -> Site:
        from onnx import helper

        names, constants = list(node.input), self._source.network.constants
        return Site(
            op=name_of(node),
            attrs={one.name: helper.get_attribute_value(one) for one in node.attribute},
            given=[bool(name) for name in names],
            inputs=[self._shapes.get(name) for name in names],
            outputs=[self._shapes.get(name) for name in node.output],
            paddings=[paddings.get(name, {}) for name in names],
            values=[constants[name].array if name in constants else None for name in names],
            stored=[name in self._stored for name in names],
            tokens=self._tokens,
            longer=self._longer,
        )

    def _why(self, refused: Sequence[NodeProto], missed: set[str]) -> str:
        """Name the first node that must not see the rows and that an attention depends on."""
        makers = {name: node for node in self._nodes for name in node.output}
        waiting, needed = list(missed), set(missed)
        while waiting:
            node = makers.get(waiting.pop())
            new = set() if node is None else reads_of(node) - needed
            needed |= new
            waiting += new
        found = next((node for node in refused if needed.intersection(node.output)), None)
        if found is None:
            return NOT_SHARED
        named = f" {shown(found.name)}" if found.name else ""
        return f"more rows would change what {name_of(found)}{named} gives to an attention"


def _typed(model: ModelProto) -> tuple[dict[str, int], dict[str, Shape]]:
    """Return the kind of the numbers of each tensor and its shape, as far as ONNX can tell; the values of weights stay behind."""
    from onnx import helper, shape_inference

    graph = model.graph
    small = [tensor for tensor in graph.initializer if math.prod(tensor.dims) <= MAX_VALUES]
    names = {tensor.name for tensor in small}
    weights = [
        helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims))
        for tensor in graph.initializer
        if tensor.name not in names
    ]
    inputs = [value for value in graph.input if value.name not in names | {one.name for one in weights}]
    light = helper.make_graph(list(graph.node), "light", [*inputs, *weights], list(graph.output), small)
    made = helper.make_model(light, opset_imports=model.opset_import, ir_version=model.ir_version)
    inferred = shape_inference.infer_shapes(made, data_prop=True).graph
    typed = {
        one.name: one.type.tensor_type for one in (*inferred.value_info, *inferred.input, *inferred.output)
    }
    shapes = {
        name: tuple(dim.dim_value for dim in kind.shape.dim)
        for name, kind in typed.items()
        if kind.HasField("shape") and all(dim.dim_value > 0 for dim in kind.shape.dim)
    }
    return {name: kind.elem_type for name, kind in typed.items()}, shapes
