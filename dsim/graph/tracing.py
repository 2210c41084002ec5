"""What a reader keeps while it walks a program: constants, and the tensors that ops have written so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dsim.attrs import Attrs, ConstantAttrs
from dsim.graph.builder import GraphBuilder
from dsim.graph.graph import Ref
from dsim.op import WRITES, OpKind, Writing

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Constant:
    """A tensor that belongs to the network: its shape, and the parameters it was computed from (name to count)."""

    shape: Shape
    owners: dict[str, int] = field(default_factory=dict)


Value = Any  # a Ref, a Constant, a number, or a list of these


class Trace:
    """A walk in progress.

    Attributes
    ----------
    builder
        Collects the ops.
    scope
        The path of the module that is running.
    unscaled
        What fake quantisation wrote and scaled back.
    expected
        Shapes of the tensors that the present operator gives, as torch computed them.
    writing
        How the present operator is written; None for one op of the usual formula.
    """

    def __init__(self, builder: GraphBuilder) -> None:
        self.builder = builder
        self.scope = ""
        self.expected: tuple[Shape, ...] = ()
        self.writing: Writing | None = None
        self.unscaled: set[Ref] = set()  # results whose scale, folded into weights before, was undone
        self._claimed: dict[str, None] = {}  # in order of claiming, so that a rewind can forget the latest

    def claim(self, constant: Constant) -> int:
        """Count the parameters behind a constant, each once in the whole network."""
        fresh = {name: size for name, size in constant.owners.items() if name not in self._claimed}
        self._claimed.update(dict.fromkeys(fresh))
        return sum(fresh.values())

    def has_claimed(self, constant: Constant) -> bool:
        """Tell whether all parameters behind a constant were counted before."""
        return all(name in self._claimed for name in constant.owners)

    def mark(self) -> tuple[int, int]:
        """Remember how far the walk has come."""
        return self.builder.size, len(self._claimed)

    def rewind(self, mark: tuple[int, int]) -> None:
        """Forget the ops and the claims made since a mark."""
        self.builder.truncate(mark[0])
        while len(self._claimed) > mark[1]:
            self._claimed.popitem()

    def add(self, kind: OpKind, *refs: Ref, attrs: Attrs | None = None) -> Ref:
        """Add an op in the present scope."""
        fits = self.writing is not None and kind in WRITES[self.writing]
        return self.builder.add(
            kind, *refs, attrs=attrs, scope=self.scope, writing=self.writing if fits else None
        )

    def shape(self, value: Value) -> Shape:
        """Return the shape of a tensor or constant; () for a number."""
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
