"""Rules for attention that a file holds as one operator: written out as the ops that runtimes without one run."""

from __future__ import annotations

import math

from dsim.graph.aten import cutting, weighted
from dsim.graph.aten.arguments import reshaped, transposed
from dsim.graph.aten.attention import attention as aten_attention
from dsim.graph.onnx.rules.arguments import Attributes
from dsim.graph.tracing import Constant, Trace, Value
from dsim.op import OpKind


def packed(
    t: Trace,
    attrs: Attributes,
    x: Value,
    weight: Value,
    bias: Value = None,
    mask: Value = None,
    past: Value = None,
    added: Value = None,
) -> Value:
    """Write com.microsoft's Attention: one linear layer for query, key and value, then heads."""
    if not isinstance(weight, Constant) or past is not None:
        return None
    made = weighted.linear(t, x, Constant(weight.shape[::-1], weight.owners), bias)
    sizes = [int(size) for size in attrs.get("qkv_hidden_sizes") or [weight.shape[1] // 3] * 3]
    query, key, value = (_heads(t, part, attrs["num_heads"]) for part in cutting.split(t, made, sizes, -1))
    return _joined(t, _attended(t, query, key, value, added, bool(attrs.get("unidirectional", 0))))


def multi_head(
    t: Trace,
    attrs: Attributes,
    query: Value,
    key: Value = None,
    value: Value = None,
    bias: Value = None,
    mask: Value = None,
    added: Value = None,
    past_key: Value = None,
    past_value: Value = None,
    *rest: Value,
) -> Value:
    """Write com.microsoft's MultiHeadAttention, with query, key and value apart or packed."""
    if any(value is not None for value in (past_key, past_value, *rest)):
        return None
    heads = attrs["num_heads"]
    parts = [query, key, value]
    if len(t.shape(query)) == 5:  # batch, tokens, heads, 3, width of a head
        parts = [transposed(t, cutting.select(t, query, 3, k), (0, 2, 1, 3)) for k in range(3)]
    elif key is not None and len(t.shape(key)) == 5:  # batch, tokens, heads, 2, width of a head
        parts[1:] = [transposed(t, cutting.select(t, key, 3, k), (0, 2, 1, 3)) for k in range(2)]
    if isinstance(bias, Constant):
        for k, part in enumerate(parts):
            if len(t.shape(part)) == 3:
                parts[k] = t.binary(OpKind.ADD, part, Constant(t.shape(part)[-1:], bias.owners))
    query, key, value = (_heads(t, part, heads) for part in parts)
    return _joined(t, _attended(t, query, key, value, added, bool(attrs.get("unidirectional", 0))))


def standard(
    t: Trace,
    attrs: Attributes,
    query: Value,
    key: Value,
    value: Value,
    mask: Value = None,
    past_key: Value = None,
    past_value: Value = None,
    *_: Value,
) -> Value:
    """Write ONNX's own Attention (operator set 23), over heads or over tokens."""
    if past_key is not None or past_value is not None:
        return None
    tokens = len(t.shape(query)) == 3
    if tokens:
        query = _heads(t, query, attrs["q_num_heads"])
        key, value = (_heads(t, part, attrs["kv_num_heads"]) for part in (key, value))
    made = _attended(t, query, key, value, mask, bool(attrs.get("is_causal", 0)))
    return _joined(t, made) if tokens else made


def _heads(t: Trace, x: Value, heads: int) -> Value:
    """Turn (batch, tokens, width) into (batch, heads, tokens, width of a head); what has heads stays."""
    if len(t.shape(x)) == 4:
        return x
    n, tokens, width = t.shape(x)
    return transposed(t, reshaped(t, x, (n, tokens, heads, width // heads)), (0, 2, 1, 3))


def _joined(t: Trace, x: Value) -> Value:
    """Turn heads back into (batch, tokens, width)."""
    n, heads, tokens, width = t.shape(x)
    return reshaped(t, transposed(t, x, (0, 2, 1, 3)), (n, tokens, heads * width))


def _attended(
    t: Trace, query: Value, key: Value, value: Value, mask: Value = None, causal: bool = False
) -> Value:
    """Attend; queries of heads that share a key are asked together."""
    n, heads, tokens, width = t.shape(query)
    shared = t.shape(key)[1]
    if heads == shared:
        return aten_attention(t, query, key, value, mask, 0.0, causal)
    if heads % shared or mask is not None or causal:
        return None
    grouped = reshaped(t, query, (n, shared, heads // shared * tokens, width))
    made = aten_attention(t, grouped, key, value)
    return reshaped(t, made, (n, heads, tokens, t.shape(made)[-1]))


def count_packed(t: Trace, attrs: Attributes, x: Value, weight: Value, *rest: Value) -> int:
    """Count what `packed` would write; keys of the past come on top of the present ones."""
    n, tokens, width = t.shape(x)
    past = rest[2] if len(rest) > 2 else None
    keys = tokens + (t.shape(past)[-2] if past is not None else 0)
    sizes = [int(size) for size in attrs.get("qkv_hidden_sizes") or [t.shape(weight)[1] // 3] * 3]
    return n * tokens * width * t.shape(weight)[1] + n * tokens * keys * (sizes[0] + sizes[2])


def count_multi_head(
    t: Trace, attrs: Attributes, query: Value, key: Value, value: Value, *rest: Value
) -> int:
    """Count com.microsoft's MultiHeadAttention, whose sixth input behind the values is the past's keys."""
    heads = int(attrs["num_heads"])
    return _count(t, query, key, value, rest[3] if len(rest) > 3 else None, heads, heads)


def count_standard(t: Trace, attrs: Attributes, query: Value, key: Value, value: Value, *rest: Value) -> int:
    """Count ONNX's own Attention."""
    past = rest[1] if len(rest) > 1 else None
    shape, held = t.shape(query), t.shape(key)
    heads = shape[1] if len(shape) == 4 else int(attrs["q_num_heads"])
    return _count(
        t, query, key, value, past, heads, held[1] if len(held) == 4 else int(attrs["kv_num_heads"])
    )


def _count(t: Trace, query: Value, key: Value, value: Value, past: Value, heads: int, shared: int) -> int:
    """Count scores and their product with the values, for every head of the query; `shared` heads have keys."""
    keys = t.shape(key)[-2] + (t.shape(past)[-2] if past is not None else 0)
    scores = math.prod(t.shape(query)) * keys
    shape = t.shape(query)
    tokens = math.prod(shape[:-1]) // (heads if len(shape) == 4 else 1)
    held = t.shape(value)
    width = held[-1] if len(held) == 4 else held[-1] // shared
    return scores + tokens * keys * heads * width
