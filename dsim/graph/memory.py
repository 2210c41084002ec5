"""The memory that a network's activations take, by how long each is needed."""

from __future__ import annotations

from itertools import accumulate

from dsim.graph.graph import Graph, Ref
from dsim.op import OpKind

FLOAT32_BYTES = 4


def peak_memory_bytes(graph: Graph, bytes_per_number: int = FLOAT32_BYTES) -> int:
    """Return the most memory that activations take at once, when ops run in order and free what nobody reads any more.

    Weights are not counted, nor what a runtime adds. An op's inputs and outputs exist at the same time; a reshape
    shares the memory of what it reads. A runtime that chooses another order, or works in place, may need less.

    Parameters
    ----------
    bytes_per_number
        4 for float32, 2 for float16, 1 for int8.
    """
    owner: dict[Ref, Ref] = {}
    freed: dict[Ref, int] = {}  # after which op a tensor's memory is free

    def used(ref: Ref, at: int) -> None:
        freed[owner[ref]] = max(freed[owner[ref]], at)

    for ref in (Ref(-1 - k) for k in range(len(graph.inputs))):
        owner[ref], freed[ref] = ref, 0
    for index, node in enumerate(graph.nodes):
        for ref in node.inputs:
            used(ref, index)
        for slot in range(len(node.op.outputs)):
            ref = Ref(index, slot)
            owner[ref] = owner[node.inputs[0]] if node.op.kind is OpKind.RESHAPE else ref
            freed.setdefault(owner[ref], index)
            used(ref, index)
    for ref in graph.outputs:
        used(ref, len(graph.nodes))
    change = [0] * (len(graph.nodes) + 2)
    for ref, last in freed.items():
        change[max(ref.node, 0)] += graph.spec(ref).numel
        change[last + 1] -= graph.spec(ref).numel
    return max(accumulate(change)) * bytes_per_number
