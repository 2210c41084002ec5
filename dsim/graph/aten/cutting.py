"""Rules for cutting tensors up and joining them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from dsim.attrs import AxisAttrs, PadAttrs, SliceAttrs, SplitAttrs
from dsim.graph.aten.arguments import axis_of, listed, reshaped
from dsim.graph.aten.views import unsqueeze
from dsim.graph.graph import Ref
from dsim.graph.tracing import Constant, Trace, Value
from dsim.op import OpKind


def cut(t: Trace, x: Ref, axis: int = 0, start: Any = None, stop: Any = None, step: int = 1) -> Ref:
    """Keep a range of one axis."""
    shape = t.shape(x)
    a = axis_of(axis, len(shape))
    first, last, _ = slice(start, stop).indices(shape[a])
    if (first, last, step) == (0, shape[a], 1):
        return x
    return t.add(OpKind.SLICE, x, attrs=SliceAttrs(a, first, last, step))


def select(t: Trace, x: Ref, axis: int, index: int) -> Value:
    """Keep one place of an axis, and drop the axis."""
    shape = t.shape(x)
    a = axis_of(axis, len(shape))
    at = index % shape[a]
    return reshaped(t, cut(t, x, a, at, at + 1), (*shape[:a], *shape[a + 1 :]))


def split(t: Trace, x: Ref, sizes: Any, axis: int = 0) -> list[Ref]:
    """Cut an axis into pieces of a size, or of sizes."""
    a = axis_of(axis, len(t.shape(x)))
    total = t.shape(x)[a]
    if not isinstance(sizes, Sequence):
        full, rest = divmod(total, sizes)
        sizes = [sizes] * full + ([rest] if rest else [])
    return list(t.builder.slots(t.add(OpKind.SPLIT, x, attrs=SplitAttrs(a, tuple(sizes)))))


def chunk(t: Trace, x: Ref, chunks: int, axis: int = 0) -> list[Ref]:
    """Cut an axis into so many pieces, the last one smaller where it must be."""
    return split(t, x, -(-t.shape(x)[axis_of(axis, len(t.shape(x)))] // chunks), axis)


def tensor_split(t: Trace, x: Ref, places: Any, axis: int = 0) -> list[Ref]:
    """Cut an axis at places, or into so many pieces that differ by one at most."""
    total = t.shape(x)[axis_of(axis, len(t.shape(x)))]
    if isinstance(places, Sequence):
        edges = [0, *places, total]
        return split(t, x, [after - before for before, after in pairwise(edges)], axis)
    return split(t, x, [total // places + (i < total % places) for i in range(places)], axis)


def unbind(t: Trace, x: Ref, axis: int = 0) -> list[Value]:
    """Cut an axis into its places, and drop it."""
    shape = t.shape(x)
    a = axis_of(axis, len(shape))
    return [reshaped(t, part, (*shape[:a], *shape[a + 1 :])) for part in split(t, x, 1, a)]


def concat(t: Trace, parts: Sequence[Value], axis: int = 0) -> Value:
    """Join activations; constants at the ends (a class token) become a pad, others stay unknown."""
    known = [isinstance(part, Ref) for part in parts]
    first, last = known.index(True), len(known) - known[::-1].index(True)
    if not all(known[first:last]):
        return None
    a = axis_of(axis, len(t.shape(parts[first])))
    refs = parts[first:last]
    out = refs[0] if len(refs) == 1 else t.add(OpKind.CONCAT, *refs, attrs=AxisAttrs(a))
    if len(refs) == len(parts):
        return out
    sides = (sum(t.shape(part)[a] for part in parts[:first]), sum(t.shape(part)[a] for part in parts[last:]))
    params = sum(t.claim(part) for part in parts if isinstance(part, Constant))
    rank = len(t.shape(out))
    return t.add(
        OpKind.PAD, out, attrs=PadAttrs(tuple(sides if i == a else (0, 0) for i in range(rank)), params)
    )


def stack(t: Trace, parts: Sequence[Value], axis: int = 0) -> Value:
    """Join activations along an axis of their own."""
    return concat(t, [unsqueeze(t, part, axis) for part in parts], axis)


def roll(t: Trace, x: Ref, shifts: Any, axes: Any = ()) -> Value:
    """Write a cyclic shift as runtimes do: cut in two, join the other way round."""
    if not listed(axes):
        return None
    for shift, axis in zip(listed(shifts), listed(axes), strict=True):
        shape = t.shape(x)
        a = axis_of(axis, len(shape))
        at = -shift % shape[a]
        if at:
            head, tail = cut(t, x, a, 0, at), cut(t, x, a, at, shape[a])
            x = t.add(OpKind.CONCAT, tail, head, attrs=AxisAttrs(a))
    return x


def pad(t: Trace, x: Ref, pads: Sequence[int], *_: Any, **__: Any) -> Ref:
    """Pad, last axis first as torch writes it; a negative pad cuts."""
    rank = len(t.shape(x))
    pairs = [(int(pads[2 * i]), int(pads[2 * i + 1])) for i in range(len(pads) // 2)]
    per_axis = [(0, 0)] * (rank - len(pairs)) + pairs[::-1]
    for axis, (before, after) in enumerate(per_axis):
        x = cut(t, x, axis, max(-before, 0), t.shape(x)[axis] + min(after, 0))
    wanted = tuple((max(before, 0), max(after, 0)) for before, after in per_axis)
    return t.add(OpKind.PAD, x, attrs=PadAttrs(wanted)) if any(map(any, wanted)) else x
