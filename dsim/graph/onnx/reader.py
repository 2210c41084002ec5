"""Read an ONNX file into a Graph. The file is data: nothing in it is executed, and no weights are loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dsim.errors import DsimError, FileFormatError, InvalidValueError
from dsim.graph.builder import GraphBuilder
from dsim.graph.graph import Graph, Ref
from dsim.graph.inputs import Given, Inputs, Tensor, as_inputs, write_shape
from dsim.graph.onnx.facts import facts_of
from dsim.graph.onnx.load import load_model
from dsim.graph.onnx.network import Network
from dsim.graph.onnx.patterns import recognise
from dsim.graph.onnx.simplify import simplify
from dsim.graph.onnx.slices import slices_as_splits
from dsim.graph.onnx.write import write
from dsim.graph.tracing import Shape, Trace, Value
from dsim.records import shown

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto

MAX_MESSAGE = 500


def read_onnx(path: str | Path, input_shape: Given = None) -> Graph:
    """Read the graph that an ONNX file describes.

    Weights beside the file (external data) are neither needed nor opened: shapes are enough. Sizes that the file
    leaves open must be given, except for the batch, which is then 1.

    Parameters
    ----------
    path
        The file.
    input_shape
        Shape of its input, batch first; several in the file's order, or by name (see `dsim.graph.inputs.as_inputs`).
        None, and inputs that are left out, for what the file says.

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
        It is not a valid ONNX file, or exceeds the bounds.
    InvalidValueError
        An input's size is open and not given, or the shape given does not belong to the file.
    UnsupportedOpError
        The shape of a tensor cannot be known.
    """
    place = Path(path)
    model = load_model(place)
    try:
        graph = model_graph(model, input_shapes(model.graph, as_inputs(input_shape)))
        return replace(graph, notes=_notes(model.graph, as_inputs(input_shape)), file=facts_of(model))
    except DsimError as error:
        raise type(error)(f"{place}: {one_line(str(error))}") from error
    except (
        Exception
    ) as error:  # a file from a stranger can break onnx and protobuf in ways that they do not name
        text = one_line(str(error) or type(error).__name__)
        raise FileFormatError(f"{place} must be a valid ONNX model: {text}; export it again") from error


def model_graph(model: ModelProto, shapes: Mapping[str, Shape], *, splits: bool = False) -> Graph:
    """Return the graph of a model on inputs of known shapes.

    Parameters
    ----------
    splits
        Slices that are together the whole of an axis are a split.

    Raises
    ------
    FileFormatError, UnsupportedOpError
        As `read_onnx`.
    """
    network = simplify(model, shapes)
    if splits:
        slices_as_splits(network)
    recognise(network)
    return graph_of(network)[0]


def one_line(text: str) -> str:
    """Keep a message short, whatever names a file holds: its rule is in front, its remedy at the end."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_MESSAGE else f"{line[: MAX_MESSAGE // 2]} ... {line[-MAX_MESSAGE // 2 :]}"


def input_shapes(graph: GraphProto, asked: Inputs | None) -> dict[str, Shape]:
    """Return the shape of every input that is not an initializer."""
    weights = {tensor.name for tensor in graph.initializer}
    found = [value for value in graph.input if value.name not in weights]
    if not found:
        raise FileFormatError("a network must have an input, got none; export it again")
    given = by_name([value.name for value in found], asked or Inputs())
    return {value.name: _input(value, given.get(value.name)) for value in found}


def by_name(names: Sequence[str], asked: Inputs) -> dict[str, Shape]:
    """Say which shape belongs to which of the file's inputs."""
    has = f"the file has {len(names)}: {', '.join(shown(name) for name in names[:5])}"
    if len(asked.by_place) > len(names):
        raise InvalidValueError(f"at most one shape can be given for each input, got {asked}; {has}")
    if asked.by_place and len(asked.by_place) < len(names):
        raise InvalidValueError(
            f"with several inputs each shape needs a name, got {asked}; {has}; "
            f"write --input {names[0]}=1x3x224x224 for each"
        )
    placed = dict(zip(names, asked.by_place, strict=False))
    twice = sorted(set(placed) & set(asked.by_name))
    if twice:
        raise InvalidValueError(
            f"an input must be given once, got {shown(twice[0])} by its place and by its name; leave one out"
        )
    given = {**placed, **asked.by_name}
    strangers = sorted(set(given) - set(names))
    if strangers:
        raise InvalidValueError(f"an input must be one of the file's, got {shown(strangers[0])}; {has}")
    values = {name: value for name, value in given.items() if isinstance(value, Tensor)}
    if len(values) < len(given):
        raise InvalidValueError(f"an ONNX file's input is one tensor, got {asked}; {has}")
    return {name: value.shape for name, value in values.items()}


def _notes(graph: GraphProto, asked: Inputs | None) -> tuple[str, ...]:
    """Say where the batch was left open and taken to be 1."""
    weights = {tensor.name for tensor in graph.initializer}
    open_ones = [
        value.name
        for value in graph.input
        if value.name not in weights
        and value.type.tensor_type.shape.dim
        and value.type.tensor_type.shape.dim[0].dim_value <= 0
    ]
    if asked is not None or not open_ones:
        return ()
    return (f"the file leaves the batch of {shown(open_ones[0])} open: read for one image, batch 1",)


def _input(value: object, given: Shape | None) -> Shape:
    tensor = value.type.tensor_type  # type: ignore[attr-defined]
    name = value.name  # type: ignore[attr-defined]
    stated = [d.dim_value if d.HasField("dim_value") else 0 for d in tensor.shape.dim]
    if given is not None:
        if tensor.HasField("shape") and len(given) != len(stated):
            raise InvalidValueError(
                f"input {name!r} must have {len(stated)} axes, got {write_shape(given)}; give another --input"
            )
        return tuple(given)
    if stated and stated[0] <= 0:
        stated[0] = 1  # the batch
    if not tensor.HasField("shape") or any(size <= 0 for size in stated):
        names = ["x".join(d.dim_param or str(d.dim_value) for d in tensor.shape.dim)]
        raise InvalidValueError(
            f"input {name!r} leaves sizes open ({shown(names[0]) if stated else 'no shape at all'}); give them, e.g. --input "
            f"{name}={write_shape(_example(stated))}"
        )
    return tuple(stated)


def _example(stated: Sequence[int]) -> Shape:
    """Return a shape as an input with open sizes may have it: of an image's four axes, or of as many as are stated."""
    usual = (1, 3, 224, 224) if len(stated) in (0, 4) else (1, *[128] * (len(stated) - 1))
    return tuple(size if size > 0 else common for size, common in zip(stated or usual, usual, strict=True))


def graph_of(network: Network) -> tuple[Graph, dict[str, Ref]]:
    """Return the graph of a recognised network, and which of the file's tensors each of its tensors is."""
    trace = Trace(GraphBuilder())
    values: dict[str, Value] = {name: trace.builder.input(network.shapes[name]) for name in network.inputs}
    outputs = write(network, values, trace)
    found = [ref for ref in outputs if isinstance(ref, Ref)]
    if not found:
        raise FileFormatError("an output must depend on an input, got none that does; export it again")
    refs = {name: value for name, value in values.items() if isinstance(value, Ref)}
    return trace.builder.build(*found), refs
