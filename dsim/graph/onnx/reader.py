"""Read an ONNX file into a Graph. The file is data: nothing in it is executed, and no weights are loaded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dsim.errors import DsimError, FileFormatError, InvalidValueError
from dsim.graph.builder import GraphBuilder
from dsim.graph.graph import Graph, Ref
from dsim.graph.onnx.load import load_model
from dsim.graph.onnx.network import Network
from dsim.graph.onnx.patterns import recognise
from dsim.graph.onnx.simplify import simplify
from dsim.graph.onnx.write import write
from dsim.graph.tracing import Shape, Trace
from dsim.records import shown

if TYPE_CHECKING:
    from onnx import GraphProto

MAX_MESSAGE = 500


def read_onnx(path: str | Path, input_shape: tuple[int, ...] | None = None) -> Graph:
    """Read the graph that an ONNX file describes.

    Weights beside the file (external data) are neither needed nor opened: shapes are enough. Sizes that the file
    leaves open must be given, except for the batch, which is then 1.

    Parameters
    ----------
    path
        The file.
    input_shape
        Shape of its one input, batch first; None for what the file says.

    Returns
    -------
    Graph
        Ops in the order in which they run. What has no rule is UNKNOWN, by name, with shapes.

    Raises
    ------
    MissingPackageError
        The onnx package is not installed.
    FileAccessError
        The file cannot be read.
    FileFormatError
        It is no valid ONNX file, or beyond the bounds.
    InvalidValueError
        An input's size is open and not given, or the shape given does not belong to the file.
    UnsupportedOpError
        The shape of a tensor cannot be known.
    """
    place = Path(path)
    model = load_model(place)
    try:
        network = simplify(model, _inputs(model.graph, input_shape))
        recognise(network)
        graph, notes = _graph(network), _notes(model.graph, input_shape)
        return replace(graph, notes=notes) if notes else graph
    except DsimError as error:
        raise type(error)(f"{place}: {_one_line(str(error))}") from error
    except (
        Exception
    ) as error:  # a file from a stranger can break onnx and protobuf in ways that they do not name
        text = _one_line(str(error) or type(error).__name__)
        raise FileFormatError(f"{place} must be a valid ONNX model: {text}; export it again") from error


def _one_line(text: str) -> str:
    """Keep a message short, whatever names a file holds: its rule is in front, its remedy at the end."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_MESSAGE else f"{line[: MAX_MESSAGE // 2]} ... {line[-MAX_MESSAGE // 2 :]}"


def _inputs(graph: GraphProto, input_shape: tuple[int, ...] | None) -> dict[str, Shape]:
    """Give the shape of every input that is no initializer."""
    weights = {tensor.name for tensor in graph.initializer}
    names = [value for value in graph.input if value.name not in weights]
    if not names:
        raise FileFormatError("a network must have an input, got none; export it again")
    if input_shape is not None and len(names) > 1:
        raise InvalidValueError(
            f"a shape can be given for a network with one input, got {len(names)} inputs "
            f"({', '.join(shown(value.name) for value in names[:5])}); fix the shapes in the file"
        )
    return {value.name: _input(value, input_shape) for value in names}


def _notes(graph: GraphProto, input_shape: tuple[int, ...] | None) -> tuple[str, ...]:
    """Say where the batch was left open and taken to be 1."""
    weights = {tensor.name for tensor in graph.initializer}
    open_ones = [
        value.name
        for value in graph.input
        if value.name not in weights
        and value.type.tensor_type.shape.dim
        and value.type.tensor_type.shape.dim[0].dim_value <= 0
    ]
    if input_shape is not None or not open_ones:
        return ()
    return (f"the file leaves the batch of {shown(open_ones[0])} open: read for one image, batch 1",)


def _input(value: object, given: tuple[int, ...] | None) -> Shape:
    tensor = value.type.tensor_type  # type: ignore[attr-defined]
    name = value.name  # type: ignore[attr-defined]
    stated = [d.dim_value if d.HasField("dim_value") else 0 for d in tensor.shape.dim]
    if given is not None:
        if tensor.HasField("shape") and len(given) != len(stated):
            raise InvalidValueError(
                f"input {name!r} must have {len(stated)} axes, got {tuple(given)}; give another --input"
            )
        return tuple(given)
    if stated and stated[0] <= 0:
        stated[0] = 1  # the batch
    if not tensor.HasField("shape") or any(size <= 0 for size in stated):
        names = ["x".join(d.dim_param or str(d.dim_value) for d in tensor.shape.dim)]
        raise InvalidValueError(
            f"input {name!r} leaves sizes open ({shown(names[0])}); give them, e.g. --input 1x3x224x224"
        )
    return tuple(stated)


def _graph(network: Network) -> Graph:
    trace = Trace(GraphBuilder())
    values = {name: trace.builder.input(network.shapes[name]) for name in network.inputs}
    outputs = write(network, values, trace)
    found = [ref for ref in outputs if isinstance(ref, Ref)]
    if not found:
        raise FileFormatError("an output must depend on an input, got none that does; export it again")
    return trace.builder.build(*found)
