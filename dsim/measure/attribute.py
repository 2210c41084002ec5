"""Assign what a runtime timed to the kernels of a Graph.

A runtime runs its own graph: it fuses an activation into a convolution, splits a norm into five ops, inserts reorders
between layouts. What it timed is paired with the graph's ops by what they compute (kind, multiply-accumulates, elements
written), in order; then by kind and about as much work, for runtimes pad channels to whole vectors. The rest, reorders
above all, ran because of a neighbour: its time goes to that one, and is counted by its own name besides.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass

from dsim.graph import Graph
from dsim.measure.records import TOGETHER, RuntimeOp
from dsim.op import ACTIVATIONS, BINARY, Op, OpKind

# kinds that runtimes do not keep apart
_SIGNS: dict[OpKind, str] = {
    OpKind.CONV2D: "conv",
    OpKind.LAYER_NORM: "norm",
    OpKind.GROUP_NORM: "norm",
    OpKind.GLOBAL_POOL: "mean",
    OpKind.MEAN: "mean",
}
# a product of matrices goes by different names in different runtimes
_PRODUCTS = ("linear", "matmul", "conv")
PADDED = 2.7  # most that padding adds: 10 channels become 16, on both sides of a convolution
# what a runtime compiled of several ops; the first of them stands for all, or the products of matrices if it holds any
COMPILED = frozenset({"Subgraph"})
_ELEMENTWISE = BINARY | ACTIVATIONS
Signature = tuple[str, int, int]


@dataclass(frozen=True)
class Attribution:
    """A network's time by its graph's ops.

    Attributes
    ----------
    latency_ms
        Milliseconds by index of the node; those that a runtime fused away have none.
    inserted_ms
        Milliseconds of what was paired with no op, by the runtime's own name; they are in ``latency_ms`` too.
    """

    latency_ms: dict[int, float]
    inserted_ms: dict[str, float]

    @property
    def total_ms(self) -> float:
        """Sum over the ops."""
        return sum(self.latency_ms.values())


def sign_of(op: Op) -> str:
    """Return the name under which an op and what a runtime timed are compared."""
    return _SIGNS.get(op.kind, str(op.kind))


def attribute(run: Graph, timed: Sequence[RuntimeOp]) -> Attribution:
    """Pair a runtime's operators, in the order in which they ran, with the nodes of a graph after the device's passes."""
    owner = _pair(run, timed)
    within = _compiled(run, timed, owner)
    latency: dict[int, float] = defaultdict(float)
    inserted: Counter[str] = Counter()
    for at, (one, node) in enumerate(zip(timed, owner, strict=True)):
        if at in within:
            for product, share in within[at].items():
                latency[product] += share * one.latency_ms
            continue
        if node is None:
            inserted[one.label] += one.latency_ms  # type: ignore[assignment]  # a Counter of floats
        latency[_cause(run, owner, at) if node is None else node] += one.latency_ms
    return Attribution(dict(latency), dict(inserted))


def _compiled(run: Graph, timed: Sequence[RuntimeOp], owner: list[int | None]) -> dict[int, dict[int, float]]:
    """Return what was compiled of products of matrices: by its place, each product with its share of the multiply-accumulates.

    A whole attention may be compiled into one, and an op elsewhere in the network that happens to write as many elements
    must not pay for it. So only nodes between those that ran before and after come into question, and of these such as
    nothing timed stands for. The costliest of the right size holds the products; any other gets its node in ``owner``:
    the first element-wise op of its size.
    """
    taken = {node for node in owner if node is not None}
    within: dict[int, dict[int, float]] = {}
    for stretch in _stretches(timed, owner):
        before = owner[stretch[0] - 1] if stretch[0] else None
        first = -1 if before is None else before
        last = next((n for n in owner[stretch[-1] + 1 :] if n is not None and n > first), len(run.nodes))
        free = [n for n in range(first + 1, last) if n not in taken and run.nodes[n].op.outputs]
        products = [n for n in free if run.nodes[n].op.kind is OpKind.MATMUL]
        compiled = [at for at in stretch if timed[at].label in COMPILED]
        written = run.nodes[products[-1]].op.outputs[0].numel if products else 0
        holds = [at for at in compiled if timed[at].elements == written]
        if products and holds:
            total = sum(run.nodes[n].op.macs for n in products)
            costliest = max(holds, key=lambda at: timed[at].latency_ms)
            within[costliest] = {n: run.nodes[n].op.macs / total for n in products}
            compiled.remove(costliest)
        for at in compiled:
            node = next((n for n in free if _elementwise(run.nodes[n].op, timed[at].elements)), None)
            if node is not None:
                owner[at] = node
                free.remove(node)
    return within


def _stretches(timed: Sequence[RuntimeOp], owner: Sequence[int | None]) -> list[list[int]]:
    """Return the stretches of neighbours that were paired with no node."""
    out: list[list[int]] = []
    for at, node in enumerate(owner[: len(timed)]):
        if node is not None:
            continue
        if out and out[-1][-1] == at - 1:
            out[-1].append(at)
        else:
            out.append([at])
    return out


def _cause(run: Graph, owner: Sequence[int | None], at: int) -> int:
    """Return the node because of which something was inserted.

    Convolutions and products of matrices keep the layout that the runtime chose for them; what stands beside them and
    multiplies nothing, a norm say, is why there is a reorder.
    """
    before = next((n for n in reversed(owner[:at]) if n is not None), None)
    after = next((n for n in owner[at + 1 :] if n is not None), None)
    beside = [n for n in (before, after) if n is not None]
    return next((n for n in beside if not run.nodes[n].op.macs), beside[0] if beside else 0)


def _pair(run: Graph, timed: Sequence[RuntimeOp]) -> list[int | None]:
    """Return the node of each timed op: first by all that they share, then without the multiply-accumulates."""
    owner: list[int | None] = [None] * len(timed)
    ops = [node.op for node in run.nodes]
    waiting = [n for n, op in enumerate(ops) if op.outputs]
    for exact in (True, False):
        queues: dict[Signature, deque[int]] = defaultdict(deque)
        for n in waiting:
            macs = ops[n].macs if exact else 0
            queues[sign_of(ops[n]), macs, ops[n].outputs[0].numel].append(n)
        for at, one in enumerate(timed):
            if owner[at] is not None or not one.kind:
                continue
            names = one.kind.split(TOGETHER)
            names += [p for p in _PRODUCTS if exact and one.kind in _PRODUCTS]
            keys = [(name, one.macs if exact else 0, one.elements) for name in names]
            key = next((key for key in keys if queues.get(key)), None)
            if key is not None:
                owner[at] = queues[key].popleft()
        taken = set(owner)
        waiting = [n for n in waiting if n not in taken]
    for at, one in enumerate(timed):
        if owner[at] is None and one.kind:
            for n in waiting:
                if _alike(one, ops[n]):
                    owner[at] = n
                    waiting.remove(n)
                    break
    return owner


def _alike(one: RuntimeOp, op: Op) -> bool:
    """Return whether a timed op could be a node with its channels padded."""
    sizes = [(one.elements, op.outputs[0].numel), (one.macs, op.macs)]
    return sign_of(op) in one.kind.split(TOGETHER) and all(
        own == wanted or (min(own, wanted) > 0 and max(own, wanted) <= PADDED * min(own, wanted))
        for own, wanted in sizes
    )


def _elementwise(op: Op, elements: int) -> bool:
    """Return whether a node is an element-wise op that writes so many elements."""
    return op.kind in _ELEMENTWISE and op.outputs[0].numel == elements
