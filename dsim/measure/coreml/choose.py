"""Which chains a set of designs needs: one for every op that they hold, and for what those chains need beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from dsim.attrs import ConstantAttrs
from dsim.graph import Graph
from dsim.latency.methods.operators.links import run_graph
from dsim.measure.coreml.chain import (
    BEHIND,
    FAN,
    RESIDUAL,
    SCALED,
    SERIAL,
    WALLED,
    Chain,
    same_shape,
    weights_of,
)
from dsim.measure.network import SUPPORTED
from dsim.op import ACTIVATIONS, BINARY, Op, OpKind

# what coremltools and Core ML do at load time; whether an activation is linked to what it follows is left to the chains
PASSES = ("drop_identities", "fold_batch_norm", "fold_layer_scale")
LENGTHS = (4, 8, 16)
MOST_WEIGHTS = 8_000_000  # of a chain: 16 MB, for a bundle has hundreds
MOVING = frozenset({OpKind.RESHAPE, OpKind.TRANSPOSE})
# two of them in a row are one: a compiler may put them together
MERGED = frozenset({OpKind.RELU, OpKind.RELU6, OpKind.HARDSIGMOID, OpKind.BATCH_NORM, OpKind.MAX_POOL})
WEIGHTED = frozenset({OpKind.CONV2D, OpKind.LINEAR})


@dataclass(frozen=True)
class Chosen:
    """Chains, those first that designs need most, and the ops for which none can be made."""

    chains: tuple[Chain, ...]
    left_out: tuple[Op, ...]


def choose_chains(graphs: Iterable[Graph]) -> Chosen:
    """Choose chains for the ops of designs' graphs, before any pass.

    The order is by how often an op stands in the designs; the chains that one needs beside it come before it.
    """
    wanted: Counter[Chain] = Counter()
    left: Counter[Op] = Counter()
    for graph in graphs:
        run = run_graph(graph, PASSES)
        for node in run.nodes:
            if not node.op.outputs:
                continue  # an assertion about shapes
            before = run.nodes[node.inputs[0].node].op if node.inputs and node.inputs[0].node >= 0 else None
            chain = chain_of(node.op, before)
            if chain is None:
                left[node.op] += 1
            else:
                wanted[chain] += 1
    out: dict[Chain, None] = {}
    for chain, _ in wanted.most_common():
        _with_needed(chain, out, set())
    return Chosen(tuple(out), tuple(left))


def chain_of(op: Op, before: Op | None = None) -> Chain | None:
    """Return the chain that times an op, or None where it cannot be made.

    Parameters
    ----------
    before
        What wrote its input in the design.
    """
    if op.kind not in SUPPORTED or not op.inputs or not op.outputs:
        return None
    if op.kind in ACTIVATIONS and before is not None and before.kind in WEIGHTED:
        return Chain(op, BEHIND, before)
    if op.kind in MOVING:
        return Chain(op, WALLED)
    if same_shape(op):
        constant = isinstance(op.attrs, ConstantAttrs) and op.attrs.constant is not None
        return Chain(op, RESIDUAL if op.kind in MERGED or (op.kind in BINARY and constant) else SERIAL)
    return Chain(op, FAN if op.kind in WEIGHTED else SCALED)


def lengths_of(chain: Chain) -> tuple[int, ...]:
    """Return the lengths to time, shorter ones where a copy holds many weights."""
    weights = max(weights_of(chain), 1)
    for halved in range(3):
        lengths = tuple(n >> halved for n in LENGTHS)
        if lengths[-1] * weights <= MOST_WEIGHTS:
            break
    return lengths


def _with_needed(chain: Chain, out: dict[Chain, None], above: set[Chain]) -> None:
    """Add a chain, after those that time what its copies hold beside its op."""
    if chain in out or chain in above:
        return
    for op in dict.fromkeys(chain.unit):
        needed = chain_of(op) if op != chain.op else None
        if needed is not None:
            _with_needed(needed, out, above | {chain})
    out[chain] = None
