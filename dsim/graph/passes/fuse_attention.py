"""Run softmax inside attention: scores are never written out.

before:  matmul(q, k) -> softmax -> matmul(scores, v)
after:   matmul(q, k) -> matmul(scores, v)

What PyTorch's scaled_dot_product_attention does on its fused paths (arXiv 2205.14135). Scores that anything else changes
on the way, a relative position bias say, are left as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

from dsim.graph.graph import Graph, Ref
from dsim.graph.rewrite import rewrite
from dsim.op import OpKind


@dataclass(frozen=True, slots=True)
class FuseAttention:
    """Remove a softmax whose input only a matmul writes and whose output only matmuls read."""

    name: str = "fuse_attention"
    removes: frozenset[OpKind] = frozenset({OpKind.SOFTMAX})

    def __call__(self, graph: Graph) -> Graph:
        """Rewrite ``graph``."""
        gone = {}
        for index, node in enumerate(graph.nodes):
            if node.op.kind is not OpKind.SOFTMAX or node.inputs[0].node < 0:
                continue
            before = graph.nodes[node.inputs[0].node].op.kind
            readers = graph.consumers.get(Ref(index, 0), ())
            if before is OpKind.MATMUL and readers and all(_multiplies(graph, reader) for reader in readers):
                gone[index] = node.inputs[0]
        return rewrite(graph, {}, gone)


def _multiplies(graph: Graph, reader: int) -> bool:
    """Tell whether a reader is a matmul; scores that the network returns are written out."""
    return reader < len(graph.nodes) and graph.nodes[reader].op.kind is OpKind.MATMUL
