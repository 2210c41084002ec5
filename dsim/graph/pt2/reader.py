"""Read a .pt2 file into a Graph. The file is data: nothing is unpickled, evaluated or run, and no weights are loaded."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from dsim.errors import DsimError, FileFormatError, InvalidValueError
from dsim.graph.facts import FileFacts
from dsim.graph.graph import Graph
from dsim.graph.inputs import Given, as_inputs, tensors, write_shape
from dsim.graph.onnx.reader import one_line
from dsim.graph.pt2.archive import read_archive
from dsim.op import TensorSpec

FORMAT = "torch.export (.pt2)"
# the schema's names of kinds of numbers
KINDS: dict[int, str] = {
    1: "uint8",
    2: "int8",
    3: "int16",
    6: "float16",
    7: "float32",
    8: "float64",
    13: "bfloat16",
}


def read_pt2(path: str | Path, input_shape: Given = None) -> Graph:
    """Read the graph that a torch.export program describes, by the rules that read any torch module.

    Parameters
    ----------
    path
        The file, as torch.export.save writes it.
    input_shape
        Must be what the file states: its sizes are fixed. None for these.

    Raises
    ------
    FileAccessError
        The file cannot be read.
    FileFormatError
        It is no such archive, or exceeds the bounds.
    InvalidValueError
        Another input is asked for than the file has.
    UnsupportedOpError
        Sizes are expressions (the network was exported with dynamic shapes).
    """
    place = Path(path)
    try:
        text = read_archive(place)
        return _checked(_graph(text), input_shape)
    except DsimError as error:
        said = one_line(str(error))
        raise type(error)(said if str(place) in said else f"{place}: {said}") from error
    except Exception as error:  # a stranger's JSON can lack anything that a program must say
        said = one_line(f"{type(error).__name__}: {error}")
        raise FileFormatError(
            f"{place} must hold a program as torch.export writes it, got {said}; export it again"
        ) from error


def _graph(text: dict[str, Any]) -> Graph:
    from dsim.graph.pt2.program import Program  # torch takes a second to import; nothing else here needs it
    from dsim.graph.torch_reader import read_program

    program = Program(text)
    found = read_program(program.graph, program.input_specs, program.output_specs)
    return replace(found, file=_facts(text))


def _checked(graph: Graph, input_shape: Given) -> Graph:
    asked = as_inputs(input_shape)
    own = [TensorSpec(spec.shape).shape for spec in graph.inputs]
    if asked is None:
        return graph
    wanted = [one.shape for one in tensors((*asked.by_place, *asked.by_name.values()))]
    if wanted != own:
        raise InvalidValueError(
            f"a program's sizes are fixed: its input is {', '.join(map(write_shape, own))}, got {asked}; leave --input out, or "
            "export the network at that size"
        )
    return graph


def _facts(text: dict[str, Any]) -> FileFacts:
    """Say which numbers a program computes with: those of its parameters, or what it rounds its activations to."""
    module = text["graph_module"]
    inside, values = module["graph"], module["graph"]["tensor_values"]
    weights = [
        one["parameter"]["arg"]["name"] for one in module["signature"]["input_specs"] if "parameter" in one
    ]
    stored = Counter(KINDS.get(values[name]["dtype"], "float32") for name in weights if name in values)
    kind = stored.most_common(1)[0][0] if stored else "float32"
    steps = [node for node in inside["nodes"] if "quantized_decomposed.quantize" in str(node["target"])]
    found = Counter(
        KINDS.get(values[one["as_tensor"]["name"]]["dtype"], "int8")
        for node in steps
        for one in node["outputs"]
        if "as_tensor" in one
    )
    channels = any("per_channel" in str(node["target"]) for node in inside["nodes"])
    if not found:
        return FileFacts(FORMAT, kind, kind)
    return FileFacts(FORMAT, "int8", found.most_common(1)[0][0], channels)
