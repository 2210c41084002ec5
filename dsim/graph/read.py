"""One way from whatever a user holds (a design, a graph, a module, a file) to a Graph."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from dsim.errors import InvalidValueError
from dsim.graph.files import SUFFIXES, read_file
from dsim.graph.graph import Graph
from dsim.graph.inputs import Given, as_inputs, tensors, write_shape

if TYPE_CHECKING:
    import torch


@runtime_checkable
class HasGraph(Protocol):
    """A design that lowers itself, such as `dsim.Arch`."""

    def to_graph(self, input_shape: tuple[int, ...] | None = None) -> Graph:
        """Return the network's graph, at its own input if None."""


def as_graph(network: Graph | HasGraph | torch.nn.Module | str | Path, input_shape: Given = None) -> Graph:
    """Return the graph of a network.

    Parameters
    ----------
    network
        A Graph, an Arch, any torch module, or the path of a network's file (`dsim.graph.files.SUFFIXES`).
    input_shape
        What it is read with, see `dsim.graph.inputs.as_inputs`: (1, 3, 224, 224) for a module if None; a design's
        resolution, or the shapes that a file states. A Graph has its own, and takes no other.

    Raises
    ------
    InvalidValueError
        It is something else.
    UnsupportedOpError
        torch.export cannot trace the module, or a shape in the file cannot be known.
    FileFormatError, FileAccessError, MissingPackageError
        The file cannot be read; see `dsim.graph.files.read_file`.
    """
    asked = as_inputs(input_shape)
    if isinstance(network, Graph):
        own = tuple(spec.shape for spec in network.inputs)
        if asked is not None and tuple(tensor.shape for tensor in tensors(asked.by_place)) != own:
            raise InvalidValueError(
                f"a graph has its own input, {', '.join(map(write_shape, own))}, got {asked}; leave out input_shape"
            )
        return network
    if isinstance(network, HasGraph):
        if asked is not None and asked.only_shape is None:
            raise InvalidValueError(f"a design takes one input, got {asked}; give for example 1x3x224x224")
        return network.to_graph(asked.only_shape if asked else None)
    if isinstance(network, str | Path):
        return read_file(network, asked)
    import torch

    from dsim.graph.torch_reader import read_module  # torch takes a second to import; designs do not need it

    if not isinstance(network, torch.nn.Module):
        raise InvalidValueError(
            f"a network must be a dsim.Arch, a Graph, a torch.nn.Module or a file ({', '.join(SUFFIXES)}), got "
            f"{type(network).__name__}; "
            "build the module first"
        )
    return read_module(network, asked)
