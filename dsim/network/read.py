"""Find the graph of a network by whatever name a user has for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dsim.arch.named import read_design
from dsim.errors import FileFormatError, InvalidValueError, MissingPackageError, UnknownNameError
from dsim.graph.files import is_network_file
from dsim.graph.foreign import said_of_foreign
from dsim.graph.graph import Graph
from dsim.graph.inputs import IMAGE, Given, Inputs, as_inputs
from dsim.graph.read import HasGraph, as_graph
from dsim.latency.networks import stored
from dsim.network.own_code import make_timm, run_file
from dsim.network.timm_names import timm_hint

if TYPE_CHECKING:
    import torch

FORMS = "a preset, an arch.json, a study's folder, model.py:function, a file (.onnx, .tflite, .mlpackage, .mlmodel, .pt2), or timm:NAME"
TIMM = "timm:"
TRAINED = "+unfused"  # behind the name of a network that ships in another form than timm builds


def read_network(network: Graph | HasGraph | torch.nn.Module | str | Path, inputs: Given = None) -> Graph:
    """Return the graph of a network.

    Parameters
    ----------
    network
        A preset's name, the path of an arch.json, of a study's folder or of a network's file (``.onnx``, ``.tflite``,
        ``.mlpackage``, ``.mlmodel``, ``.pt2``: data, never run), ``"model.py:function"`` (the file is run), ``"timm:NAME"``; or a design, a graph, or any
        torch.nn.Module.
    inputs
        What it is read with, see `dsim.graph.inputs.as_inputs`; None for its own, or (1, 3, 224, 224) for a module.

    Raises
    ------
    DsimError
        It is none of these, cannot be read, or does not take that input.
    """
    asked = as_inputs(inputs)
    if not isinstance(network, str | Path):
        return as_graph(network, asked)
    text = str(network)
    if text.startswith(TIMM):
        return _timm(text.removeprefix(TIMM), asked)
    if is_network_file(text):
        return as_graph(Path(text), asked)
    path, colon, function = text.rpartition(":")
    if colon and path.endswith(".py"):
        return as_graph(run_file(Path(path), function), asked)
    if text.endswith(".py"):
        raise InvalidValueError(
            f"a Python file must be named with its function, got {text}; write {text}:NAME_OF_THE_FUNCTION"
        )
    if said := said_of_foreign(text):
        raise FileFormatError(f"{text} {said}")
    try:
        design = read_design(text)
    except UnknownNameError as error:
        raise UnknownNameError(f"{error}{timm_hint(text) or f'; MODEL can be {FORMS}'}") from error
    return as_graph(design, asked)


def _timm(name: str, asked: Inputs | None) -> Graph:
    """Read a network of timm; where timm is not installed, from the graphs of its networks that come with dsim."""
    try:
        return as_graph(make_timm(name), asked)
    except MissingPackageError:
        shape = IMAGE if asked is None else asked.only_shape
        if shape is None or shape[:2] != IMAGE[:2] or len(shape) != len(IMAGE) or shape[2] != shape[3]:
            raise
        network = name.partition(".")[0]  # behind the point is the tag of its weights
        # as timm builds it, before the form that ships
        keys = [f"{network}{form}@{shape[2]}" for form in (TRAINED, "")]
        found = stored(keys)
        graph = next((found[key] for key in keys if key in found), None)
        if graph is None:
            raise
        return replace(graph, notes=("timm is not installed: read from the graphs that come with dsim",))
