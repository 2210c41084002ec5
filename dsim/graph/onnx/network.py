"""What stands between a file and a Graph: nodes with known shapes, and constants apart from activations."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dsim.graph.tracing import Constant, Shape
from dsim.op import Writing


@dataclass(frozen=True, eq=False)
class Known(Constant):
    """A constant of the file; ``array`` holds its values where they are few and stand in the file itself."""

    array: np.ndarray[Any, Any] | None = None
    elem_type: int = 1  # TensorProto.FLOAT

    @property
    def scalar(self) -> float | None:
        """Its one value, or None."""
        if self.array is None or self.array.size != 1 or self.array.dtype.kind not in "fiub":
            return None
        return float(self.array.reshape(-1)[0])


@dataclass(frozen=True, eq=False)
class Item:
    """A node that computes on activations.

    Attributes
    ----------
    op
        ONNX's name of the operator, or the name that a pattern gives what it recognised.
    inputs
        Names of tensors, ``""`` for one left out.
    outputs
        Names of tensors, in order.
    attrs
        Attributes as plain Python values.
    scope
        The path of the module that it came from, as far as the file tells.
    writing
        How the file writes it, where a pattern found that out.
    """

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attrs: dict[str, Any] = field(default_factory=dict)
    scope: str = ""
    writing: Writing | None = None


@dataclass
class Network:
    """A file's graph after simplification: every tensor's shape is known.

    Attributes
    ----------
    inputs, outputs
        Names of the graph's ends.
    items
        Nodes in the order in which they run.
    constants, shapes
        By name of tensor; every name that an item reads is in one of them.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    items: list[Item]
    constants: dict[str, Known]
    shapes: dict[str, Shape]

    def scalar(self, name: str) -> float | None:
        """Return the value of a constant of one element; None for anything else."""
        constant = self.constants.get(name)
        return constant.scalar if constant is not None else None

    def shape(self, name: str) -> Shape:
        """Return the shape of a tensor."""
        constant = self.constants.get(name)
        return constant.shape if constant is not None else self.shapes[name]
