"""Read a .tflite file into a Graph. The file is data: nothing in it is executed, and no weights are looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from dsim.errors import DsimError, FileFormatError, InvalidValueError
from dsim.graph.facts import FileFacts
from dsim.graph.graph import Graph
from dsim.graph.inputs import Given, as_inputs, write_shape
from dsim.graph.onnx.made import Made
from dsim.graph.onnx.reader import by_name, model_graph, one_line
from dsim.graph.tflite.load import load_tables
from dsim.graph.tflite.ops import translate
from dsim.graph.tflite.tables import Operator, Tables, Tensor
from dsim.graph.tflite.walk import FIRST, Held, Walk, kind_of
from dsim.graph.tracing import Shape

FORMAT = "LiteRT (.tflite)"
LAYERS: frozenset[str] = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV"})
# operators that read a map with its channels last
MAPS: frozenset[str] = LAYERS - {"FULLY_CONNECTED"} | {
    *("AVERAGE_POOL_2D", "MAX_POOL_2D", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "SPACE_TO_DEPTH"),
}
# operators behind which an image is still one
ON_IMAGES: frozenset[str] = frozenset(
    {
        "QUANTIZE",
        "DEQUANTIZE",
        "CAST",
        "ADD",
        "SUB",
        "MUL",
        "DIV",
        "PAD",
        "PADV2",
        "MIRROR_PAD",
        "SLICE",
        "STRIDED_SLICE",
    }
)


def read_tflite(path: str | Path, input_shape: Given = None) -> Graph:
    """Read the graph that a LiteRT file describes.

    Quantised files are read as the network that they quantise, and say so (``Graph.file``). Maps have their channels
    first in the graph, images of the input too, whatever the file's order.

    Parameters
    ----------
    path
        The file.
    input_shape
        Must be what the file states: its sizes are fixed. None for these.

    Raises
    ------
    MissingPackageError
        The parser of the schema, or the onnx package, is not installed.
    FileAccessError
        The file cannot be read.
    FileFormatError
        It is not a valid LiteRT file, or exceeds the bounds.
    InvalidValueError
        Another input is asked for than the file has.
    UnsupportedOpError
        The shape of a tensor cannot be known.
    """
    place = Path(path)
    try:
        bodies = load_tables(place)
        tables = bodies[0]
        return replace(_graph(tables, bodies, input_shape), file=facts_of(tables))
    except DsimError as error:
        text = one_line(str(error))
        raise type(error)(text if str(place) in text else f"{place}: {text}") from error
    except Exception as error:  # offsets that lead out of the file, in whatever way the parser meets them
        text = one_line(str(error) or type(error).__name__)
        raise FileFormatError(
            f"{place} must be a valid LiteRT model: {text}; convert the network again"
        ) from error


def _graph(tables: Tables, bodies: tuple[Tables, ...], input_shape: Given) -> Graph:
    made = Made("tflite")
    given = _given(tables, input_shape)
    held, shapes, readers = {}, {}, _readers(tables)
    for number, place in enumerate(tables.inputs):
        tensor = tables.tensors[place]
        shape, order = given[number], tuple(range(len(tensor.shape)))
        if len(shape) == len(FIRST) and _is_image(readers, place):
            order = FIRST
        name = f"input{number}"
        shapes[name] = tuple(shape[axis] for axis in order)
        made.input(name, shapes[name], kind_of(tensor))
        held[place] = Held(name, order)
    walk = Walk(made, tables, held, bodies)
    translate(walk)
    graph = model_graph(made.model([walk.get(place).name for place in tables.outputs]), shapes, splits=True)
    return replace(graph, notes=_notes(walk.looked_through))


def _notes(turns: int) -> tuple[str, ...]:
    """Say what of the file is not in the graph."""
    if not turns:
        return ()
    return (
        f"the file turns maps between channels first and last {turns} times (TRANSPOSE): not in this price, which is learned "
        "from networks as they are before conversion",
    )


def _given(tables: Tables, input_shape: Given) -> list[Shape]:
    """Return the inputs' shapes, which are the file's own."""
    found = [tables.tensors[place] for place in tables.inputs]
    if not found:
        raise FileFormatError("a network must have an input, got none; convert it again")
    asked = as_inputs(input_shape)
    named = by_name([one.name for one in found], asked) if asked else {}
    for one in found:
        if named.get(one.name, one.shape) != one.shape:
            raise InvalidValueError(
                f"a LiteRT file has its sizes fixed: {one.name[:100]!r} is {write_shape(one.shape)}, got "
                f"{write_shape(named[one.name])}; leave --input out, or convert the network at that size"
            )
    return [one.shape for one in found]


def _is_image(readers: Mapping[int, Sequence[Operator]], place: int) -> bool:
    """Tell whether an input is a map with its channels last: what reads it first looks at windows."""
    waiting, seen = [place], {place}
    while waiting:
        for operator in readers.get(waiting.pop(), ()):
            if operator.name in MAPS:
                return True
            if operator.name in ON_IMAGES:
                waiting += [out for out in operator.outputs if out not in seen]
                seen.update(operator.outputs)
    return False


def _readers(tables: Tables) -> dict[int, list[Operator]]:
    """Return the operators that read each tensor."""
    found: dict[int, list[Operator]] = {}
    for operator in tables.operators:
        for place in set(operator.inputs):
            found.setdefault(place, []).append(operator)
    return found


def facts_of(tables: Tables) -> FileFacts:
    """Say which numbers a graph computes with: the kinds that most of its layers have."""
    layers = [operator for operator in tables.operators if operator.name in LAYERS]
    made_from = {
        out: one.inputs[0] for one in tables.operators if one.name == "DEQUANTIZE" for out in one.outputs
    }
    weights = [_source(tables, made_from, one.inputs[1]) for one in layers if len(one.inputs) > 1]
    images = [tables.tensors[out] for one in layers or tables.operators for out in one.outputs[:1]]
    return FileFacts(
        FORMAT,
        _most(one.dtype for one in weights),
        _most(one.dtype for one in images),
        any(len(one.scales) > 1 for one in weights),
    )


def _source(tables: Tables, made_from: dict[int, int], place: int) -> Tensor:
    return tables.tensors[made_from.get(place, place)]


def _most(kinds: Iterable[str]) -> str:
    found = Counter(kinds).most_common(1)
    return found[0][0].lower() if found else "float32"
