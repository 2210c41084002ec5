"""Which ops a runtime links into the kernel before: from a graph to the kernels that run.

A runtime links an element-wise op into the kernel before it. Which it links after which is read from the evidence:
networks measured op by op say how many rows of each kind they have, and their graphs say how many there could be.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from itertools import product

import numpy as np

from dsim.graph.graph import Graph, Node
from dsim.graph.passes import run_passes
from dsim.latency.kernel import Kernel, Placed
from dsim.latency.methods.operators.gates import spell_gates
from dsim.op import ACTIVATIONS, BINARY, Op, OpKind

# What a runtime may link into the kernel before, or do at load time. Everything else without a row is unsupported.
LINKABLE: frozenset[OpKind] = ACTIVATIONS | BINARY | {OpKind.BATCH_NORM, OpKind.PAD, OpKind.RESHAPE}
# Not counted as work of the kernel that carries them. A batch norm that no convolution took up is among them: the last kernel
# of a design's last block carries that of the head, which the block alone does not show, and prices of pieces must add up
FREE: frozenset[OpKind] = frozenset({OpKind.RESHAPE, OpKind.PAD, OpKind.BATCH_NORM})
MOST_PRODUCERS = 12  # subsets of more are not tried one by one
Links = frozenset[tuple[OpKind, OpKind]]


# linking is learned from the rows, so these must not run before
LEARNED_PASSES = frozenset({"fuse_activation"})


def run_graph(graph: Graph, passes: tuple[str, ...]) -> Graph:
    """Return the graph that kernels are taken from: the device's passes, but for what is learned from rows."""
    return spell_gates(run_passes(graph, [name for name in passes if name not in LEARNED_PASSES]))


def before(run: Graph, node: Node) -> OpKind | None:
    """Return the kind of op that wrote the latest of a node's inputs; None for the graph's input."""
    latest = max((ref.node for ref in node.inputs), default=-1)
    return run.nodes[latest].op.kind if latest >= 0 else None


def place(run: Graph, links: Links) -> tuple[Placed, ...]:
    """Return the kernels of a graph that the passes have been over.

    Parameters
    ----------
    run
        The graph after the device's passes.
    links
        (kind, kind that is linked into it) pairs. An op on the graph's input is taken as written behind a sum, as blocks and
        heads of a design are.

    Returns
    -------
    tuple of Placed
        In order; linked ops are gone.
    """
    ops: dict[int, Op] = {}
    joins: dict[int, int] = defaultdict(int)
    scales: dict[int, int] = defaultdict(int)
    carrier: dict[int, int] = {}
    for index, node in enumerate(run.nodes):
        if not node.op.outputs:
            continue  # an assertion about shapes writes nothing and runs nothing
        kind, producer = node.op.kind, before(run, node) or OpKind.ADD
        if (producer, kind) not in links:
            carrier[index], ops[index] = index, node.op
            continue
        at = max((carrier[ref.node] for ref in node.inputs if ref.node in carrier), default=None)
        if at is None:
            continue
        carrier[index] = at
        if kind in FREE:
            continue
        direct = node.inputs[0].node == at and not joins[at] and not scales[at]
        if kind in ACTIVATIONS and direct and ops[at].activation is None:
            ops[at] = replace(ops[at], activation=kind)
        elif kind in BINARY and len(node.op.inputs) > 1:
            joins[at] += 1
        else:
            scales[at] += 1
    held: dict[int, list[int]] = {index: [] for index in ops}
    for index, at in carrier.items():
        held[at].append(index)
    return tuple(
        Placed(Kernel(op, joins[index], scales[index]), run.nodes[index].scope, tuple(held[index]))
        for index, op in ops.items()
    )


def learn_links(rows: Mapping[str, Counter[OpKind]], runs: Mapping[str, Graph]) -> Links:
    """Find what a device links, so that its networks' graphs have as many kernels of each kind as were timed.

    Parameters
    ----------
    rows
        How many rows of each kind each network has, by key.
    runs
        Graphs of the same networks, after the device's passes.
    """
    counts: dict[OpKind, dict[OpKind, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for key in rows:
        for node in runs[key].nodes:
            producer = before(runs[key], node)
            if node.op.kind in LINKABLE and producer is not None:
                counts[node.op.kind][producer][key] += 1
    found: set[tuple[OpKind, OpKind]] = set()
    keys = sorted(rows)
    for kind, by_producer in counts.items():
        # the commonest first; the rest of a long tail follows the first one
        producers = sorted(by_producer, key=lambda p: (-by_producer[p].total(), p))
        timed = np.array([rows[key][kind] for key in keys])
        could = np.array([[by_producer[p][key] for key in keys] for p in producers[:MOST_PRODUCERS]])
        own = min(
            product((0, 1), repeat=len(could)),
            key=lambda choice: (float(np.abs(timed - np.array(choice) @ could).sum()), choice),
        )
        chosen = [*own, *[own[0]] * (len(producers) - len(own))]
        found |= {(p, kind) for p, alone in zip(producers, chosen, strict=True) if not alone}
        if not own[0]:  # a producer never seen before is taken to be like the commonest
            found |= {(p, kind) for p in OpKind if p not in by_producer}
    return frozenset(found)
