"""Rules for another shape or another order of axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from dsim.graph.aten.arguments import axis_of, listed, reshaped, sizes_of, transposed
from dsim.graph.graph import Ref
from dsim.graph.tracing import Trace, Value


def flatten(t: Trace, x: Ref, start: int = 0, end: int = -1) -> Value:
    """Join neighbouring axes."""
    shape = t.shape(x)
    a, b = axis_of(start, len(shape)), axis_of(end, len(shape))
    return reshaped(t, x, (*shape[:a], math.prod(shape[a : b + 1]), *shape[b + 1 :]))


def unflatten(t: Trace, x: Ref, axis: int, sizes: Sequence[int]) -> Value:
    """Cut one axis into several."""
    shape = t.shape(x)
    a = axis_of(axis, len(shape))
    return reshaped(t, x, (*shape[:a], *sizes_of(sizes, shape[a]), *shape[a + 1 :]))


def squeeze(t: Trace, x: Ref, axes: Any = None) -> Value:
    """Drop axes of size 1."""
    shape = t.shape(x)
    asked = range(len(shape)) if axes is None else listed(axes)
    gone = {axis_of(axis, len(shape)) for axis in asked if shape[axis] == 1}
    return reshaped(t, x, tuple(size for i, size in enumerate(shape) if i not in gone))


def unsqueeze(t: Trace, x: Ref, axis: int) -> Value:
    """Insert an axis of size 1."""
    shape = list(t.shape(x))
    shape.insert(axis_of(axis, len(shape) + 1), 1)
    return reshaped(t, x, shape)


def movedim(t: Trace, x: Ref, source: Any, destination: Any) -> Value:
    """Move axes to other places; the rest keep their order."""
    rank = len(t.shape(x))
    moves = {
        axis_of(to, rank): axis_of(axis, rank)
        for axis, to in zip(listed(source), listed(destination), strict=True)
    }
    rest = iter(axis for axis in range(rank) if axis not in moves.values())
    return transposed(t, x, [moves[place] if place in moves else next(rest) for place in range(rank)])


def pixel_shuffle(t: Trace, x: Ref, factor: int) -> Value:
    """Move channels into space."""
    n, c, h, w = t.shape(x)
    cut = reshaped(t, x, (n, c // factor**2, factor, factor, h, w))
    return reshaped(t, transposed(t, cut, (0, 1, 4, 2, 5, 3)), (n, c // factor**2, h * factor, w * factor))


def pixel_unshuffle(t: Trace, x: Ref, factor: int) -> Value:
    """Move space into channels."""
    n, c, h, w = t.shape(x)
    cut = reshaped(t, x, (n, c, h // factor, factor, w // factor, factor))
    return reshaped(t, transposed(t, cut, (0, 1, 3, 5, 2, 4)), (n, c * factor**2, h // factor, w // factor))


def channel_shuffle(t: Trace, x: Ref, groups: int) -> Value:
    """Mix the channels of groups."""
    n, c, h, w = t.shape(x)
    cut = reshaped(t, x, (n, groups, c // groups, h, w))
    return reshaped(t, transposed(t, cut, (0, 2, 1, 3, 4)), (n, c, h, w))
