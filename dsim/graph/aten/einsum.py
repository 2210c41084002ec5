"""Write an einsum as the matmul that runtimes make of it, with the moves that it needs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from dsim.attrs import ReduceAttrs
from dsim.graph.aten.arguments import reshaped, transposed
from dsim.graph.graph import Ref
from dsim.graph.tracing import Trace, Value
from dsim.op import OpKind

_SPARE = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"  # stand for the axes behind an ellipsis


def _ordered(t: Trace, x: Value, letters: str, wanted: str) -> Value:
    order = tuple(letters.index(letter) for letter in wanted)
    return x if order == tuple(range(len(order))) else transposed(t, x, order)


def _shaped(t: Trace, x: Value, shape: tuple[int, ...]) -> Value:
    return x if t.shape(x) == shape else reshaped(t, x, shape)


def _parse(t: Trace, equation: str, operands: Sequence[Value]) -> tuple[list[str], str] | None:
    """Return the letters of each operand and of the result; None for what cannot be written without repeats."""
    text = equation.replace(" ", "")
    left, arrow, out = text.partition("->")
    terms = left.split(",")
    if "..." in text:
        if any(letter in text for letter in _SPARE):
            return None
        hidden = [
            len(t.shape(x)) - len(term.replace("...", "")) for term, x in zip(terms, operands, strict=True)
        ]
        spare = _SPARE[: max(hidden)]
        terms = [term.replace("...", spare[len(spare) - n :]) for term, n in zip(terms, hidden, strict=True)]
        out = out.replace("...", spare)
    if not arrow:
        joined = "".join(terms)
        out = "".join(sorted(letter for letter in set(joined) if joined.count(letter) == 1))
    if any(len(set(term)) != len(term) for term in (*terms, out)):
        return None
    return terms, out


def _summed(t: Trace, x: Value, letters: str, kept: str) -> tuple[Value, str]:
    """Sum away the axes that nobody else names."""
    axes = tuple(i for i, letter in enumerate(letters) if letter not in kept)
    if not axes or not isinstance(x, Ref):
        return x, letters
    return t.add(OpKind.SUM, x, attrs=ReduceAttrs(axes)), "".join(x for x in letters if x in kept)


def einsum(t: Trace, equation: str, operands: Sequence[Value], **_: Any) -> Value:
    """Rule for aten.einsum: batch axes stay, shared axes that vanish are contracted, the rest is free.

    Gives None (unknown op) for three operands or more, and for repeated letters.
    """
    parsed = _parse(t, equation, operands)
    if parsed is None or len(operands) > 2:
        return None
    terms, out = parsed
    if len(operands) == 1:
        x, letters = _summed(t, operands[0], terms[0], out)
        return _ordered(t, x, letters, out)
    x, left = _summed(t, operands[0], terms[0], out + terms[1])
    y, right = _summed(t, operands[1], terms[1], out + terms[0])
    size = dict(zip(left, t.shape(x), strict=True)) | dict(zip(right, t.shape(y), strict=True))
    batch = "".join(letter for letter in left if letter in right and letter in out)
    inner = "".join(letter for letter in left if letter in right and letter not in out)
    rows = "".join(letter for letter in left if letter not in right and letter in out)
    columns = "".join(letter for letter in right if letter not in left and letter in out)
    if set(left) - set(batch + inner + rows) or set(right) - set(batch + inner + columns):
        return None

    def total(letters: str) -> int:
        return math.prod(size[letter] for letter in letters)

    a = _ordered(t, x, left, batch + rows + inner)
    b = _ordered(t, y, right, batch + inner + columns)
    # with nothing to contract it is an element-wise product
    kind = OpKind.MATMUL if inner else OpKind.MUL
    a = _shaped(t, a, (total(batch), total(rows), total(inner)))
    b = _shaped(t, b, (total(batch), total(inner), total(columns)))
    product = t.binary(kind, a, b)
    made = batch + rows + columns
    return _ordered(t, _shaped(t, product, tuple(size[letter] for letter in made)), made, out)
