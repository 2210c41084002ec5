"""How ATen writes its arguments: numbers that stand for pairs, axes that count from the end, sizes of -1."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from dsim.attrs import OrderAttrs, ShapeAttrs
from dsim.graph.tracing import Constant, Trace, Value
from dsim.op import OpKind

Rule = Callable[..., Value]


def pair(value: Any) -> tuple[int, int]:
    """Read one number, or two, as (height, width)."""
    items = listed(value)
    return (int(items[0]), int(items[-1]))


def listed(value: Any) -> list[Any]:
    """Read one number as a list of one."""
    return list(value) if isinstance(value, Sequence) else [value]


def axis_of(axis: int, rank: int) -> int:
    """Count an axis from the front."""
    return axis % rank if rank else 0


def axes_of(axes: Any, rank: int) -> tuple[int, ...]:
    """Count axes from the front, in order; None (and an empty list) means all of them."""
    if axes is None or listed(axes) == []:
        return tuple(range(rank))
    return tuple(sorted(axis_of(axis, rank) for axis in listed(axes)))


def sizes_of(sizes: Sequence[int], total: int) -> tuple[int, ...]:
    """Fill in the one size that may be given as -1."""
    known = math.prod(size for size in sizes if size != -1)
    return tuple(total // known if size == -1 else int(size) for size in sizes)


def reshaped(t: Trace, x: Value, shape: Sequence[int]) -> Value:
    """Reshape a tensor; a constant stays a constant."""
    wanted = sizes_of(shape, math.prod(t.shape(x)))
    if isinstance(x, Constant):
        return Constant(wanted, x.owners)
    return t.add(OpKind.RESHAPE, x, attrs=ShapeAttrs(wanted))


def transposed(t: Trace, x: Value, order: Sequence[int]) -> Value:
    """Put the axes of a tensor in another order; a constant stays a constant."""
    shape = t.shape(x)
    wanted = tuple(axis_of(axis, len(shape)) for axis in order)
    if isinstance(x, Constant):
        return Constant(tuple(shape[axis] for axis in wanted), x.owners)
    return t.add(OpKind.TRANSPOSE, x, attrs=OrderAttrs(wanted))


def swapped(t: Trace, x: Value, a: int, b: int) -> Value:
    """Swap two axes."""
    order = list(range(len(t.shape(x))))
    order[a], order[b] = order[b], order[a]
    return transposed(t, x, order)
