"""One way from whatever a user holds (a design, a graph, a module) to a Graph."""

from __future__ import annotations

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
    network: Graph | HasGraph | torch.nn.Module, input_shape: tuple[int, ...] = (1, 3, 224, 224)
) -> Graph:
    """Give the graph of a network.

    Parameters
    ----------
    network
        A Graph, an Arch (which knows its own resolution), or any torch module.
    input_shape
        What a module is read with.

    Raises
    ------
    InvalidValueError
        It is none of these.
    UnsupportedOpError
        torch.export cannot trace the module.
    """
    if isinstance(network, Graph):
        return network
    if isinstance(network, HasGraph):
        return network.to_graph()
    import torch

    from dsim.graph.torch_reader import read_module  # torch takes a second to import; designs do not need it

    if not isinstance(network, torch.nn.Module):
        raise InvalidValueError(
            f"a network must be a dsim.Arch, a Graph or a torch.nn.Module, got {type(network).__name__}; "
            "build the module first"
        )
    return read_module(network, input_shape)
