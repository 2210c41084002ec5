"""Walk a file's nodes once: fold what constants decide, drop what does nothing, and give every tensor its shape.

    Shape -> Gather -> Concat -> Reshape(x)     becomes   Reshape(x, [1, 64, 196])
    Cast, Identity, Dropout, QuantizeLinear     are looked through
    QLinearConv, FusedConv, BiasGelu, ...       are spelled in standard operators (`dsim.graph.onnx.spellings`)

Quantised files are read as the network that they quantise: precision belongs to the device profile.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from dsim.errors import FileFormatError, UnsupportedOpError
from dsim.graph.onnx.constants import MAX_VALUES, known_array, known_from
from dsim.graph.onnx.folding import fold
from dsim.graph.onnx.idle import idle_channels
from dsim.graph.onnx.inference import ShapeInference, Typed, typed_from
from dsim.graph.onnx.misfits import misfit, name_of, no_shape
from dsim.graph.onnx.network import Item, Known, Network
from dsim.graph.onnx.order import in_order
from dsim.graph.onnx.quantised import FLOAT, dequantised
from dsim.graph.onnx.scopes import scope_of
from dsim.graph.onnx.spellings import SPELLINGS
from dsim.graph.onnx.steps import Call, Step
from dsim.graph.tracing import Shape
from dsim.op import TensorSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from onnx import GraphProto, ModelProto, NodeProto

# Nothing at inference, or nothing but another precision; the first input is the output.
THROUGH: frozenset[str] = frozenset(
    {"Identity", "Dropout", "Cast", "CastLike", "QuantizeLinear", "DequantizeLinear"}
    | {"com.microsoft::QuantizeLinear", "com.microsoft::DequantizeLinear"}
)
STANDARD: frozenset[str] = frozenset(
    {"", "ai.onnx", "ai.onnx.ml", "ai.onnx.preview"}
)  # domains that onnx knows
# What keeps the scale of a quantisation one.
SCALE_VIEWS: frozenset[str] = frozenset(
    {"Reshape", "Unsqueeze", "Squeeze", "Cast", "Identity", "Flatten", "Mul"}
)
MAX_SECONDS = 120.0  # the largest networks take a tenth of that
MAX_DEPTH = 8  # branches within branches


def simplify(model: ModelProto, inputs: Mapping[str, Shape]) -> Network:
    """Return the network that a model computes on inputs of known shapes.

    Raises
    ------
    FileFormatError
        A node reads what no node before it writes, or the file takes too long.
    UnsupportedOpError
        The output shape of a node is not to be known.
    """
    return _Walk(model, inputs).run()


class _Walk:
    """A walk in progress; names are those of the file, aliases resolved."""

    def __init__(self, model: ModelProto, inputs: Mapping[str, Shape]) -> None:
        self._model, self._ends = model, inputs
        self._inference = ShapeInference(model.opset_import, model.ir_version)
        self._until = time.monotonic() + MAX_SECONDS
        self._alias: dict[str, str] = {}
        self._constants: dict[str, Known] = {}
        self._typed: dict[str, Typed] = {}
        self._stated: dict[str, Typed | None] = {}
        self._items: list[Item] = []
        self._scales: set[str] = set()  # of quantisations chosen at run time
        self._turned: dict[str, tuple[str, tuple[int, ...]]] = {}  # transposes: what they turn, and how
        self._count = 0
        self._tensors = {tensor.name: tensor for tensor in model.graph.initializer}

    # what spellings ask for (`dsim.graph.onnx.steps.Tensors`)

    def shape(self, name: str) -> Shape:
        """Return the shape of a tensor."""
        constant = self._constants.get(name)
        return constant.shape if constant is not None else self._typed[name][1]

    def constant(self, name: str) -> Known | None:
        """Return a constant of the file; None for an activation."""
        return self._constants.get(name)

    def put(self, name: str, known: Known) -> None:
        """Set a constant."""
        self._constants[name] = known

    def idle_channels(self, weight: str, bias: str) -> int:
        """Return how many output channels of blocked weights only fill a block."""
        return idle_channels(self._tensors, weight, bias)

    def fresh(self) -> str:
        """Return a name that no tensor has."""
        self._count += 1
        return f"#{self._count}"

    def run(self) -> Network:
        graph = self._model.graph
        for value in graph.input:
            if value.name in self._ends:
                self._typed[value.name] = (value.type.tensor_type.elem_type, self._ends[value.name])
        self._graph(graph, 0)
        outputs = tuple(self._resolved(value.name) for value in graph.output)
        shapes = {name: shape for name, (_, shape) in self._typed.items()}
        return Network(tuple(self._ends), outputs, self._items, self._constants, shapes)

    def _graph(self, graph: GraphProto, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise FileFormatError(f"branches must nest at most {MAX_DEPTH} deep, got more; export it again")
        for tensor in graph.initializer:
            self._constants[tensor.name] = known_from(tensor, tensor.name)
        self._stated |= {value.name: typed_from(value) for value in (*graph.value_info, *graph.output)}
        for node in in_order(graph, {*self._constants, *self._typed, *self._alias}):
            if time.monotonic() > self._until:
                raise FileFormatError(
                    f"a file must be read in {MAX_SECONDS:.0f} s, took longer; split the network"
                )
            self._node(node, depth)

    def _resolved(self, name: str) -> str:
        found = self._alias.get(name, name)
        if found not in self._constants and found not in self._typed:
            raise FileFormatError(f"tensor {name!r} must be written before it is read; sort the nodes")
        return found

    def _node(self, node: NodeProto, depth: int) -> None:
        attrs = _attributes(node)
        names = [self._resolved(name) if name else "" for name in node.input]
        known = [self._constants.get(name) for name in names]
        name = name_of(node)
        if name in SPELLINGS:
            self._spell(node, SPELLINGS[name](Call(tuple(names), tuple(node.output), attrs, self)), depth)
        elif name == "DynamicQuantizeLinear" or (name in SCALE_VIEWS and self._scales.intersection(names)):
            self._scale(node, name, names)
        elif node.op_type == "Constant" and not names:
            self._constants[node.output[0]] = _constant(node, attrs)
        elif node.op_type == "Shape" and names:
            shape = self.shape(names[0])[attrs.get("start", 0) : attrs.get("end")]
            self._constants[node.output[0]] = known_array(np.asarray(shape, np.int64))
        elif node.op_type == "Size" and names:
            self._constants[node.output[0]] = known_array(
                np.asarray(TensorSpec(self.shape(names[0])).numel, np.int64)
            )
        elif node.op_type == "If" and known and known[0] is not None and known[0].scalar is not None:
            self._branch(node, attrs["then_branch" if known[0].scalar else "else_branch"], depth)
        elif all(constant is not None or not name for name, constant in zip(names, known, strict=True)):
            self._fold(node, attrs, known)
        elif name in THROUGH and known[0] is None:
            self._alias[node.output[0]] = names[0]
        elif name == "Transpose" and self._turned_back(node, attrs, names[0]):
            pass
        else:
            self._keep(node, attrs, names)

    def _spell(self, node: NodeProto, steps: list[Step], depth: int) -> None:
        """Walk the standard operators that stand for a node."""
        from onnx import helper

        for step in steps:
            made = helper.make_node(step.op, step.inputs, step.outputs, name=node.name, **step.attrs)
            made.metadata_props.extend(node.metadata_props)
            shape = step.shape if step.shape is not None else self.shape(step.like) if step.like else None
            if shape is None:
                self._node(made, depth)
                continue
            names = [self._resolved(name) if name else "" for name in step.inputs]
            TensorSpec(shape)  # within bounds
            self._typed[step.outputs[0]] = (FLOAT, shape)
            self._items.append(Item(step.op, tuple(names), step.outputs, _attributes(made), scope_of(node)))

    def _scale(self, node: NodeProto, name: str, names: list[str]) -> None:
        """Look through quantisation at run time: its scale is 1 here, and so is the product with another scale."""
        if name == "DynamicQuantizeLinear":
            self._alias[node.output[0]] = names[0]
            for output, kind in zip(node.output[1:], (np.float32, np.uint8), strict=False):
                self._constants[output] = known_array(np.ones((), kind))
                self._scales.add(output)
            return
        live = [given for given in names if given not in self._constants]
        if live:
            self._alias[node.output[0]] = live[0]
            return
        shapes = [self.shape(given) for given in names[: 2 if name == "Mul" else 1]]
        self._constants[node.output[0]] = Known(np.broadcast_shapes(*shapes), {}, None, FLOAT)
        self._scales.add(node.output[0])

    def _turned_back(self, node: NodeProto, attrs: dict[str, Any], name: str) -> bool:
        """Look through a transpose that undoes the one before it, as runtimes do."""
        rank = len(self.shape(name))
        order = tuple(attrs.get("perm") or range(rank)[::-1])
        before = self._turned.get(name)
        if before is not None and tuple(before[1][axis] for axis in order) == tuple(range(rank)):
            self._alias[node.output[0]] = before[0]
            return True
        self._turned[node.output[0]] = (name, order)
        return False

    def _branch(self, node: NodeProto, graph: GraphProto, depth: int) -> None:
        """Run the branch that a constant condition takes, in place."""
        self._graph(graph, depth + 1)
        for outer, inner in zip(node.output, graph.output, strict=True):
            self._alias[outer] = self._resolved(inner.name)

    def _fold(self, node: NodeProto, attrs: dict[str, Any], known: list[Known | None]) -> None:
        """Whatever is computed from constants alone is a constant; it keeps the parameters behind it."""
        owners = {name: count for constant in known if constant for name, count in constant.owners.items()}
        if node.op_type in THROUGH and known and known[0] is not None:
            first = known[0]
            if node.op_type == "DequantizeLinear" and TensorSpec(first.shape).numel > 1:
                # a quantised weight is learned; its scales are not
                owners = first.owners or {node.input[0]: TensorSpec(first.shape).numel}
            elif node.op_type == "Identity" and list(first.owners) == [node.input[0]]:
                # torch.onnx.export stores equal weights once, and names the second use so; both are learned
                owners = {node.output[0]: TensorSpec(first.shape).numel}
            elif node.op_type != "Cast":
                owners = first.owners
            array = fold("Cast", attrs, [first.array]) if node.op_type == "Cast" else first.array
            kind = attrs["to"] if node.op_type == "Cast" else first.elem_type
            if node.op_type == "DequantizeLinear":
                array, kind = dequantised(first, *[*known[1:3], None, None][:2]), FLOAT
            self._constants[node.output[0]] = Known(first.shape, owners, array, kind)
            return
        if len(node.output) == 1:
            array = (
                fold(node.op_type, attrs, [c.array if c else None for c in known])
                if _readable(known)
                else None
            )
            if array is not None:
                self._constants[node.output[0]] = known_array(array, owners)
                return
        for name, (kind, shape) in zip(node.output, self._outputs(node, known), strict=True):
            self._constants[name] = Known(shape, owners, None, kind)

    def _keep(self, node: NodeProto, attrs: dict[str, Any], names: list[str]) -> None:
        given = [(self._constants.get(name) or self._typed[name]) if name else None for name in names]
        outputs = self._outputs(node, given)
        outer = names + [name for name in self._captured(node) if name not in names]
        for name, typed in zip(node.output, outputs, strict=True):
            if name:
                self._typed[name] = typed
        self._items.append(Item(name_of(node), tuple(outer), tuple(node.output), attrs, scope_of(node)))

    def _captured(self, node: NodeProto) -> Iterable[str]:
        """Yield the activations that a node's branches or body read from outside."""
        for attribute in node.attribute:
            for graph in [attribute.g] if attribute.HasField("g") else attribute.graphs:
                for inner in graph.node:
                    for name in inner.input:
                        found = self._alias.get(name, name)
                        if found in self._typed:
                            yield found

    def _outputs(self, node: NodeProto, given: list[Any]) -> list[Typed]:
        """Ask onnx; where it cannot tell, believe what the file states."""
        found: Sequence[Typed | None] = [None] * len(node.output)
        try:
            if node.domain in STANDARD:
                found = self._inference.outputs(node, given)
        except Exception as error:  # onnx raises several types; the last line says what does not fit
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            raise UnsupportedOpError(
                f"{node.op_type} {node.name!r} does not fit its inputs: {lines[-1] if lines else error}; "
                "check the file, or the shape given with --input"
            ) from error
        out: list[Typed] = []
        reads = [x.shape if isinstance(x, Known) else x[1] for x in given if x is not None]
        for name, typed in zip(node.output, found, strict=True):
            usable = typed if typed is not None else self._stated.get(name)
            if usable is None and name:
                raise UnsupportedOpError(no_shape(node, reads))
            out.append(usable or (1, ()))
            TensorSpec(out[-1][1])  # within bounds
        wrong = misfit(node, reads, out[0][1]) if out else None
        if wrong is not None:
            raise UnsupportedOpError(wrong)
        return out


def _readable(known: list[Known | None]) -> bool:
    return all(constant is None or constant.array is not None for constant in known)


def _attributes(node: NodeProto) -> dict[str, Any]:
    from onnx import helper

    return {attribute.name: _plain(helper.get_attribute_value(attribute)) for attribute in node.attribute}


def _plain(value: Any) -> Any:
    """Return text as str, small tensors as arrays, repeated numbers as lists."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if type(value).__name__ == "TensorProto":
        found = known_from(value, "")
        return found.array if found.array is not None else found
    if isinstance(value, int | float) or type(value).__name__ in (
        "GraphProto",
        "SparseTensorProto",
        "TypeProto",
    ):
        return value
    return [item.decode("utf-8", "replace") if isinstance(item, bytes) else item for item in value]


def _constant(node: NodeProto, attrs: dict[str, Any]) -> Known:
    for attribute in node.attribute:
        if attribute.name == "value":
            return known_from(attribute.t, node.output[0])
    for name, kind in (("value_int", np.int64), ("value_ints", np.int64), ("value_float", np.float32), ("value_floats", np.float32)):  # fmt: skip
        if name in attrs:
            array = np.asarray(attrs[name], kind)
            if array.size <= MAX_VALUES:
                return known_array(array)
    raise UnsupportedOpError(
        f"Constant {node.name!r} must hold a tensor or numbers, got {sorted(attrs)}; export it again"
    )
