"""A walk over the layers of an older network: which ONNX tensor stands for each blob, and what shape it has.

The file states the shapes of its inputs alone. All others follow, operator by operator, by ONNX's own rules.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dsim.bounds import MAX_ELEMENTS, MAX_RANK
from dsim.errors import FileFormatError, UnsupportedOpError
from dsim.graph.onnx.constants import MAX_VALUES
from dsim.graph.onnx.made import FLOAT, INT64, IR_VERSION, OPSET, Made
from dsim.graph.tracing import Shape
from dsim.records import shown

MICROSOFT = "com.microsoft"  # the domain in which ONNX has a QuickGELU
KINDS = {"floatValue": "float32", "float16Value": "float16", "rawValue": "quantised", "int8RawValue": "int8"}


class Walk:
    """A network in progress.

    Parameters
    ----------
    made
        Collects the operators.
    layers
        Of the network, in the order in which they run.
    exact
        Whether blobs have the axes that the file says; else they have five, of which the last three are channels, height and width.
    """

    def __init__(self, made: Made, layers: Sequence[Any], exact: bool) -> None:
        self.made, self.exact = made, exact
        self.stored: Counter[str] = Counter()  # kinds of numbers in which weights are stored
        self._names: dict[str, str] = {}
        self._shapes: dict[str, Shape] = {}
        self._values: dict[str, np.ndarray[Any, Any]] = {}
        self._readers: dict[str, list[Any]] = {}
        for layer in layers:
            for blob in layer.input:
                self._readers.setdefault(blob, []).append(layer)
        self.negated: set[str] = set()  # blobs that a sum takes with a minus, see `elementwise.add`
        self._written: set[str] = set()  # blobs of layers that were written together with one before

    # what translations ask

    def name(self, blob: str) -> str:
        """Return the ONNX tensor of a blob.

        Raises
        ------
        FileFormatError
            No layer writes it.
        """
        if blob not in self._names:
            raise FileFormatError(
                f"blob {shown(blob)} must be written by a layer before it is read, is by none; save the model again"
            )
        return self._names[blob]

    def has(self, blob: str) -> bool:
        """Tell whether a layer, or the network's input, has written a blob."""
        return blob in self._names

    def is_written(self, layer: Any) -> bool:
        """Tell whether a layer was written together with one before, see `together`."""
        return any(blob in self._written for blob in layer.output)

    def shape(self, name: str) -> Shape:
        """Return the shape of an ONNX tensor."""
        return self._shapes[name]

    def reader(self, layer: Any) -> Any:
        """Return the one layer that reads what a layer with one output writes; None where there are several or none."""
        found = self._readers.get(layer.output[0], []) if len(layer.output) == 1 else []
        return found[0] if len(found) == 1 else None

    def only_reader(self, layer: Any) -> Any:
        """Return that layer where it reads nothing else."""
        found = self.reader(layer)
        return found if found is not None and list(found.input) == list(layer.output) else None

    # what translations say

    def put(self, layer: Any, names: Sequence[str]) -> None:
        """Say which ONNX tensors stand for what a layer writes."""
        for blob, name in zip(layer.output, names, strict=True):
            self._names[blob] = name

    def together(self, layers: Sequence[Any], name: str) -> None:
        """Say that one ONNX tensor stands for what some layers in a row write: they need not be written themselves."""
        for layer in layers:
            self.put(layer, [name])
            self._written.update(layer.output)

    def start(self, blob: str, name: str, shape: Shape) -> None:
        """Add an input of the network."""
        self.made.input(name, self._checked(shape), FLOAT)
        self._names[blob], self._shapes[name] = name, shape

    def weight(self, shape: Sequence[int], params: Any = None) -> str:
        """Return the name of a weight; ``params`` say how it is stored."""
        if params is not None:
            self.stored[
                next((KINDS[one.name] for one, _ in params.ListFields() if one.name in KINDS), "")
            ] += 1
        sizes = self._checked(tuple(int(size) for size in shape))
        name = self.made.weight(self.made.fresh(), sizes)
        self._shapes[name] = sizes
        return name

    def constant(self, shape: Sequence[int], params: Any) -> str:
        """Return the name of a constant, with its values where they are few."""
        sizes = self._checked(tuple(int(size) for size in shape))
        if math.prod(sizes) > MAX_VALUES or len(params.floatValue) != math.prod(sizes):
            return self.weight(sizes, params)
        values = np.asarray(params.floatValue, np.float32).reshape(sizes)
        name = self.made.constant(self.made.fresh(), values)
        self._shapes[name] = sizes
        return name

    def ints(self, values: Sequence[int]) -> str:
        """Return the name of a constant list of whole numbers."""
        array = np.asarray(list(values), np.int64)
        name = self.made.ints(array.tolist())
        self._shapes[name], self._values[name] = array.shape, array
        return name

    def number(self, value: float) -> str:
        """Return the name of a constant number."""
        name = self.made.number(value)
        self._shapes[name] = ()
        return name

    def add(self, op: str, inputs: Sequence[str], **attrs: Any) -> str:
        """Add one of ONNX's operators with one output; return its name."""
        return self.add_several(op, inputs, 1, **attrs)[0]

    def add_several(self, op: str, inputs: Sequence[str], outputs: int, **attrs: Any) -> list[str]:
        """Add one of ONNX's operators; return the names of its outputs."""
        names = self.made.add_several(op, inputs, outputs, **attrs)
        if attrs.get("domain") == MICROSOFT:  # all of these leave a shape as it is
            self._shapes[names[0]] = self._shapes[inputs[0]]
            return names
        self._shapes.update(self._inferred(op, inputs, names, attrs))
        return names

    def _inferred(
        self, op: str, inputs: Sequence[str], names: Sequence[str], attrs: dict[str, Any]
    ) -> dict[str, Shape]:
        from onnx import defs, helper, numpy_helper
        from onnx.shape_inference import InferenceError, infer_node_outputs

        given = [name for name in inputs if name]
        kinds = {name: INT64 if name in self._values else FLOAT for name in given}
        try:
            found = infer_node_outputs(
                defs.get_schema(op, OPSET, ""),
                helper.make_node(op, inputs, names, **attrs),
                {name: helper.make_tensor_type_proto(kinds[name], self._shapes[name]) for name in given},
                {
                    name: numpy_helper.from_array(self._values[name], name)
                    for name in given
                    if name in self._values
                },
                opset_imports=[helper.make_opsetid("", OPSET)],
                ir_version=IR_VERSION,
            )
        except InferenceError as error:
            raise ValueError("shapes that do not go together") from error
        shapes = {}
        for name in names:
            sizes = found[name].tensor_type.shape.dim
            if not all(size.HasField("dim_value") for size in sizes):
                raise ValueError("a size that cannot be told")
            shapes[name] = self._checked(tuple(int(size.dim_value) for size in sizes))
        return shapes

    @staticmethod
    def _checked(shape: Shape) -> Shape:
        if len(shape) > MAX_RANK or any(size < 1 for size in shape) or math.prod(shape) > MAX_ELEMENTS:
            raise FileFormatError(
                f"a tensor must have 1 to {MAX_ELEMENTS} elements, got {shown(shape)}; save the model again"
            )
        return shape


# writes a layer, of which the second argument are the parameters of its kind; returns the names of what it writes
Translate = Callable[[Walk, Any, Any], "str | list[str]"]


def unknown(layer: Any, kind: str) -> UnsupportedOpError:
    """Make the error for a layer that has no translation: without it, no later shape is known."""
    return UnsupportedOpError(
        f"layer {shown(layer.name)} of an older neural network must be of a kind that dsim reads, got {kind}; convert the network "
        "with coremltools.convert(..., convert_to='mlprogram')"
    )
