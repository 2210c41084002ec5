"""Multiply-accumulates of operators that have no kind in the IR: one visible dict from operator to formula.

An operator that stays in the graph by its own name (a transposed convolution, a recurrent layer, a convolution whose
weights are computed) is counted here, as torch.utils.flop_counter counts it. Shapes decide, so it does not matter
which operands are learned.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from dsim.graph.graph import Ref
from dsim.graph.tracing import Trace, Value

Formula = Callable[..., int]


def _per_output(t: Trace, x: Value, weight: Value, *_: Any, **__: Any) -> int:
    """Count a convolution: every element written takes one filter's weights."""
    return math.prod(t.expected[0]) * math.prod(t.shape(weight)[1:])


def _per_input(t: Trace, x: Value, weight: Value, *_: Any, **__: Any) -> int:
    """Count a transposed convolution: every element read is spread by its channel's weights."""
    return math.prod(t.shape(x)) * math.prod(t.shape(weight)[1:])


def _convolution(t: Trace, x: Value, weight: Value, *rest: Any, **named: Any) -> int:
    """Count the general operator of decomposed programs, whose seventh argument says which way it runs."""
    turned = named.get("transposed", rest[4] if len(rest) > 4 else False)
    return (_per_input if turned else _per_output)(t, x, weight)


def _product(t: Trace, left: Value, right: Value, *_: Any, **__: Any) -> int:
    """Count a product of matrices or vectors."""
    return math.prod(t.expected[0]) * t.shape(left)[-1]


def _added_product(t: Trace, bias: Value, left: Value, right: Value, *_: Any, **__: Any) -> int:
    """Count a product that something is added to; ``addbmm`` sums it over the batch too."""
    return math.prod(t.shape(left)) * t.shape(right)[-1]


def _einsum(t: Trace, equation: str, operands: Sequence[Value], *_: Any, **__: Any) -> int:
    """Count an einsum pair by pair from the left, as torch runs it; a pair that contracts no axis multiplies no matrices."""
    text, arrow, out = equation.replace(" ", "").partition("->")
    terms = text.split(",")
    if "..." in equation or not arrow:
        raise ValueError("axes without names")
    size: dict[str, int] = {}
    for term, operand in zip(terms, operands, strict=True):
        size |= dict(zip(term, t.shape(operand), strict=True))
    total, have = 0, set(terms[0])
    for place, term in enumerate(terms[1:], 1):
        later = set(out).union(*terms[place + 1 :])
        shared = have & set(term) - later
        have = (have | set(term)) & (later | shared)  # what only one of the two names is summed away first
        total += math.prod(size[letter] for letter in have) if shared else 0
        have &= later
    return total


def _attention(t: Trace, query: Value, key: Value, value: Value, *_: Any, **__: Any) -> int:
    """Count scores and their product with the values; keys shared by groups of heads count for every head."""
    width = t.shape(query)[-1]
    return math.prod(t.shape(query)) // width * t.shape(key)[-2] * (width + t.shape(value)[-1])


def _weights_of(t: Trace, values: Any) -> int:
    """Sum up the elements of matrices in nested lists; vectors are biases."""
    if isinstance(values, list | tuple) and not isinstance(values, Ref):
        return sum(_weights_of(t, value) for value in values)
    shape = t.shape(values)
    return math.prod(shape) if len(shape) == 2 else 0


def _recurrent(t: Trace, x: Value, *rest: Any, **named: Any) -> int:
    """Count layers of recurrent cells: every step of every sequence takes all of their matrices, in the last list."""
    lists = [value for value in rest if isinstance(value, list | tuple) and not isinstance(value, Ref)]
    return math.prod(t.shape(x)[:-1]) * _weights_of(t, lists[-1])


def _cell(t: Trace, x: Value, state: Value, *weights: Value, **_: Any) -> int:
    """Count one step of a recurrent cell."""
    return math.prod(t.shape(x)[:-1]) * _weights_of(t, list(weights))


def _deformed(t: Trace, x: Value, weight: Value, *_: Any, **__: Any) -> int:
    """Count a deformable convolution, which samples elsewhere and multiplies as any other."""
    return _per_output(t, x, weight)


COUNTS: dict[str, Formula] = {
    **dict.fromkeys(("conv1d", "conv2d", "conv3d"), _per_output),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), _per_input),
    "convolution": _convolution,
    "_convolution": _convolution,
    "torchvision::deform_conv2d": _deformed,
    **dict.fromkeys(("linear", "matmul", "mm", "bmm", "mv", "dot", "vdot", "inner"), _product),
    **dict.fromkeys(("_int_mm", "_scaled_mm"), _product),
    **dict.fromkeys(("addmm", "baddbmm", "addbmm"), _added_product),
    "addmv": lambda t, bias, left, right, *_, **__: math.prod(t.shape(left)),
    "einsum": _einsum,
    **dict.fromkeys(
        (
            "scaled_dot_product_attention",
            "_scaled_dot_product_flash_attention",
            "_scaled_dot_product_flash_attention_for_cpu",
            "_scaled_dot_product_efficient_attention",
            "_scaled_dot_product_attention_math",
        ),
        _attention,
    ),
    **dict.fromkeys(("lstm", "gru", "rnn_tanh", "rnn_relu"), _recurrent),
    **dict.fromkeys(("lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell"), _cell),
}


def counted(t: Trace, name: str, args: Sequence[Value], named: dict[str, Value]) -> int | None:
    """Return the MACs of an operator; None where no formula knows it, or not in this form."""
    if name not in COUNTS:
        return None
    try:
        return COUNTS[name](t, *args, **named)
    except (TypeError, ValueError, LookupError):
        return None
