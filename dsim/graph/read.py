"""One way from whatever a user holds (a design, a graph, a module, an ONNX file) to a Graph."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from dsim.errors import InvalidValueError
from dsim.graph.graph import Graph

if TYPE_CHECKING:
    import torch


@runtime_checkable
class HasGraph(Protocol):
    """A design that lowers itself, such as `dsim.Arch`."""

    def to_graph(self) -> Graph:
        """Give the network's graph."""


def as_graph(
    network: Graph | HasGraph | torch.nn.Module | str | Path, input_shape: tuple[int, ...] | None = None
) -> Graph:
    """Give the graph of a network.

    Parameters
    ----------
    network
        A Graph, an Arch (which knows its own resolution), any torch module, or the path of an .onnx file.
    input_shape
        What a module is read with, (1, 3, 224, 224) if None; for a file, None means the shape that it states.

    Raises
    ------
    InvalidValueError
        It is none of these.
    UnsupportedOpError
        torch.export cannot trace the module, or a shape in the file cannot be known.
    FileFormatError, FileAccessError, MissingPackageError
        The file cannot be read; see `dsim.graph.onnx.read_onnx`.
    """
    if isinstance(network, Graph):
        return network
    if isinstance(network, HasGraph):
        return network.to_graph()
    if isinstance(network, str | Path):
        if Path(network).suffix.lower() != ".onnx":
            raise InvalidValueError(
                f"a network's file must be an .onnx file, got {str(network)!r}; export the network, or pass a module"
            )
        from dsim.graph.onnx import read_onnx  # the onnx package is optional

        return read_onnx(network, input_shape)
    import torch

    from dsim.graph.torch_reader import read_module  # torch takes a second to import; designs do not need it

    if not isinstance(network, torch.nn.Module):
        raise InvalidValueError(
            f"a network must be a dsim.Arch, a Graph, a torch.nn.Module or an .onnx file, got {type(network).__name__}; "
            "build the module first"
        )
    return read_module(network, input_shape or (1, 3, 224, 224))
