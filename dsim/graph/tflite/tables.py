"""What a .tflite file holds, as plain records: tensors, operators, and their settings."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from dsim.graph.tracing import Shape

# bits of one element; what is not listed holds no weights
BITS: dict[str, int] = {
    **{"FLOAT64": 64, "FLOAT32": 32, "FLOAT16": 16, "BFLOAT16": 16},
    **{"INT64": 64, "INT32": 32, "INT16": 16, "INT8": 8, "INT4": 4},
    **{"UINT64": 64, "UINT32": 32, "UINT16": 16, "UINT8": 8, "BOOL": 8},
}
NUMPY: dict[str, str] = {
    **{"FLOAT64": "<f8", "FLOAT32": "<f4", "FLOAT16": "<f2", "INT64": "<i8", "INT32": "<i4", "INT16": "<i2"},
    **{"INT8": "i1", "UINT64": "<u8", "UINT32": "<u4", "UINT16": "<u2", "UINT8": "u1", "BOOL": "?"},
}
FLOATS: frozenset[str] = frozenset({"FLOAT64", "FLOAT32", "FLOAT16", "BFLOAT16"})


@dataclass(frozen=True, eq=False)
class Tensor:
    """A tensor of the file.

    Attributes
    ----------
    name, shape, dtype
        As the file states them; ``dtype`` by TFLite's name, such as "FLOAT32".
    constant
        The file holds its values.
    values
        Of a constant, where they are few.
    scales, zeros
        Of quantised numbers: one for all of them, or one for each channel; empty where they are not quantised.
    open
        Some of its sizes are known at run time only.
    """

    name: str
    shape: Shape
    dtype: str
    constant: bool
    values: np.ndarray[Any, Any] | None
    scales: tuple[float, ...]
    zeros: tuple[int, ...]
    open: bool

    @property
    def numel(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)


@dataclass(frozen=True, eq=False)
class Operator:
    """An operator of the file.

    Attributes
    ----------
    name
        TFLite's own, such as "CONV_2D"; a custom operator's or a composite's own name.
    kind
        "" for a builtin, "custom" or "composite".
    inputs, outputs
        Places of tensors; -1 for an input left out.
    options
        Its settings: an object of the schema's, None where it has none.
    body
        Place of the graph that a composite stands for.
    """

    name: str
    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Any = None
    body: int = -1

    def option(self, name: str, default: Any = 0) -> Any:
        """Return a setting; the schema's default where the file does not write it."""
        return default if self.options is None else getattr(self.options, name)()


@dataclass(frozen=True, eq=False)
class Tables:
    """One graph of the file."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
