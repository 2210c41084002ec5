"""Functions that a file defines for itself: their nodes stand in place of every call before anything is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsim.errors import FileFormatError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from onnx import ModelProto, NodeProto

Key = tuple[str, str]


def inlined(model: ModelProto, most_nodes: int) -> ModelProto:
    """Return a model whose functions are written out.

    Raises
    ------
    FileFormatError
        They call each other in a circle, or hold more than ``most_nodes`` nodes once they are written out.
    """
    if not model.functions:
        return model
    bodies: dict[Key, list[NodeProto]] = {(f.domain, f.name): list(f.node) for f in model.functions}
    sizes: dict[Key, int] = {}
    if _size(model.graph.node, bodies, sizes, ()) > most_nodes:
        raise FileFormatError(
            f"a file must hold at most {most_nodes} nodes, got more once its functions are written out; split the network"
        )
    from onnx import inliner

    return inliner.inline_local_functions(model)


def _size(
    nodes: Iterable[NodeProto],
    bodies: dict[Key, list[NodeProto]],
    sizes: dict[Key, int],
    above: tuple[Key, ...],
) -> int:
    """Count nodes with those of the functions that they call."""
    total = 0
    for node in nodes:
        key = (node.domain, node.op_type)
        if key in above:
            raise FileFormatError(
                f"functions must not call themselves, got {key[1]!r}; export the file again"
            )
        if key in bodies and key not in sizes:
            sizes[key] = _size(bodies[key], bodies, sizes, (*above, key))
        total += sizes.get(key, 1)
        for attribute in node.attribute:
            for graph in [attribute.g] if attribute.HasField("g") else attribute.graphs:
                total += _size(graph.node, bodies, sizes, above)
    return total
