"""An ONNX file that is to be written anew: what it holds, its weights included, beside how dsim reads it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dsim.errors import DsimError, FileAccessError, FileFormatError
from dsim.graph.graph import Graph, Ref
from dsim.graph.onnx.load import MAX_FILE_BYTES, load_model
from dsim.graph.onnx.network import Item, Network
from dsim.graph.onnx.patterns import recognise
from dsim.graph.onnx.reader import graph_of, input_shapes
from dsim.graph.onnx.simplify import simplify

if TYPE_CHECKING:
    from onnx import ModelProto, TensorProto

    from dsim.graph.inputs import Inputs

_EXTERNAL = 1  # TensorProto.EXTERNAL


@dataclass(frozen=True, eq=False)
class Source:
    """A model and its reading.

    Attributes
    ----------
    model
        The file's content with its weights.
    asked
        Shapes of its inputs that the file leaves open; None for its own.
    network
        Its items after patterns were recognised, by the file's own names.
    graph, refs
        The graph, and which of the file's tensors each of its tensors is.
    """

    model: ModelProto
    asked: Inputs | None
    network: Network
    graph: Graph
    refs: dict[str, Ref]

    def array(self, name: str) -> np.ndarray[Any, Any] | None:
        """Return the values of a constant of the file; None where it is none, or is computed from others."""
        from onnx import numpy_helper

        for tensor in self.model.graph.initializer:
            if tensor.name == name:
                return numpy_helper.to_array(tensor)
        for node in self.model.graph.node:
            if name in node.output and node.op_type == "Constant":
                found = [entry.t for entry in node.attribute if entry.name == "value"]
                return numpy_helper.to_array(found[0]) if found else None
        known = self.network.constants.get(name)
        return None if known is None else known.array

    @property
    def writers(self) -> dict[str, Item]:
        """The item that writes each tensor."""
        return {name: item for item in self.network.items for name in item.outputs if name}


def read_source(path: Path, asked: Inputs | None = None) -> Source:
    """Read a file with its weights.

    Raises
    ------
    DsimError
        It cannot be read as a network; see `dsim.graph.onnx.read_onnx`.
    FileFormatError
        With its weights it is too large for one file.
    """
    model = load_model(path)
    outside = [tensor for tensor in model.graph.initializer if tensor.data_location == _EXTERNAL]
    if sum(_bytes(tensor) for tensor in outside) > MAX_FILE_BYTES:
        raise FileFormatError(
            f"{path} must have less than {MAX_FILE_BYTES} bytes of weights to be written anew, got more; split the network"
        )
    if outside:
        from onnx import external_data_helper

        try:
            external_data_helper.load_external_data_for_model(model, str(path.parent))
        except Exception as error:  # onnx raises types of its own for what is missing or lies elsewhere
            raise FileAccessError(
                f"the weights of {path} cannot be read from beside it; keep them in its folder"
            ) from error
    return understand(model, asked)


def understand(model: ModelProto, asked: Inputs | None = None) -> Source:
    """Read a model that is in memory.

    Raises
    ------
    FileFormatError
        It is no valid network.
    """
    try:
        network = simplify(model, input_shapes(model.graph, asked))
        recognise(network)
        graph, refs = graph_of(network)
    except DsimError:
        raise
    except Exception as error:  # see `dsim.graph.onnx.reader.read_onnx`
        raise FileFormatError(f"the file must be a valid ONNX model: {error}; export it again") from error
    return Source(model, asked, network, graph, refs)


def _bytes(tensor: TensorProto) -> int:
    return int(4 * math.prod(tensor.dims))
