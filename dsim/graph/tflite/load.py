"""Take a .tflite file from disk as data. Every length that it states is held against the file's own size.

The schema's own parser follows the offsets that a file states. What it reads outside the file is an error of its own,
which `read_tflite` words; what would make it loop (vectors that many tables share) is counted here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from dsim.bounds import MAX_ELEMENTS, MAX_RANK
from dsim.errors import FileFormatError
from dsim.files import read_bytes
from dsim.graph.onnx.constants import MAX_VALUES
from dsim.graph.tflite.tables import BITS, NUMPY, Operator, Tables, Tensor
from dsim.graph.tflite.walk import MAX_OPERATORS
from dsim.packages import need
from dsim.records import shown

MAX_FILE_BYTES = 2**31  # flatbuffers' own limit
MAX_TENSORS = 200_000
MAX_GRAPHS = 2_000
MAX_PLACES = 4_000_000  # items of vectors, all together
MARK = b"TFL3"  # stands at byte 4
FIRST_BYTES = 8


def load_tables(path: Path) -> tuple[Tables, ...]:
    """Read the graphs of a file, the main one first.

    Raises
    ------
    MissingPackageError
        The parser of the schema is not installed.
    FileAccessError
        The file cannot be read.
    FileFormatError
        It is no such file, or exceeds the bounds.
    """
    need("tflite", "a .tflite file", "files")
    import tflite  # optional: only reading .tflite files needs it

    size = path.stat().st_size if path.is_file() else 0
    if size >= MAX_FILE_BYTES:
        raise FileFormatError(
            f"{path} must have less than {MAX_FILE_BYTES} bytes, got {size}; split the network"
        )
    raw = read_bytes(path, "check the path")
    if len(raw) < FIRST_BYTES or raw[4:FIRST_BYTES] != MARK:
        raise FileFormatError(
            f"{path} must be a LiteRT model, which has {MARK.decode()} at byte 4, got {shown(raw[:FIRST_BYTES])}"
            f"{'' if raw else ', an empty file'}; convert the network again"
        )
    return _Reading(raw, tflite.Model.GetRootAs(raw, 0)).graphs()


class _Reading:
    """One file being read, and how much was read of it so far."""

    def __init__(self, raw: bytes, model: Any) -> None:
        self._raw, self._model = raw, model
        self._places = 0

    def graphs(self) -> tuple[Tables, ...]:
        model = self._model
        codes = [
            self._code(one)
            for one in self._each(model.OperatorCodesLength(), model.OperatorCodes, MAX_OPERATORS)
        ]
        found = tuple(
            self._graph(one, codes)
            for one in self._each(model.SubgraphsLength(), model.Subgraphs, MAX_GRAPHS)
        )
        if not found or not found[0].operators:
            raise FileFormatError(
                "a model must hold a graph with operators, got none; convert the network again"
            )
        return found

    def _each(self, count: int, get: Callable[[int], Any], most: int) -> list[Any]:
        """Return the items of a vector, if a file of this size can hold them."""
        self._places += count
        if count > min(most, len(self._raw) // 4) or self._places > MAX_PLACES:
            raise FileFormatError(
                f"a list must have at most {most} items, and fit into the file, got {count}; convert again"
            )
        return [get(place) for place in range(count)]

    def _ints(self, count: int, get: Callable[[int], Any]) -> tuple[int, ...]:
        return tuple(int(item) for item in self._each(count, get, MAX_TENSORS))

    def _code(self, code: Any) -> tuple[str, str]:
        """Return an operator's name, and "custom" where it is not one of TFLite's own."""
        number = max(code.DeprecatedBuiltinCode(), code.BuiltinCode())
        name = _name("BuiltinOperator", number) or f"OPERATOR_{number}"
        if name == "CUSTOM":
            return _text(code.CustomCode()) or "custom", "custom"
        return name, ""

    def _graph(self, graph: Any, codes: list[tuple[str, str]]) -> Tables:
        tensors = tuple(
            self._tensor(one) for one in self._each(graph.TensorsLength(), graph.Tensors, MAX_TENSORS)
        )
        operators = tuple(
            self._operator(one, codes)
            for one in self._each(graph.OperatorsLength(), graph.Operators, MAX_OPERATORS)
        )
        made = Tables(
            tensors,
            operators,
            self._ints(graph.InputsLength(), graph.Inputs),
            self._ints(graph.OutputsLength(), graph.Outputs),
        )
        places = (*made.inputs, *made.outputs, *(p for one in operators for p in (*one.inputs, *one.outputs)))
        if any(not -1 <= place < len(tensors) for place in places):
            raise FileFormatError(
                f"operators must read and write the {len(tensors)} tensors of their graph, got others; convert again"
            )
        return made

    def _operator(self, operator: Any, codes: list[tuple[str, str]]) -> Operator:
        place = operator.OpcodeIndex()
        if place >= len(codes):
            raise FileFormatError(
                f"an operator must have one of the {len(codes)} codes of its file, got {place}; convert again"
            )
        name, kind = codes[place]
        inputs = self._ints(operator.InputsLength(), operator.Inputs)
        outputs = self._ints(operator.OutputsLength(), operator.Outputs)
        first = _options(operator.BuiltinOptionsType(), operator.BuiltinOptions(), "BuiltinOptions")
        options = first or _options(
            operator.BuiltinOptions2Type(), operator.BuiltinOptions2(), "BuiltinOptions2"
        )
        if name != "STABLEHLO_COMPOSITE" or options is None:
            return Operator(name, kind, inputs, outputs, options)
        body = options.DecompositionSubgraphIndex()
        return Operator(_text(options.Name()) or name, "composite", inputs, outputs, options, body)

    def _tensor(self, tensor: Any) -> Tensor:
        name = _text(tensor.Name())
        dtype = _name("TensorType", tensor.Type()) or f"TYPE_{tensor.Type()}"
        if tensor.ShapeLength() > MAX_RANK:
            raise FileFormatError(
                f"tensor {shown(name)} must have at most {MAX_RANK} axes, got {tensor.ShapeLength()}; convert again"
            )
        shape = self._ints(tensor.ShapeLength(), tensor.Shape)
        if any(size < 0 for size in shape) or math.prod(shape) > MAX_ELEMENTS:
            raise FileFormatError(
                f"tensor {shown(name)} must have at most {MAX_ELEMENTS} elements, got {shown(shape)}; convert again"
            )
        signature = self._ints(min(tensor.ShapeSignatureLength(), MAX_RANK), tensor.ShapeSignature)
        data = self._data(tensor.Buffer())
        known = _quantisation(tensor.Quantization())
        values = None
        if data is not None and tensor.Sparsity() is None and dtype in BITS:
            needed = -(-math.prod(shape) * BITS[dtype] // 8)
            if needed > data.size:
                raise FileFormatError(
                    f"tensor {shown(name)} of shape {shape} must have {needed} bytes in the file, got {data.size}; convert again"
                )
            if math.prod(shape) <= MAX_VALUES and dtype in NUMPY:
                values = np.frombuffer(data[:needed].tobytes(), NUMPY[dtype]).reshape(shape)
        return Tensor(
            name, shape, dtype, data is not None, values, *known, any(size < 0 for size in signature)
        )

    def _data(self, place: int) -> Any:
        """Return the bytes of a buffer as the file holds them, uncopied; None where it holds none."""
        if place >= self._model.BuffersLength():
            raise FileFormatError(
                f"a tensor must have one of the {self._model.BuffersLength()} buffers, got {place}; convert again"
            )
        buffer = self._model.Buffers(place)
        if buffer.DataLength():
            return buffer.DataAsNumpy()
        start, size = buffer.Offset(), buffer.Size()
        if start <= 1 or not size:
            return None
        if start + size > len(self._raw):
            raise FileFormatError(
                f"a buffer must lie within the file's {len(self._raw)} bytes, got {start} to {start + size}; convert again"
            )
        return np.frombuffer(self._raw, np.uint8, size, start)


def _quantisation(found: Any) -> tuple[tuple[float, ...], tuple[int, ...]]:
    if found is None or not found.ScaleLength():
        return (), ()
    scales = found.ScaleAsNumpy()
    zeros = found.ZeroPointAsNumpy() if found.ZeroPointLength() else np.zeros(1, np.int64)
    if scales.size > MAX_VALUES:  # only their number says anything
        return tuple(np.ones(2)), ()
    return tuple(scales.tolist()), tuple(zeros.tolist()[: scales.size])


def _options(kind: int, table: Any, union: str) -> Any:
    """Return an operator's settings by the schema's own class; None where there are none, or the schema has no such kind."""
    import tflite

    name = _name(union, kind) if kind else ""
    if table is None or not name:
        return None
    made = getattr(tflite, name)()
    made.Init(table.Bytes, table.Pos)
    return made


@lru_cache(maxsize=1024)
def _name(enum: str, number: int) -> str:
    """Return the schema's name of a number; "" for one that it does not know."""
    import tflite

    members = vars(getattr(tflite, enum)).items()
    return next((name for name, value in members if value == number and not name.startswith("_")), "")


def _text(raw: bytes | None) -> str:
    return "" if raw is None else raw[:1000].decode("utf-8", "replace")
