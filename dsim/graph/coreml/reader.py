"""Read a Core ML file into a Graph, on any system. The file is data: nothing in it is compiled or run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from dsim.errors import DsimError, FileFormatError, InvalidValueError
from dsim.graph.coreml.load import PROGRAM, load_model
from dsim.graph.coreml.older import input_shapes, older_graph
from dsim.graph.coreml.ops import translate
from dsim.graph.coreml.walk import FLOATS, Walk, type_of
from dsim.graph.facts import FileFacts
from dsim.graph.graph import Graph
from dsim.graph.inputs import Given, as_inputs, write_shape
from dsim.graph.onnx.made import FLOAT, INT64, Made
from dsim.graph.onnx.reader import by_name, model_graph, one_line
from dsim.graph.tracing import Shape

FORMAT = "Core ML (ML program)"
LAYERS = ("conv", "linear", "conv_transpose")
MAX_OPERATIONS = 200_000  # constants among them


def read_coreml(path: str | Path, input_shape: Given = None) -> Graph:
    """Read the graph that an ML program or an older neural network describes.

    Parameters
    ----------
    path
        A package (.mlpackage) or a file (.mlmodel).
    input_shape
        Must be what the file states: its sizes are fixed. None for these.

    Raises
    ------
    MissingPackageError
        coremltools or the onnx package is not installed.
    FileAccessError
        The file cannot be read.
    FileFormatError
        It is not a valid Core ML model, or exceeds the bounds.
    InvalidValueError
        Another input is asked for than the file has.
    UnsupportedOpError
        It is a model of another kind, or its sizes are flexible.
    """
    place = Path(path)
    try:
        return _graph(load_model(place), input_shape)
    except DsimError as error:
        text = one_line(str(error))
        raise type(error)(text if str(place) in text else f"{place}: {text}") from error
    except Exception as error:  # a stranger's program can lack anything that one must say
        text = one_line(str(error) or type(error).__name__)
        raise FileFormatError(f"{place} must be a valid Core ML model: {text}; save it again") from error


def _graph(model: Any, input_shape: Given) -> Graph:
    kind = model.WhichOneof("Type")
    if kind == PROGRAM:
        return _program_graph(model.mlProgram, input_shape)
    own = input_shapes(model)
    _check(own, input_shape)
    return older_graph(getattr(model, kind), own, [one.name for one in model.description.output])


def _program_graph(program: Any, input_shape: Given) -> Graph:
    function = program.functions.get("main")
    block = function.block_specializations[function.opset] if function is not None else None
    if function is None or block is None or not block.operations:
        raise FileFormatError(
            "a program must have a main function with operations, got none; save the model again"
        )
    if len(block.operations) > MAX_OPERATIONS:
        raise FileFormatError(
            f"a program must have at most {MAX_OPERATIONS} operations, got more; split the network"
        )
    made = Made("coreml")
    walk = Walk(made)
    shapes: dict[str, Shape] = {}
    for number, one in enumerate(function.inputs):
        walk.state(one)
        kind, shape = type_of(one.type)
        name = f"input{number}"
        shapes[name] = shape
        made.input(name, shape, FLOAT if kind in FLOATS else INT64)
        walk.start(one.name, name)
    _check({one.name: shapes[f"input{number}"] for number, one in enumerate(function.inputs)}, input_shape)
    translate(walk, block.operations)
    graph = model_graph(made.model([walk.named(name) for name in block.outputs]), shapes, splits=True)
    return replace(graph, file=_facts(walk, block.operations))


def _check(own: Mapping[str, Shape], input_shape: Given) -> None:
    """Refuse another shape than the file's own for an input."""
    asked = as_inputs(input_shape)
    named = by_name(list(own), asked) if asked else {}
    for name, shape in own.items():
        if named.get(name, shape) != shape:
            raise InvalidValueError(
                f"a Core ML file has its sizes fixed: {name[:100]!r} is {write_shape(shape)}, got "
                f"{write_shape(named[name])}; leave --input out, or convert the network at that size"
            )


def _facts(walk: Walk, operations: Iterable[Any]) -> FileFacts:
    """Say which numbers a program computes with, and how its weights are stored."""
    kinds: Counter[str] = Counter()
    stored: Counter[str] = Counter()
    sources = {
        output.name: _stored(walk, operation)
        for operation in operations
        for output in operation.outputs
        if operation.type == "const" or operation.type.startswith("constexpr_")
    }
    for operation in operations:
        if operation.type in LAYERS:
            kinds[walk.kinds[operation.outputs[0].name]] += 1
            stored[sources.get(operation.inputs["weight"].arguments[0].name, "")] += 1
    kind = kinds.most_common(1)[0][0] if kinds else "float32"
    weights = stored.most_common(1)[0][0] if stored else ""
    return FileFacts(FORMAT, weights or kind, kind)


def _stored(walk: Walk, operation: Any) -> str:
    """Return how a weight is stored: its kind of numbers, or that of the numbers that it is unpacked from."""
    if operation.type == "const":
        return walk.kinds[operation.outputs[0].name]
    if "lut" in operation.type:
        return "palette"
    for argument in ("quantized_data", "data", "nonzero_data"):
        if argument in operation.inputs and operation.inputs[argument].arguments:
            bound = operation.inputs[argument].arguments[0]
            return walk.kinds.get(bound.name, "") if bound.name else type_of(bound.value.type)[0]
    return "compressed"
