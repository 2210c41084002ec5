"""Change the nodes of an ONNX model: put nodes in the place of one, and drop what nobody reads any more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dsim.graph.onnx.order import reads_of

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

NAMES = "dsim"  # begins every name that is added


class Names:
    """Names that no tensor of a model has."""

    def __init__(self, model: ModelProto) -> None:
        graph = model.graph
        self._taken = {name for node in graph.node for name in (*node.output, *node.input)}
        self._taken |= {tensor.name for tensor in graph.initializer}
        self._taken |= {value.name for value in (*graph.input, *graph.output)}
        self._count = 0

    def fresh(self, what: str) -> str:
        """Return a name that says what it names."""
        while True:
            self._count += 1
            name = f"{NAMES}_{what}_{self._count}"
            if name not in self._taken:
                self._taken.add(name)
                return name


def put_nodes(
    model: ModelProto,
    places: Mapping[str, Sequence[NodeProto]],
    constants: Mapping[str, np.ndarray[Any, Any]],
) -> ModelProto:
    """Return a model with nodes in the place of those that wrote some tensors.

    Parameters
    ----------
    places
        Nodes by the tensor that the last of them writes.
    constants
        Values that they read, by name.
    """
    from onnx import ModelProto, numpy_helper

    out = ModelProto()
    out.CopyFrom(model)
    nodes: list[NodeProto] = []
    for node in model.graph.node:
        asked = [name for name in node.output if name in places]
        if asked:
            nodes += places[asked[0]]
        else:
            nodes.append(node)
    del out.graph.node[:]
    out.graph.node.extend(_read(nodes, (value.name for value in out.graph.output)))
    out.graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in constants.items())
    _forget_unread(out)
    return out


def _read(nodes: Sequence[NodeProto], outputs: Iterable[str]) -> list[NodeProto]:
    """Return the nodes that some output depends on, in the same order."""
    maker = {name: place for place, node in enumerate(nodes) for name in node.output if name}
    wanted: set[int] = set()
    waiting = [maker[name] for name in outputs if name in maker]
    while waiting:
        place = waiting.pop()
        if place not in wanted:
            wanted.add(place)
            waiting += [maker[name] for name in reads_of(nodes[place]) if name in maker]
    return [node for place, node in enumerate(nodes) if place in wanted]


def _forget_unread(model: ModelProto) -> None:
    """Drop weights that no node reads, and what is said of tensors that no node writes."""
    graph = model.graph
    read = {name for node in graph.node for name in reads_of(node)} | {value.name for value in graph.output}
    written = {name for node in graph.node for name in node.output}
    gone = {tensor.name for tensor in graph.initializer} - read
    # old files list weights among the inputs too
    for entries, drop in (
        (graph.initializer, gone),
        (graph.input, gone),
        (graph.value_info, {value.name for value in graph.value_info} - written),
    ):
        kept = [entry for entry in entries if entry.name not in drop]
        del entries[:]
        entries.extend(kept)
