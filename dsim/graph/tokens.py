"""How many tokens a network's attentions look at."""

from __future__ import annotations

from dsim.graph.graph import Graph
from dsim.graph.tracing import Shape
from dsim.op import OpKind


def token_lengths(graph: Graph) -> tuple[int, ...]:
    """Return how many tokens the attentions of a network look at, each length once, in ascending order."""
    softmaxes = (op.inputs[0].shape for op in graph.ops if op.kind is OpKind.SOFTMAX)
    return tuple(sorted({shape[-1] for shape in softmaxes if is_attention(shape, shape[-1])}))


def is_attention(shape: Shape, tokens: int) -> bool:
    """Tell whether a softmax over the last axis of a tensor of this shape is an attention that looks at so many tokens."""
    return len(shape) > 2 and shape[-1] == tokens
