"""Rules for copies and look-ups by fixed places: one kind, index, with the output shape that torch computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dsim.attrs import ShapeAttrs
from dsim.graph.aten.arguments import Rule, reshaped
from dsim.graph.graph import Ref
from dsim.graph.tracing import Constant, Trace, Value
from dsim.op import OpKind


def gathered(mode: str) -> Rule:
    """Make the rule of a copy whose places do not depend on data (repeat, flip, overlapping windows)."""
    return lambda t, x, *_, **__: t.add(OpKind.INDEX, x, attrs=ShapeAttrs(t.expected[0], mode))


def expand(t: Trace, x: Ref, shape: Sequence[int], **_: Any) -> Value:
    """Write broadcasting: a view where only axes of size 1 come in front, else a gather."""
    before = t.shape(x)
    padded = (1,) * (len(shape) - len(before)) + before
    wanted = tuple(p if s == -1 else s for s, p in zip(shape, padded, strict=True))
    return (
        reshaped(t, x, wanted)
        if wanted == padded
        else t.add(OpKind.INDEX, x, attrs=ShapeAttrs(wanted, "expand"))
    )


def index(t: Trace, x: Value, indices: Sequence[Value]) -> Value:
    """Write a look-up by constant tables; places that depend on data stay unknown."""
    if not isinstance(x, Ref) or any(isinstance(table, Ref) for table in indices):
        return None
    return t.add(OpKind.INDEX, x, attrs=ShapeAttrs(t.expected[0]))


def index_select(t: Trace, x: Ref, axis: int, table: Value) -> Value:
    """Write a look-up along one axis."""
    return index(t, x, [table])


def fresh(t: Trace, *_: Any, **__: Any) -> Value:
    """Look through factories that take only a shape from the tensor they are given."""
    return Constant(t.expected[0])
