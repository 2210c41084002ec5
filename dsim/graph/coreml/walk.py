"""A walk over a program's operations: which ONNX tensor stands for each of its values, and which values are known."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from dsim.bounds import MAX_ELEMENTS, MAX_RANK
from dsim.errors import FileFormatError, UnsupportedOpError
from dsim.graph.onnx.constants import MAX_VALUES
from dsim.graph.onnx.made import BOOL, FLOAT, INT64, Made
from dsim.graph.tracing import Shape
from dsim.records import shown

Array = np.ndarray[Any, Any]

# MIL_pb2.DataType
KINDS: dict[int, str] = {
    **{1: "bool", 2: "string", 10: "float16", 11: "float32", 12: "float64", 13: "bfloat16"},
    **{21: "int8", 22: "int16", 23: "int32", 24: "int64", 25: "int4"},
    **{
        31: "uint8",
        32: "uint16",
        33: "uint32",
        34: "uint64",
        35: "uint4",
        36: "uint2",
        37: "uint1",
        38: "uint6",
        39: "uint3",
    },
}
FLOATS: frozenset[str] = frozenset({"float16", "float32", "float64", "bfloat16"})
BYTES: dict[str, str] = {
    "float16": "<f2",
    "int8": "i1",
    "uint8": "u1",
    "int16": "<i2",
    "uint16": "<u2",
    "int32": "<i4",
}


class Walk:
    """A program in progress.

    Parameters
    ----------
    made
        Collects the operators.
    """

    def __init__(self, made: Made) -> None:
        self.made = made
        self.shapes: dict[str, Shape] = {}
        self.kinds: dict[str, str] = {}
        self.scope = ""
        self._names: dict[str, str] = {}
        self._values: dict[str, Any] = {}  # of constants, by name
        self._types: dict[str, Any] = {}

    # what operations ask

    def name(self, operation: Any, argument: str) -> str:
        """Return the ONNX tensor of an argument; "" for one that is left out."""
        bound = self._bound(operation, argument)
        return "" if bound is None else self.of(bound)

    def names(self, operation: Any, argument: str) -> list[str]:
        """Return the ONNX tensors of an argument that is a list."""
        return [self.of(bound) for bound in operation.inputs[argument].arguments]

    def shape(self, operation: Any, argument: str = "x") -> Shape:
        """Return the shape of an argument."""
        bound = self._bound(operation, argument)
        if bound is None:
            raise ValueError(f"no {argument}")
        return self.shapes[bound.name] if bound.name else type_of(bound.value.type)[1]

    def array(self, operation: Any, argument: str) -> Array | None:
        """Return the few values of an argument that the program itself holds; None for anything else."""
        bound = self._bound(operation, argument)
        value = None if bound is None else self._values.get(bound.name) if bound.name else bound.value
        return None if value is None else _array(value)

    def ints(self, operation: Any, argument: str, default: list[int] | None = None) -> list[int]:
        """Return an argument that is a constant list of whole numbers.

        Raises
        ------
        ValueError
            It is computed at run time, or left out without a default.
        """
        found = self.array(operation, argument)
        if found is None:
            if default is not None and self._bound(operation, argument) is None:
                return default
            raise ValueError(f"{argument} must be constant")
        return [int(item) for item in found.reshape(-1)]

    def number(self, operation: Any, argument: str, default: float) -> float:
        """Return an argument that is one constant number."""
        found = self.array(operation, argument)
        return default if found is None or not found.size else float(found.reshape(-1)[0])

    def flag(self, operation: Any, argument: str, default: bool = False) -> bool:
        """Return an argument that is a constant yes or no."""
        return bool(self.number(operation, argument, float(default)))

    def text(self, operation: Any, argument: str, default: str = "") -> str:
        """Return an argument that is a constant word."""
        bound = self._bound(operation, argument)
        value = None if bound is None else self._values.get(bound.name) if bound.name else bound.value
        words = [] if value is None else value.immediateValue.tensor.strings.values
        return str(words[0]) if words else default

    def has(self, operation: Any, argument: str) -> bool:
        """Tell whether an argument is given."""
        return self._bound(operation, argument) is not None

    def named(self, name: str) -> str:
        """Return the ONNX tensor of a value by its name.

        Raises
        ------
        FileFormatError
            No operation writes it.
        """
        if name not in self._names:
            raise FileFormatError(
                f"output {shown(name)} must be written by an operation, is by none; save the model again"
            )
        return self._names[name]

    def of(self, bound: Any) -> str:
        """Return the ONNX tensor of a binding: a value's name, or a constant written in place."""
        if not bound.name:
            return self._constant(self.made.fresh(), bound.value)
        if bound.name not in self._names:
            if bound.name not in self._values and bound.name not in self._types:
                raise FileFormatError(
                    f"value {shown(bound.name)} must be written before it is read; save the model again"
                )
            self._names[bound.name] = self._constant(
                f"m:{bound.name}", self._values.get(bound.name), bound.name
            )
        return self._names[bound.name]

    @staticmethod
    def _bound(operation: Any, argument: str) -> Any:
        if argument not in operation.inputs or not operation.inputs[argument].arguments:
            return None
        return operation.inputs[argument].arguments[0]

    # what operations say

    def put(self, operation: Any, *names: str) -> None:
        """Say which ONNX tensors stand for what an operation writes."""
        for output, name in zip(operation.outputs, names, strict=True):
            self._names[output.name] = name

    def state(self, output: Any) -> None:
        """Take in what the program states of a value: its kind of numbers and its shape."""
        self.kinds[output.name], self.shapes[output.name] = type_of(output.type)

    def start(self, name: str, made: str) -> None:
        """Say which ONNX tensor stands for an input."""
        self._names[name] = made

    def remember(self, operation: Any) -> None:
        """Take in a constant; it is written once something reads it."""
        (output,) = operation.outputs
        self._values[output.name] = operation.attributes["val"]

    def weight(self, operation: Any) -> None:
        """Take in a compressed weight: what it stands for has the shape that the program states."""
        (output,) = operation.outputs
        self._types[output.name] = output.type

    def unknown(self, operation: Any) -> None:
        """Keep an operation by name: what it costs is not known."""
        inputs = [
            self.of(bound)
            for argument in operation.inputs.values()
            for bound in argument.arguments
            if bound.name in self._names
        ]
        shapes = [self.shapes[output.name] for output in operation.outputs]
        self.put(operation, *self.made.add_foreign(operation.type, inputs, shapes, self.scope))

    def _constant(self, name: str, value: Any, source: str = "") -> str:
        kind, shape = type_of(value.type if value is not None else self._types[source])
        array = None if value is None else _array(value)
        if array is not None and kind != "string":
            wanted = np.float32 if kind in FLOATS else np.bool_ if kind == "bool" else np.int64
            return self.made.constant(name, array.astype(wanted))
        return self.made.weight(name, shape, FLOAT if kind in FLOATS else BOOL if kind == "bool" else INT64)


Translate = Callable[[Walk, Any], None]


def type_of(stated: Any) -> tuple[str, Shape]:
    """Return the kind of numbers and the shape of a type.

    Raises
    ------
    UnsupportedOpError
        A size is open.
    FileFormatError
        No tensor can have such a shape.
    """
    tensor = stated.tensorType
    sizes = []
    for dimension in tensor.dimensions:
        if not dimension.HasField("constant"):
            raise UnsupportedOpError(
                "sizes must be fixed, got a flexible shape; convert the network for one size of image"
            )
        sizes.append(int(dimension.constant.size))
    if len(sizes) > MAX_RANK or math.prod(sizes) > MAX_ELEMENTS:
        raise FileFormatError(
            f"a tensor must have at most {MAX_ELEMENTS} elements, got {shown(tuple(sizes))}; save the model again"
        )
    return KINDS.get(tensor.dataType, ""), tuple(sizes)


def _array(value: Any) -> Array | None:
    """Return few values that stand in the program itself; None for those in a file of weights."""
    if not value.HasField("immediateValue") or not value.immediateValue.HasField("tensor"):
        return None
    kind, shape = type_of(value.type)
    tensor = value.immediateValue.tensor
    held = tensor.WhichOneof("value")
    if held is None or held == "strings" or math.prod(shape) > MAX_VALUES:
        return None
    if held == "bytes":
        raw = tensor.bytes.values
        return np.frombuffer(raw, BYTES[kind]).reshape(shape) if kind in BYTES else None
    return np.asarray(getattr(tensor, held).values).reshape(shape)
