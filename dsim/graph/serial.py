"""Graph to JSON-ready values and back. The form is data: reading it runs nothing and refuses what does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from dsim.attrs import Attrs
from dsim.errors import DsimError, FileFormatError
from dsim.graph.builder import GraphBuilder, make_op
from dsim.graph.graph import Graph, Node, Ref
from dsim.op import ATTRS_OF, Op, OpKind, TensorSpec, Writing
from dsim.records import Sparse, from_plain, from_versioned, to_plain, to_versioned

SCHEMA_VERSION = 1
WRITTEN = "the graph must be written by dsim"
Shape = tuple[int, ...]


@dataclass(frozen=True)
class OpForm:
    """One op as profiles and bundles write it: kind, attributes that differ from their defaults, shapes of inputs."""

    op: OpKind
    attrs: Mapping[str, Any]
    inputs: tuple[Shape, ...]

    @classmethod
    def of(cls, op: Op) -> OpForm:
        """Return an op as files hold it."""
        return cls(op.kind, to_plain(op.attrs), tuple(spec.shape for spec in op.inputs))

    def build(self, activation: OpKind | None = None) -> Op:
        """Make the op, with the activation that a runtime fused into it.

        Raises
        ------
        DsimError
            The attributes or the shapes do not fit the kind.
        """
        attrs = from_plain(ATTRS_OF[self.op], self.attrs)
        return make_op(self.op, attrs, tuple(map(TensorSpec, self.inputs)), activation)


@dataclass(frozen=True)
class NodeForm(Sparse):
    """One node as files hold it; the shapes follow from what it reads."""

    kind: OpKind
    inputs: tuple[Ref, ...]
    attrs: Mapping[str, Any] = field(default_factory=dict)
    activation: OpKind | None = None
    scope: str = ""
    writing: Writing | None = None

    @classmethod
    def of(cls, node: Node) -> NodeForm:
        """Return a node as files hold it."""
        op = node.op
        return cls(op.kind, node.inputs, to_plain(op.attrs), op.activation, node.scope, op.writing)

    def parts(self) -> NodeParts:
        """Return what it says, each part checked by itself."""
        attrs = from_plain(ATTRS_OF[self.kind], self.attrs)
        return NodeParts(self.kind, attrs, self.inputs, self.activation, self.scope, self.writing)


@dataclass(frozen=True)
class GraphForm:
    """A graph as files hold it: shapes of its inputs, nodes in order, references to its outputs."""

    inputs: tuple[Shape, ...]
    nodes: tuple[NodeForm, ...]
    outputs: tuple[Ref, ...]

    @classmethod
    def of(cls, graph: Graph) -> GraphForm:
        """Return a graph as files hold it."""
        inputs = tuple(spec.shape for spec in graph.inputs)
        return cls(inputs, tuple(map(NodeForm.of, graph.nodes)), graph.outputs)


class NodeParts(NamedTuple):
    """What a file says of one node."""

    kind: OpKind
    attrs: Attrs
    inputs: tuple[Ref, ...]
    activation: OpKind | None
    scope: str
    writing: Writing | None = None


def graph_to_dict(graph: Graph) -> dict[str, Any]:
    """Write a graph as plain lists and dicts; shapes are left out where they can be inferred."""
    return to_versioned(GraphForm.of(graph), SCHEMA_VERSION)


def graph_from_dict(raw: Any, where: str = "graph") -> Graph:
    """Read a graph back; shapes are inferred and checked on the way.

    Parameters
    ----------
    raw
        What a JSON file holds: anything at all.
    where
        What to call it in an error message, for example the file.

    Raises
    ------
    FileFormatError
        The form is broken; the message names the place and the rule.
    """
    form = from_versioned(GraphForm, raw, SCHEMA_VERSION, where, WRITTEN)
    return assemble(form.inputs, (node.parts() for node in form.nodes), form.outputs, where)


def assemble(
    inputs: Iterable[Shape], nodes: Iterable[NodeParts], outputs: Iterable[Ref], where: str
) -> Graph:
    """Make a graph of what a file says.

    Parameters
    ----------
    inputs, outputs
        Shapes and references.
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
        for shape in inputs:
            builder.input(shape)
        at = f"{where}, node 0"
        for index, node in enumerate(nodes):
            builder.add(
                node.kind,
                *node.inputs,
                attrs=node.attrs,
                scope=node.scope,
                activation=node.activation,
                writing=node.writing,
            )
            at = f"{where}, node {index + 1}"
        at = f"{where}, outputs"
        return builder.build(*outputs)
    except DsimError as error:
        raise FileFormatError(f"{at}: {error}; {WRITTEN}") from error
