"""How ONNX writes its arguments: numbers as tensors, paddings as all the starts before all the ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dsim.graph.onnx.network import Known
from dsim.graph.tracing import Trace, Value

Attributes = dict[str, Any]
Rule = Callable[..., Value]


def ints(value: Value) -> list[int]:
    """Read the whole numbers of a constant or an attribute.

    Raises
    ------
    ValueError
        The values are not known.
    """
    if isinstance(value, Known):
        if value.array is None:
            raise ValueError("values are not known")
        return [int(item) for item in value.array.reshape(-1)]
    if isinstance(value, Sequence):
        return [int(item) for item in value]
    raise ValueError("values are not known")


def number(value: Value) -> Value:
    """Return a lone number of the file as a number; anything else as it is."""
    found = value.scalar if isinstance(value, Known) and not value.owners else None
    return value if found is None or len(value.shape) > 1 else found


def pads_of(t: Trace, attrs: Attributes, x: Value, kernel: Sequence[int]) -> list[tuple[int, int]]:
    """Return (before, after) for each spatial axis, automatic padding worked out."""
    sides = t.shape(x)[2:]
    mode = attrs.get("auto_pad", "NOTSET")
    if mode in ("NOTSET", ""):
        flat = attrs.get("pads") or [0] * (2 * len(sides))
        return list(zip(flat[: len(sides)], flat[len(sides) :], strict=True))
    if mode == "VALID":
        return [(0, 0)] * len(sides)
    strides = attrs.get("strides") or [1] * len(sides)
    dilations = attrs.get("dilations") or [1] * len(sides)
    out = []
    for size, k, s, d in zip(sides, kernel, strides, dilations, strict=True):
        total = max((-(-size // s) - 1) * s + d * (k - 1) + 1 - size, 0)
        small, large = total // 2, total - total // 2
        out.append((small, large) if mode == "SAME_UPPER" else (large, small))
    return out


def axes_from(attrs: Attributes, given: Sequence[Value]) -> list[int] | None:
    """Return axes, which are an attribute in old operator sets and an input in new ones; None for none named."""
    if given and given[0] is not None:
        return ints(given[0])
    found = attrs.get("axes")
    return None if found is None else ints(found)
