"""Rule for fused attention: written out into the ops that runtimes without a fused kernel run."""

from __future__ import annotations

from typing import Any

from dsim.attrs import AxisAttrs
from dsim.graph.aten.arguments import swapped
from dsim.graph.graph import Ref
from dsim.graph.tracing import Constant, Trace, Value
from dsim.op import OpKind


def attention(
    t: Trace,
    query: Value,
    key: Value,
    value: Value,
    mask: Value = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *_: Any,
    **__: Any,
) -> Value:
    """Scale, query times key, mask, softmax, times value; learned queries (a pooling token) are scaled once."""
    if not (isinstance(query, Ref) or isinstance(key, Ref)):
        return None
    scaled = t.binary(OpKind.MUL, query, 1.0) if isinstance(query, Ref) else query
    scores = t.binary(OpKind.MATMUL, scaled, swapped(t, key, -2, -1))
    if is_causal:
        mask = Constant(t.shape(scores)[-2:])
    if mask is not None:
        scores = t.binary(OpKind.ADD, scores, mask)
    weights = t.add(OpKind.SOFTMAX, scores, attrs=AxisAttrs(len(t.shape(scores)) - 1))
    return t.binary(OpKind.MATMUL, weights, value)
