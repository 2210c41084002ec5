"""The memory that a network's activations take, by how long each is needed."""

from __future__ import annotations

from itertools import accumulate

from dsim.graph.graph import Graph, Ref
from dsim.op import ACTIVATIONS, BINARY, OpKind

FLOAT32_BYTES = 4
# One number that these write depends on one number that they read, so they can write over it. GELU and SiLU could as well, but
# runtimes compute them in steps that read the input twice: ONNX Runtime takes a second map for them.
_OVERWRITE = (ACTIVATIONS - {OpKind.GELU, OpKind.SILU}) | BINARY | {OpKind.BATCH_NORM}


def peak_memory_bytes(
    graph: Graph,
    bytes_per_number: int = FLOAT32_BYTES,
    *,
    in_place: bool = True,
    keep_inputs: bool = False,
) -> int:
    """Return the most memory that activations take at once, when ops run in order and free what nobody reads any more.

    Weights are not counted, nor what a runtime adds. An op's inputs and outputs exist at the same time; a reshape
    shares the memory of what it reads. How far this is from what runtimes take is in lab/notes/memory.md.

    Parameters
    ----------
    bytes_per_number
        4 for float32, 2 for float16, 1 for int8.
    in_place
        Whether simple activations, sums and products write over an input that nobody reads any more, as deployed runtimes do;
        torch does not.
    keep_inputs
        Whether what the graph reads is needed to the end, as where it is a result of what ran before.
    """
    last_read = {Ref(-1 - k): 0 for k in range(len(graph.inputs))}
    for index, node in enumerate(graph.nodes):
        last_read.update(dict.fromkeys(node.inputs, index))
        last_read.update({Ref(index, slot): index for slot in range(len(node.op.outputs))})
    kept = (*graph.outputs, *(Ref(-1 - k) for k in range(len(graph.inputs)) if keep_inputs))
    last_read.update({ref: len(graph.nodes) for ref in kept})

    owner = {Ref(-1 - k): Ref(-1 - k) for k in range(len(graph.inputs))}  # whose memory a tensor lies in
    freed = {ref: last_read[ref] for ref in owner}  # after which op an owner's memory is free
    for index, node in enumerate(graph.nodes):
        for slot in range(len(node.op.outputs)):
            ref = Ref(index, slot)
            owner[ref] = owner[node.inputs[0]] if node.op.kind is OpKind.RESHAPE else ref
            if in_place and node.op.kind in _OVERWRITE:
                over = (owner[one] for one in node.inputs if graph.spec(one).numel == graph.spec(ref).numel)
                owner[ref] = next((one for one in over if one.node >= 0 and freed[one] == index), ref)
            freed[owner[ref]] = max(freed.get(owner[ref], index), last_read[ref])
    change = [0] * (len(graph.nodes) + 2)
    for ref, last in freed.items():
        change[max(ref.node, 0)] += graph.spec(ref).numel
        change[last + 1] -= graph.spec(ref).numel
    return max(accumulate(change)) * bytes_per_number
