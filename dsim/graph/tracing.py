"""What a reader keeps while it walks a program: constants, and the tensors that ops have written so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dsim.attrs import Attrs, ConstantAttrs
from dsim.graph.builder import GraphBuilder
from dsim.graph.graph import Ref
from dsim.op import OpKind


@dataclass(frozen=True)
class Constant:
    """A tensor that belongs to the network: its shape, and the parameters it was computed from (name to count)."""

    shape: tuple[int, ...]
    owners: dict[str, int] = field(default_factory=dict)


Value = Any  # a Ref, a Constant, a number, or a list of these


class Trace:
    """A walk in progress.

    Attributes
    ----------
    builder
        Collects the ops.
    values
        What each name of the program stands for.
    scope
        The path of the module that is running.
    """

    def __init__(self, builder: GraphBuilder) -> None:
        self.builder = builder
        self.values: dict[str, Value] = {}
        self.scope = ""
        self._claimed: set[str] = set()

    def resolve(self, argument: Any) -> Value:
        """Replace names by what they stand for, at any depth."""
        if isinstance(argument, list | tuple):
            return [self.resolve(item) for item in argument]
        name = getattr(argument, "name", None)
        return self.values[name] if name in self.values else argument

    def claim(self, constant: Constant) -> int:
        """Count the parameters behind a constant, each once in the whole network."""
        fresh = {name: size for name, size in constant.owners.items() if name not in self._claimed}
        self._claimed.update(fresh)
        return sum(fresh.values())

    def add(self, kind: OpKind, *refs: Ref, attrs: Attrs | None = None) -> Ref:
        """Add an op in the present scope."""
        return self.builder.add(kind, *refs, attrs=attrs, scope=self.scope)

    def shape(self, value: Value) -> tuple[int, ...]:
        """Give the shape of a tensor or constant; () for a number."""
        if isinstance(value, Ref):
            return self.builder.shape(value)
        return value.shape if isinstance(value, Constant) else ()

    def binary(self, kind: OpKind, left: Value, right: Value) -> Ref:
        """Add an element-wise op or matmul of activations, constants and numbers."""
        if isinstance(left, Ref) and isinstance(right, Ref):
            return self.add(kind, left, right, attrs=ConstantAttrs())
        reverse = isinstance(right, Ref)
        ref, other = (right, left) if reverse else (left, right)
        params = self.claim(other) if isinstance(other, Constant) else 0
        return self.add(kind, ref, attrs=ConstantAttrs(self.shape(other), params, reverse))
