"""Chain: N copies of an op in one network, so that the time of one is the slope over N.

A copy adds further ops where the op alone would be merged with its neighbours (relu of relu is relu) or changes the shape.
Their own chains are in the bundle too, and what they cost is taken off.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from dataclasses import dataclass

from dsim.attrs import ConstantAttrs, NormAttrs, ReduceAttrs
from dsim.errors import InvalidValueError
from dsim.graph import Graph, GraphBuilder
from dsim.graph.graph import Ref
from dsim.graph.serial import OpForm
from dsim.op import Op, OpKind
from dsim.records import to_plain

SERIAL, RESIDUAL, FAN, SCALED, WALLED, BEHIND = "serial", "residual", "fan", "scaled", "walled", "behind"
FORMS: dict[str, str] = {
    SERIAL: "x = op(x)",
    RESIDUAL: "x = op(x) + x0, for ops that a compiler merges with their own kind",
    FAN: "y = y + op_k(x), for ops with weights that change the shape",
    SCALED: "y = y + op(c_k x), for ops without weights that change the shape",
    WALLED: "y = y + norm(op(norm_k(x))), for ops that only move data, which a compiler moves past others and merges",
    BEHIND: "an activation after the convolution that it follows in a design, where a compiler may link the two",
}


@dataclass(frozen=True)
class Chain:
    """One op, and how copies of it are put together.

    Attributes
    ----------
    op
        What is to be timed.
    form
        A key of FORMS.
    producer
        For BEHIND, the op that the activation follows.

    Raises
    ------
    InvalidValueError
        The form does not fit the op.
    """

    op: Op
    form: str
    producer: Op | None = None

    def __post_init__(self) -> None:
        if self.form not in FORMS or (self.producer is None) == (self.form == BEHIND):
            raise InvalidValueError(
                f"a chain has one of the forms {', '.join(FORMS)}, the last with a producer, got {self.form!r}"
            )
        if self.form in (SERIAL, RESIDUAL) and not same_shape(self.op):
            raise InvalidValueError(
                f"a {self.form} chain needs an op that keeps the shape, got {self.op.label}"
            )

    @property
    def unit(self) -> tuple[Op, ...]:
        """What one copy adds."""
        more, fewer = (Counter(self.graph(copies).ops) for copies in (3, 2))
        return tuple((more - fewer).elements())

    @property
    def key(self) -> str:
        """A name that equal chains share."""
        parts = [self.form, *(to_plain(OpForm.of(op)) for op in (self.op, self.producer) if op is not None)]
        digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
        return f"{self.op.label}-{digest[:12]}"

    def graph(self, copies: int) -> Graph:
        """Build the network of a number of copies."""
        b = GraphBuilder()
        first = self.producer or self.op
        inputs = [b.input(spec.shape) for spec in first.inputs]
        if self.form in (SERIAL, RESIDUAL) or (self.form == BEHIND and same_shape(first)):
            x = inputs[0]
            for _ in range(copies):
                x = self._after(b, b.add(first.kind, x, *inputs[1:], attrs=first.attrs))
                if self.form == RESIDUAL:
                    x = b.add(OpKind.ADD, x, inputs[0], attrs=ConstantAttrs())
            return b.build(x)
        sums: dict[int, Ref] = {}
        for _ in range(copies):
            x = inputs[0]
            if self.form == SCALED:
                x = b.add(OpKind.MUL, x, attrs=ConstantAttrs(constant=(1,)))
            elif self.form == WALLED:
                x = b.add(OpKind.LAYER_NORM, x, attrs=NormAttrs())
            y = self._after(b, b.add(first.kind, x, *inputs[1:], attrs=first.attrs))
            if self.form == WALLED:
                y = b.add(OpKind.LAYER_NORM, y, attrs=NormAttrs())
            for slot, part in enumerate(b.slots(y)):
                known = sums.get(slot)
                sums[slot] = part if known is None else b.add(OpKind.ADD, known, part, attrs=ConstantAttrs())
        return b.build(_together(b, list(sums.values())))

    def _after(self, b: GraphBuilder, x: Ref) -> Ref:
        """Put the activation behind its producer."""
        return x if self.producer is None else b.add(self.op.kind, x, attrs=self.op.attrs)


def _together(b: GraphBuilder, parts: list[Ref]) -> Ref:
    """Join several outputs into one, outside of what a copy adds."""
    if len(parts) == 1:
        return parts[0]
    means = [
        b.add(OpKind.MEAN, part, attrs=ReduceAttrs(tuple(range(1, len(b.shape(part)))), keepdim=True))
        for part in parts
    ]
    total = means[0]
    for mean in means[1:]:
        total = b.add(OpKind.ADD, total, mean, attrs=ConstantAttrs())
    return total


def same_shape(op: Op) -> bool:
    """Return whether an op's output can be its first input."""
    return len(op.outputs) == 1 and bool(op.inputs) and op.inputs[0] == op.outputs[0]


def weights_of(chain: Chain) -> int:
    """Count the numbers that one copy holds."""
    return sum(
        math.prod(op.attrs.constant or ()) if isinstance(op.attrs, ConstantAttrs) else op.weights
        for op in chain.unit
    )
