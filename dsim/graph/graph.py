"""Graph: a network as a directed acyclic graph of ops, frozen and verified when it is made."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from dsim.errors import InvalidValueError
from dsim.graph.facts import FileFacts
from dsim.graph.forms import form_of
from dsim.graph.shapes import infer_outputs
from dsim.op import Op, OpKind, TensorSpec, Writing
from dsim.records import changed_fields, shown
from dsim.summaries import Summarised, Summary

if TYPE_CHECKING:
    import networkx as nx


class Ref(NamedTuple):
    """One tensor: output ``slot`` of node ``node``; node ``-1 - k`` is the graph's input ``k``."""

    node: int
    slot: int = 0


@dataclass(frozen=True, slots=True)
class Node:
    """An op in its place: which tensors it reads, and which part of the network it belongs to."""

    op: Op
    inputs: tuple[Ref, ...]
    scope: str = ""


@dataclass(frozen=True, repr=False)
class Graph(Summarised):
    """A network: inputs, nodes in topological order, outputs.

    ``notes`` say what a reader had to assume, ``file`` what a file says of itself; two graphs are equal whatever these
    are, and passes leave them out.

    Raises
    ------
    InvalidValueError
        A node reads a tensor that does not exist before it, or shapes contradict the ops.
    """

    inputs: tuple[TensorSpec, ...]
    nodes: tuple[Node, ...]
    outputs: tuple[Ref, ...]
    notes: tuple[str, ...] = field(default=(), compare=False)
    file: FileFacts | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        for index, node in enumerate(self.nodes):
            if len(node.inputs) != len(node.op.inputs):
                raise InvalidValueError(
                    f"node {index} ({node.op.label}) must read {len(node.op.inputs)} tensors, got {len(node.inputs)}; "
                    "rebuild the graph with GraphBuilder"
                )
            for ref, spec in zip(node.inputs, node.op.inputs, strict=True):
                self._check_ref(ref, index)
                if self.spec(ref) != spec:
                    raise InvalidValueError(
                        f"node {index} ({node.op.label}) must read what is written: {self.spec(ref).shape}, "
                        f"got {spec.shape}; rebuild the graph with GraphBuilder"
                    )
            if infer_outputs(node.op.kind, node.op.attrs, node.op.inputs) != node.op.outputs:
                raise InvalidValueError(
                    f"node {index} ({node.op.label}) cannot write {[s.shape for s in node.op.outputs]} from "
                    f"{[s.shape for s in node.op.inputs]}; rebuild the graph with GraphBuilder"
                )
        for ref in self.outputs:
            self._check_ref(ref, len(self.nodes))

    @classmethod
    def verified(
        cls, inputs: tuple[TensorSpec, ...], nodes: tuple[Node, ...], outputs: tuple[Ref, ...]
    ) -> Graph:
        """Make a graph of parts that are known to fit, such as those of a verified graph: nothing is checked again."""
        graph = cls.__new__(cls)
        for name, value in (
            ("inputs", inputs),
            ("nodes", nodes),
            ("outputs", outputs),
            ("notes", ()),
            ("file", None),
        ):
            object.__setattr__(graph, name, value)
        return graph

    def _check_ref(self, ref: Ref, before: int) -> None:
        known = -len(self.inputs) <= ref.node < before
        slots = 1 if ref.node < 0 else len(self.nodes[ref.node].op.outputs) if known else 0
        if not known or not 0 <= ref.slot < slots:
            raise InvalidValueError(
                f"a node reads tensors made before it, got {shown(tuple(ref))} at position {before}; sort the nodes"
            )

    def spec(self, ref: Ref) -> TensorSpec:
        """Return the shape of a tensor."""
        return self.inputs[-1 - ref.node] if ref.node < 0 else self.nodes[ref.node].op.outputs[ref.slot]

    @property
    def ops(self) -> Iterator[Op]:
        """The ops in topological order."""
        return (node.op for node in self.nodes)

    @cached_property
    def digraph(self) -> nx.DiGraph[int]:
        """The same network for networkx: node ids are positions (inputs negative), data ``op`` and ``scope``."""
        import networkx as nx  # slow to import, and most ask nothing of it

        graph: nx.DiGraph[int] = nx.DiGraph()
        graph.add_nodes_from(range(-len(self.inputs), 0))
        for index, node in enumerate(self.nodes):
            graph.add_node(index, op=node.op, scope=node.scope)
            graph.add_edges_from((ref.node, index) for ref in node.inputs)
        return nx.freeze(graph)

    @cached_property
    def consumers(self) -> dict[Ref, tuple[int, ...]]:
        """Which nodes read each tensor; a graph output counts as a reader, with index ``len(nodes)``."""
        found: dict[Ref, list[int]] = {}
        for index, node in enumerate(self.nodes):
            for ref in node.inputs:
                found.setdefault(ref, []).append(index)
        for ref in self.outputs:
            found.setdefault(ref, []).append(len(self.nodes))
        return {ref: tuple(readers) for ref, readers in found.items()}

    @cached_property
    def macs(self) -> int:
        """Multiply-accumulates; a lower bound where `uncounted` names ops."""
        return sum(op.macs for op in self.ops)

    @cached_property
    def params(self) -> int:
        """Learned numbers; a lower bound where `uncounted` names ops."""
        return sum(op.params for op in self.ops)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Names of the ops that dsim has no kind for, in order, repeats included."""
        return tuple(op.label for op in self.ops if op.kind is OpKind.UNKNOWN)

    @property
    def uncounted(self) -> tuple[str, ...]:
        """Names of the ops that no rule counts, each once, in order: with any, `macs` and `params` are lower bounds."""
        return tuple(dict.fromkeys(op.label for op in self.ops if not op.counted))

    def summary(self) -> Summary:
        """Return its size, and how many operators it has of each kind."""
        least = "at least " if self.uncounted else ""
        kinds = Counter(op.label for op in self.ops).most_common()
        rows = [
            ("inputs", ", ".join(str(spec.shape) for spec in self.inputs)),
            ("outputs", ", ".join(str(self.spec(ref).shape) for ref in self.outputs)),
            ("size", f"{least}{self.params / 1e6:.2f} M parameters, {least}{self.macs / 1e9:.3f} GMACs"),
            ("operators", f"{len(self.nodes)}: {', '.join(f'{count} {kind}' for kind, count in kinds)}"),
        ]
        forms = Counter(form for op in self.ops if op.writing is not None and (form := form_of(op)))
        if forms:
            rows.append(("forms", ", ".join(f"{count} {form}" for form, count in forms.most_common())))
        if self.uncounted:
            rows.append(("not counted", ", ".join(self.uncounted)))
        rows += [("note", note) for note in self.notes]
        return Summary("Network", tuple(rows))

    def hash(self) -> str:
        """Return a canonical hash: equal for networks that compute the same, whatever the node order or scopes."""
        return merkle(self)


def merkle(
    graph: Graph, skip: frozenset[OpKind] = frozenset(), alike: frozenset[Writing] = frozenset()
) -> str:
    """Hash a graph bottom-up, so that order and scopes do not matter.

    Parameters
    ----------
    skip
        Kinds with one input that are looked through, as if what they write were what they read.
    alike
        Writings that count as the usual one.
    """
    keys: dict[Ref, str] = {Ref(-1 - k): f"input{k}:{spec.shape}" for k, spec in enumerate(graph.inputs)}
    node_keys = []
    for index, node in enumerate(graph.nodes):
        op = node.op
        read = [keys[ref] for ref in node.inputs]
        if op.kind in skip and len(read) == 1:
            keys[Ref(index)] = read[0]
            continue
        shapes = [s.shape for s in (*op.inputs, *op.outputs)]
        text = f"{op.kind}|{sorted(changed_fields(op.attrs).items())}|{op.activation}|{shapes}|{read}"
        if op.writing is not None and op.writing not in alike:
            text += f"|{op.writing}"
        digest = hashlib.sha256(text.encode()).hexdigest()
        node_keys.append(digest)
        for slot in range(len(op.outputs)):
            keys[Ref(index, slot)] = f"{digest}:{slot}"
    whole = f"{sorted(node_keys)}|{[keys[ref] for ref in graph.outputs]}"
    return hashlib.sha256(whole.encode()).hexdigest()
