"""Graph to JSON-ready values and back. The form is data: reading it runs nothing and refuses what does not fit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from dsim.attrs import Attrs
from dsim.errors import DsimError, FileFormatError, InvalidValueError
from dsim.graph.builder import GraphBuilder
from dsim.graph.graph import Graph, Node, Ref
from dsim.op import ATTRS_OF, OpKind
from dsim.records import MAX_INTEGER, from_plain, shown, to_plain

SCHEMA_VERSION = 1
NODE_FIELDS = frozenset({"kind", "inputs", "attrs", "activation", "scope"})


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
    attrs = to_plain(node.op.attrs)
    if attrs:
        out["attrs"] = attrs
    if node.op.activation is not None:
        out["activation"] = str(node.op.activation)
    if node.scope:
        out["scope"] = node.scope
    return out


def list_from(value: Any, what: str) -> list[Any]:
    """Refuse what is no list."""
    if not isinstance(value, list):
        raise InvalidValueError(f"{what} must be a list, got {shown(value)}; correct it")
    return value


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise InvalidValueError(f"{what} must be a string, got {shown(value)}; correct it")
    return value


def kind_from(value: Any, what: str) -> OpKind:
    """Read the name of a kind."""
    try:
        return OpKind(value)
    except (ValueError, TypeError):
        raise InvalidValueError(
            f"{what} must be one of {', '.join(sorted(OpKind))}, got {shown(value)}; correct it"
        ) from None


def _is_index(value: Any) -> bool:
    return type(value) is int and -MAX_INTEGER <= value <= MAX_INTEGER


def ref_from(value: Any) -> Ref:
    """Read a reference to a tensor."""
    if not isinstance(value, list) or len(value) != 2 or not all(map(_is_index, value)):
        raise InvalidValueError(
            f"a tensor is named by [node, slot], two integers, got {shown(value)}; correct it"
        )
    return Ref(value[0], value[1])


class NodeParts(NamedTuple):
    """What a file says of one node, each part checked by itself."""

    kind: OpKind
    attrs: Attrs
    inputs: tuple[Ref, ...]
    activation: OpKind | None
    scope: str


def node_parts(raw: Any) -> NodeParts:
    """Read one node from its plain form.

    Raises
    ------
    InvalidValueError
        The form is broken.
    """
    if not isinstance(raw, dict) or not {"kind", "inputs"} <= raw.keys() <= NODE_FIELDS:
        raise InvalidValueError(
            f"a node must be an object with kind, inputs and if need be {', '.join(sorted(NODE_FIELDS))}, "
            f"got {shown(raw)}; correct it"
        )
    kind = kind_from(raw["kind"], "kind")
    return NodeParts(
        kind,
        from_plain(ATTRS_OF[kind], raw.get("attrs", {})),
        tuple(ref_from(ref) for ref in list_from(raw["inputs"], "inputs")),
        kind_from(raw["activation"], "activation") if "activation" in raw else None,
        _text(raw.get("scope", ""), "scope"),
    )


def assemble(inputs: Any, nodes: Iterable[NodeParts], outputs: Any, where: str) -> Graph:
    """Make a graph of what a file says.

    Parameters
    ----------
    inputs, outputs
        Lists of shapes and of references, as JSON gave them.
    nodes
        Parts of the nodes; an error while one is made counts as that node's.
    where
        What to call the graph in an error message.

    Raises
    ------
    FileFormatError
        The parts are broken or do not fit together; the message names the place and the rule.
    """
    at = where
    try:
        builder = GraphBuilder()
        for shape in list_from(inputs, "inputs"):
            builder.input(tuple(list_from(shape, "the shape of an input")))
        at = f"{where}, node 0"
        for index, node in enumerate(nodes):
            builder.add(
                node.kind, *node.inputs, attrs=node.attrs, scope=node.scope, activation=node.activation
            )
            at = f"{where}, node {index + 1}"
        at = f"{where}, outputs"
        return builder.build(*(ref_from(ref) for ref in list_from(outputs, "outputs")))
    except DsimError as error:
        raise FileFormatError(f"{at}: {error}; the graph must be written by dsim") from error


def graph_from_dict(raw: Any, where: str = "graph") -> Graph:
    """Read a graph back; shapes are inferred and checked on the way.

    Parameters
    ----------
    raw
        What JSON gave: anything at all.
    where
        What to call it in an error message, for example the file.

    Raises
    ------
    FileFormatError
        The form is broken; the message names the place and the rule.
    """
    if not isinstance(raw, dict) or raw.keys() != {"schema_version", "inputs", "nodes", "outputs"}:
        raise FileFormatError(
            f"{where}: a graph must be an object with schema_version, inputs, nodes and outputs, got {shown(raw)}; "
            "the graph must be written by dsim"
        )
    version = raw["schema_version"]
    if type(version) is not int or version != SCHEMA_VERSION:
        raise FileFormatError(
            f"{where}: schema_version must be {SCHEMA_VERSION}, got {shown(version)}; write it anew"
        )
    if not isinstance(raw["nodes"], list):
        raise FileFormatError(f"{where}: nodes must be a list, got {shown(raw['nodes'])}; correct it")
    return assemble(raw["inputs"], map(node_parts, raw["nodes"]), raw["outputs"], where)
