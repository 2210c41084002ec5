"""LiteRT files of one or two operators, put together with the schema's own builder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import tflite

Shape = tuple[int, ...]
Then = tuple[str, str, dict[str, Any], Shape]  # operator, options, settings, a constant's shape
ENUMS = {"Padding": "Padding", "FusedActivationFunction": "ActivationFunctionType"}


@dataclass(frozen=True)
class Case:
    """An operator, its settings, the shapes of activations and constants that it reads, and of what it writes.

    ``then`` stands behind it; ``lie`` is stated as the shape of the first constant instead of its own.
    """

    name: str
    options: str
    settings: dict[str, Any]
    inputs: list[Shape]
    constants: list[Shape]
    output: Shape
    custom: str = ""
    then: Then | None = None
    lie: Shape | None = None


def handmade(path: Path, case: Case) -> Path:
    """Write a file."""
    steps = [(case.name, case.options, case.settings, case.constants)]
    if case.then:
        steps.append((*case.then[:3], [case.then[3]]))
    build = flatbuffers.Builder(1024)
    tensors, buffers = [], [_buffer(build, b"")]

    def tensor(shape: Shape, constant: bool, stated: Shape | None = None) -> int:
        buffers.append(_buffer(build, np.full(shape, 0.5, "<f4").tobytes() if constant else b""))
        tensors.append(_tensor(build, stated or shape, len(buffers) - 1, f"t{len(tensors)}"))
        return len(tensors) - 1

    inputs = [tensor(shape, False) for shape in case.inputs]
    reads, operators = list(inputs), []
    for place, (_, options, settings, constants) in enumerate(steps):
        known = [tensor(shape, True, None if n or place else case.lie) for n, shape in enumerate(constants)]
        made = tensor(case.output, False)
        operators.append(_operator(build, place, [*reads, *known], made, options, settings))
        reads = [made]
    codes = [_code(build, name, case.custom) for name, *_ in steps]
    graph = _graph(build, tensors, inputs, reads, operators)
    parts = {
        "OperatorCodes": _list(build, codes),
        "Subgraphs": _list(build, [graph]),
        "Buffers": _list(build, buffers),
    }
    build.Finish(_table(build, "Model", parts | {"Version": 3}), b"TFL3")
    path.write_bytes(bytes(build.Output()))
    return path


def composite(path: Path, body: int = 1, inside: str = "TANH") -> Path:
    """Write a file whose one operator is a composite, and the graph that it stands for: one operator on its input."""
    build = flatbuffers.Builder(1024)
    options = {"Name": build.CreateString("odml.curve"), "DecompositionSubgraphIndex": body}
    options2 = {
        "BuiltinOptions2Type": tflite.BuiltinOptions2.StableHLOCompositeOptions,
        "BuiltinOptions2": _table(build, "StableHLOCompositeOptions", options),
    }
    graphs = []
    for code in (0, 1):
        own = options2 if code == 0 or inside == "STABLEHLO_COMPOSITE" else {}
        ends = {"Inputs": _ints(build, [0]), "Outputs": _ints(build, [1])}
        operator = _table(build, "Operator", ends | own | {"OpcodeIndex": code})
        tensors = [_tensor(build, (1, 8), 0, f"t{n}") for n in (0, 1)]
        graphs.append(_graph(build, tensors, [0], [1], [operator]))
    codes = [_code(build, name, "") for name in ("STABLEHLO_COMPOSITE", inside)]
    parts = {
        "OperatorCodes": _list(build, codes),
        "Subgraphs": _list(build, graphs),
        "Buffers": _list(build, [_buffer(build, b"")]),
    }
    build.Finish(_table(build, "Model", parts | {"Version": 3}), b"TFL3")
    path.write_bytes(bytes(build.Output()))
    return path


def _table(build: Any, kind: str, fields: dict[str, Any]) -> int:
    getattr(tflite, f"{kind}Start")(build)
    for name, value in fields.items():
        getattr(tflite, f"{kind}Add{name}")(build, value)
    made: int = getattr(tflite, f"{kind}End")(build)
    return made


def _ints(build: Any, values: Any) -> int:
    made: int = build.CreateNumpyVector(np.asarray(values, np.int32))
    return made


def _list(build: Any, tables: list[int]) -> int:
    build.StartVector(4, len(tables), 4)
    for table in reversed(tables):
        build.PrependUOffsetTRelative(table)
    made: int = build.EndVector()
    return made


def _buffer(build: Any, data: bytes) -> int:
    fields = {"Data": build.CreateByteVector(data)} if data else {}
    return _table(build, "Buffer", fields)


def _tensor(build: Any, shape: Shape, buffer: int, name: str) -> int:
    fields = {"Shape": _ints(build, shape), "Name": build.CreateString(name), "Buffer": buffer}
    return _table(build, "Tensor", fields | {"Type": tflite.TensorType.FLOAT32})


def _code(build: Any, name: str, custom: str) -> int:
    number = getattr(tflite.BuiltinOperator, name)
    fields = {"CustomCode": build.CreateString(custom)} if custom else {}
    return _table(
        build, "OperatorCode", fields | {"DeprecatedBuiltinCode": min(number, 127), "BuiltinCode": number}
    )


def _operator(
    build: Any, code: int, inputs: list[int], output: int, options: str, settings: dict[str, Any]
) -> int:
    fields = {"Inputs": _ints(build, inputs), "Outputs": _ints(build, [output])}
    if options:
        plain = {
            name: getattr(getattr(tflite, ENUMS[name]), value) if name in ENUMS else value
            for name, value in settings.items()
        }
        fields |= {"BuiltinOptions": _table(build, options, plain)}
        fields |= {"BuiltinOptionsType": getattr(tflite.BuiltinOptions, options)}
    return _table(build, "Operator", fields | {"OpcodeIndex": code})


def _graph(
    build: Any, tensors: list[int], inputs: list[int], outputs: list[int], operators: list[int]
) -> int:
    fields = {"Tensors": _list(build, tensors), "Operators": _list(build, operators)}
    return _table(
        build, "SubGraph", fields | {"Inputs": _ints(build, inputs), "Outputs": _ints(build, outputs)}
    )
