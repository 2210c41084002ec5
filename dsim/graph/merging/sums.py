"""The sums of a graph: trees of additions and subtractions whose results nobody else reads."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass

from dsim.attrs import ConstantAttrs
from dsim.graph.graph import Graph, Ref
from dsim.op import OpKind


@dataclass(frozen=True, slots=True)
class Sum:
    """One sum.

    Attributes
    ----------
    root
        The op that writes it.
    inner
        The ops of the tree, in order, the root last.
    operands
        What it adds up, from left to right.
    """

    root: int
    inner: tuple[int, ...]
    operands: tuple[Ref, ...]


def sums(graph: Graph) -> Iterator[Sum]:
    """Return the sums of a graph whose operands all have the shape of the result, each as large as it can be."""
    for index, node in enumerate(graph.nodes):
        if not _adds(graph, index):
            continue
        readers = graph.consumers.get(Ref(index), ())
        if len(readers) == 1 and readers[0] < len(graph.nodes) and _adds(graph, readers[0]):
            continue  # a part of a larger one
        inner: list[int] = []
        operands = tuple(_operands(graph, index, inner))
        if all(graph.spec(ref) == node.op.outputs[0] for ref in operands):
            yield Sum(index, tuple(sorted(inner)), operands)


def _adds(graph: Graph, index: int) -> bool:
    op = graph.nodes[index].op
    plain = isinstance(op.attrs, ConstantAttrs) and op.attrs.constant is None
    return op.kind in (OpKind.ADD, OpKind.SUB) and plain and op.activation is None


def _operands(graph: Graph, index: int, inner: list[int]) -> Iterator[Ref]:
    waiting = [Ref(index)]
    while waiting:
        ref = waiting.pop()
        whole = ref.node == index or (
            ref.node >= 0 and _adds(graph, ref.node) and len(graph.consumers[ref]) == 1
        )
        if not whole:
            yield ref
            continue
        inner.append(ref.node)
        waiting += reversed(graph.nodes[ref.node].inputs)


def without(graph: Graph, found: Sum, gone: Set[Ref]) -> dict[int, Ref | None] | None:
    """Say what stands for each addition when some operands are gone.

    Returns
    -------
    dict or None
        The op of the tree to the tensor that stands for it (None for nothing at all); ops that stay are left out.
        None where what is left would have to be taken negative.
    """
    stands: dict[int, Ref | None] = {}

    def now(ref: Ref) -> Ref | None:
        if ref in gone:
            return None
        return stands.get(ref.node, ref) if ref.node in found.inner else ref

    for index in found.inner:
        left, right = (now(ref) for ref in graph.nodes[index].inputs)
        if left is not None and right is not None:
            continue
        if left is None and right is not None and graph.nodes[index].op.kind is OpKind.SUB:
            return None
        stands[index] = left if left is not None else right
    return stands
