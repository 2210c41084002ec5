"""Graph to JSON-ready values and back. The form is data: reading it runs nothing and refuses what does not fit."""

from __future__ import annotations

from typing import Any

from dsim.attrs import attrs_from_dict, attrs_to_dict
from dsim.errors import DsimError, FileFormatError
from dsim.graph.builder import GraphBuilder
from dsim.graph.graph import Graph, Node, Ref
from dsim.op import ATTRS_OF, OpKind

SCHEMA_VERSION = 1


def graph_to_dict(graph: Graph) -> dict[str, Any]:
    """Write a graph as plain lists and dicts; shapes are left out where they can be inferred."""
    return {
        "schema_version": SCHEMA_VERSION,
        "inputs": [list(spec.shape) for spec in graph.inputs],
        "nodes": [node_to_dict(node) for node in graph.nodes],
        "outputs": [list(ref) for ref in graph.outputs],
    }


def node_to_dict(node: Node) -> dict[str, Any]:
    """Write one node."""
    out: dict[str, Any] = {"kind": str(node.op.kind), "inputs": [list(ref) for ref in node.inputs]}
    attrs = attrs_to_dict(node.op.attrs)
    if attrs:
        out["attrs"] = attrs
    if node.op.activation is not None:
        out["activation"] = str(node.op.activation)
    if node.scope:
        out["scope"] = node.scope
    return out


def add_node(builder: GraphBuilder, raw: dict[str, Any]) -> Ref:
    """Add one node from its plain form.

    Raises
    ------
    DsimError, ValueError, KeyError, TypeError, IndexError
        The form is broken; `graph_from_dict` turns all of these into one FileFormatError.
    """
    kind = OpKind(raw["kind"])
    attrs = attrs_from_dict(ATTRS_OF[kind], raw.get("attrs", {}))
    refs = tuple(Ref(int(node), int(slot)) for node, slot in raw["inputs"])
    activation = OpKind(raw["activation"]) if raw.get("activation") else None
    return builder.add(kind, *refs, attrs=attrs, scope=str(raw.get("scope", "")), activation=activation)


def graph_from_dict(raw: Any, where: str = "graph") -> Graph:
    """Read a graph back; shapes are inferred and checked on the way.

    Raises
    ------
    FileFormatError
        The form is broken; the message names the node.
    """
    builder = GraphBuilder()
    index = -1
    try:
        if raw["schema_version"] != SCHEMA_VERSION:
            raise FileFormatError(
                f"{where}: schema_version must be {SCHEMA_VERSION}, got {raw['schema_version']!r}; write it anew"
            )
        for shape in raw["inputs"]:
            builder.input(tuple(shape))
        for index, node in enumerate(raw["nodes"]):
            add_node(builder, node)
        return builder.build(*(Ref(int(node), int(slot)) for node, slot in raw["outputs"]))
    except FileFormatError:
        raise
    except (DsimError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise FileFormatError(f"{where}, node {index}: {error}; the graph must be written by dsim") from error
