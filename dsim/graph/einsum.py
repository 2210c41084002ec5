"""Write an einsum of two operands as the matmul that runtimes make of it, with the moves that it needs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from dsim.attrs import OrderAttrs, ShapeAttrs
from dsim.graph.graph import Ref
from dsim.graph.tracing import Trace, Value
from dsim.op import OpKind


def _ordered(t: Trace, ref: Ref, letters: str, wanted: str) -> Ref:
    order = tuple(letters.index(letter) for letter in wanted)
    if order == tuple(range(len(order))):
        return ref
    return t.add(OpKind.TRANSPOSE, ref, attrs=OrderAttrs(order))


def _shaped(t: Trace, ref: Ref, shape: tuple[int, ...]) -> Ref:
    return ref if t.shape(ref) == shape else t.add(OpKind.RESHAPE, ref, attrs=ShapeAttrs(shape))


def einsum(t: Trace, equation: str, operands: Sequence[Value], **_: Any) -> Value:
    """Rule for aten.einsum: batch axes stay, shared axes that vanish are contracted, the rest is free.

    Gives None (unknown op) for anything but two activations, repeated letters or an ellipsis.
    """
    text = equation.replace(" ", "")
    if len(operands) != 2 or "..." in text or "->" not in text or not all(isinstance(o, Ref) for o in operands):
        return None
    terms, out = text.split("->")
    left, right = terms.split(",")
    if any(len(set(term)) != len(term) for term in (left, right, out)):
        return None
    size = dict(zip(left, t.shape(operands[0]), strict=True)) | dict(zip(right, t.shape(operands[1]), strict=True))
    batch = "".join(x for x in left if x in right and x in out)
    inner = "".join(x for x in left if x in right and x not in out)
    rows = "".join(x for x in left if x not in right and x in out)
    columns = "".join(x for x in right if x not in left and x in out)
    if set(left) - set(batch + inner + rows) or set(right) - set(batch + inner + columns):
        return None

    def total(letters: str) -> int:
        return math.prod(size[x] for x in letters)

    a = _ordered(t, operands[0], left, batch + rows + inner)
    b = _ordered(t, operands[1], right, batch + inner + columns)
    if not inner:
        # nothing is contracted: an element-wise product
        a = _shaped(t, a, (total(batch), total(rows), 1))
        b = _shaped(t, b, (total(batch), 1, total(columns)))
        product = t.binary(OpKind.MUL, a, b)
    else:
        a = _shaped(t, a, (total(batch), total(rows), total(inner)))
        b = _shaped(t, b, (total(batch), total(inner), total(columns)))
        product = t.binary(OpKind.MATMUL, a, b)
    made = batch + rows + columns
    return _ordered(t, _shaped(t, product, tuple(size[x] for x in made)), made, out)
