"""Kernel: one launch on the device, that is an op with what its runtime links into it.

A GPU delegate links an element-wise op into the kernel before it. Which kinds are linked is read from the evidence:
those that measured networks hold and that have no row of their own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from dsim.graph.graph import Graph
from dsim.op import ACTIVATIONS, BINARY, Op, OpKind

# What a runtime may link into the kernel before, or does at load time. Everything else that has no row is unsupported.
LINKABLE: frozenset[OpKind] = ACTIVATIONS | BINARY | {OpKind.BATCH_NORM, OpKind.PAD, OpKind.RESHAPE}
# Moves no byte where a tensor is dense: a view
VIEWS: frozenset[OpKind] = frozenset({OpKind.RESHAPE})


@dataclass(frozen=True, slots=True)
class Kernel:
    """One launch.

    Attributes
    ----------
    op
        The op that gives it its name.
    joins
        Element-wise ops on two tensors that it carries (a residual connection).
    scales
        Element-wise ops with a constant, norms and lone activations that it carries.
    """

    op: Op
    joins: int = 0
    scales: int = 0


@dataclass(frozen=True, slots=True)
class Placed:
    """A kernel and the path of the module that it came from."""

    kernel: Kernel
    scope: str


def place(run: Graph, linked: frozenset[OpKind]) -> tuple[Placed, ...]:
    """Give the kernels of a graph that the passes have been over.

    Parameters
    ----------
    run
        The graph after the device's passes.
    linked
        Kinds that the device links into the kernel before. Such an op costs nothing of its own; with no kernel
        before it (the graph's input) it is carried for nothing.

    Returns
    -------
    tuple of Placed
        In order; linked ops are gone.
    """
    joins: dict[int, int] = defaultdict(int)
    scales: dict[int, int] = defaultdict(int)
    carrier: dict[int, int] = {}
    for index, node in enumerate(run.nodes):
        if node.op.kind not in linked:
            carrier[index] = index
            continue
        before = [carrier[ref.node] for ref in node.inputs if ref.node in carrier]
        if not before:
            continue
        # the last one to run: its result is still at hand
        carrier[index] = max(before)
        if node.op.kind in VIEWS or node.op.kind is OpKind.PAD:
            continue
        (joins if node.op.kind in BINARY and len(node.op.inputs) > 1 else scales)[carrier[index]] += 1
    return tuple(
        Placed(Kernel(node.op, joins[index], scales[index]), node.scope)
        for index, node in enumerate(run.nodes)
        if carrier.get(index) == index
    )


def linked_kinds(measured: Iterable[Op], graphs: Iterable[Graph]) -> frozenset[OpKind]:
    """Give the kinds that a device links: held by networks that were measured op by op, without a row of their own."""
    rows = {op.kind for op in measured}
    held = {op.kind for graph in graphs for op in graph.ops}
    return frozenset((held - rows) & LINKABLE)
