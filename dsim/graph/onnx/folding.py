"""Arithmetic on the small tensors with which exporters compute shapes: a known list of operators, in numpy.

Nothing here runs a network: values are at most `MAX_VALUES` elements, and what is not listed has no value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dsim.graph.onnx.constants import MAX_VALUES

Array = np.ndarray[Any, Any]
Folder = Callable[..., Array]


def _small(*sizes: int) -> tuple[int, ...]:
    if any(size < 0 for size in sizes) or math.prod(sizes) > MAX_VALUES:
        raise ValueError("too many values")
    return tuple(sizes)


def _ints(value: Any) -> list[int]:
    return [int(item) for item in np.asarray(value).reshape(-1)]


def _axes(attrs: dict[str, Any], given: Sequence[Array | None]) -> list[int]:
    found = given[0] if given and given[0] is not None else attrs.get("axes", [])
    return _ints(found)


def _unsqueeze(attrs: dict[str, Any], x: Array, *given: Array | None) -> Array:
    axes = _axes(attrs, given)
    rank = x.ndim + len(axes)
    return np.expand_dims(x, tuple(axis % rank for axis in axes))


def _squeeze(attrs: dict[str, Any], x: Array, *given: Array | None) -> Array:
    axes = _axes(attrs, given)
    return np.squeeze(x, tuple(axes)) if axes else np.squeeze(x)


def _cast(attrs: dict[str, Any], x: Array) -> Array:
    from onnx import helper

    return x.astype(helper.tensor_dtype_to_np_dtype(attrs["to"]))


def _range(attrs: dict[str, Any], start: Array, stop: Array, step: Array) -> Array:
    first, last, by = (item.reshape(-1)[0] for item in (start, stop, step))
    _small(max(math.ceil((last - first) / by), 0))
    return np.arange(first, last, by, dtype=start.dtype)


def _constant_of_shape(attrs: dict[str, Any], shape: Array) -> Array:
    value = attrs.get("value")
    filler = np.zeros(1, np.float32) if value is None else np.asarray(value)
    return np.full(_small(*_ints(shape)), filler.reshape(-1)[0], dtype=filler.dtype)


def _slice(attrs: dict[str, Any], x: Array, *given: Array | None) -> Array:
    if "starts" in attrs:
        starts, stops = attrs["starts"], attrs["ends"]
        axes, steps = attrs.get("axes"), None
    else:
        starts, stops = _ints(given[0]), _ints(given[1])
        axes = _ints(given[2]) if len(given) > 2 and given[2] is not None else None
        steps = _ints(given[3]) if len(given) > 3 and given[3] is not None else None
    axes = list(range(len(starts))) if axes is None else axes
    steps = [1] * len(starts) if steps is None else steps
    cuts: list[Any] = [slice(None)] * x.ndim
    for axis, start, stop, step in zip(axes, starts, stops, steps, strict=True):
        cuts[axis] = slice(start, None if stop < -x.shape[axis] and step < 0 else stop, step)
    return np.asarray(x[tuple(cuts)])


def _reshape(attrs: dict[str, Any], x: Array, shape: Array) -> Array:
    wanted = [x.shape[i] if size == 0 else size for i, size in enumerate(_ints(shape))]
    return x.reshape(wanted)


def _expand(attrs: dict[str, Any], x: Array, shape: Array) -> Array:
    return np.broadcast_to(x, np.broadcast_shapes(x.shape, _small(*_ints(shape)))).copy()


def _div(attrs: dict[str, Any], a: Array, b: Array) -> Array:
    # ONNX divides integers towards zero, as C does
    return a / b if a.dtype.kind == "f" else np.fix(a / b).astype(a.dtype)


def _reduce(function: Callable[..., Any]) -> Folder:
    def fold(attrs: dict[str, Any], x: Array, *given: Array | None) -> Array:
        axes = _axes(attrs, given)
        keep = bool(attrs.get("keepdims", 1))
        return np.asarray(function(x, axis=tuple(axes) or None, keepdims=keep))

    return fold


def _of(function: Callable[..., Any]) -> Folder:
    return lambda attrs, *arrays: np.asarray(function(*arrays))


FOLDERS: dict[str, Folder] = {
    "Cast": _cast,
    "Identity": _of(lambda x: x),
    "Gather": lambda attrs, x, at: np.take(x, at.astype(np.int64), axis=attrs.get("axis", 0)),
    "Concat": lambda attrs, *parts: np.concatenate(parts, axis=attrs["axis"]),
    "Unsqueeze": _unsqueeze,
    "Squeeze": _squeeze,
    "Range": _range,
    "ConstantOfShape": _constant_of_shape,
    "Slice": _slice,
    "Reshape": _reshape,
    "Expand": _expand,
    "Transpose": lambda attrs, x: np.transpose(x, attrs.get("perm")),
    "Add": _of(np.add),
    "Sub": _of(np.subtract),
    "Mul": _of(np.multiply),
    "Div": _div,
    "Mod": _of(np.mod),
    "Neg": _of(np.negative),
    "Abs": _of(np.abs),
    "Sqrt": _of(np.sqrt),
    "Pow": _of(lambda a, b: np.power(a.astype(np.float64), b).astype(a.dtype)),
    "Reciprocal": _of(np.reciprocal),
    "Floor": _of(np.floor),
    "Ceil": _of(np.ceil),
    "Min": _of(lambda *xs: np.minimum.reduce(xs)),
    "Max": _of(lambda *xs: np.maximum.reduce(xs)),
    "Equal": _of(np.equal),
    "Less": _of(np.less),
    "Greater": _of(np.greater),
    "Not": _of(np.logical_not),
    "And": _of(np.logical_and),
    "Or": _of(np.logical_or),
    "Where": _of(np.where),
    "ReduceProd": _reduce(np.prod),
    "ReduceSum": _reduce(np.sum),
    "ReduceMax": _reduce(np.max),
    "ReduceMin": _reduce(np.min),
}


def fold(op: str, attrs: dict[str, Any], arrays: Sequence[Array | None]) -> Array | None:
    """Compute a node on known values; None where it is not listed, too large, or not defined."""
    folder = FOLDERS.get(op)
    if folder is None or not arrays or arrays[0] is None:
        return None
    try:
        if math.prod(np.broadcast_shapes(*(a.shape for a in arrays if a is not None))) > MAX_VALUES:
            return None
    except ValueError:
        pass  # operands of Gather or Concat need not broadcast
    try:
        with np.errstate(all="ignore"):
            found = np.asarray(folder(attrs, *arrays))
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError):
        return None
    return found if found.size <= MAX_VALUES else None
