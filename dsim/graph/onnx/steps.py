"""Steps: how an operator of a runtime, or a quantised one, is spelled in standard operators.

    FusedConv(x, w, b; activation=Relu)      is      Conv(x, w, b) -> Relu
    QLinearAdd(a, scale, zero, b, ...)       is      Add(a, b)

What a tool made of a network reads as the network that went in: precision, blocking and fusion belong to the device.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from dsim.graph.onnx.network import Known
from dsim.graph.tracing import Shape


@dataclass(frozen=True)
class Step:
    """One standard operator.

    Attributes
    ----------
    op, inputs, outputs, attrs
        As in a node; names of tensors.
    shape
        Of what it writes; None where inference tells.
    like
        Name of the tensor whose shape it writes; "" where inference tells.
    """

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attrs: dict[str, Any] = field(default_factory=dict)
    shape: Shape | None = None
    like: str = ""


class Tensors(Protocol):
    """What a spelling may ask of, and say about, the tensors around it."""

    def shape(self, name: str) -> Shape:
        """Return the shape of a tensor."""

    def constant(self, name: str) -> Known | None:
        """Return a constant of the file; None for an activation."""

    def put(self, name: str, known: Known) -> None:
        """Set a constant."""

    def idle_channels(self, weight: str, bias: str) -> int:
        """Return how many output channels of blocked weights only fill a block."""

    def fresh(self) -> str:
        """Return a name that no tensor has."""


@dataclass(frozen=True)
class Call:
    """A node to spell: its inputs with "" for those left out, its outputs, its attributes, the tensors around it."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attrs: dict[str, Any]
    tensors: Tensors

    def input(self, place: int) -> str:
        """Return the name of an input; "" where there is none."""
        return self.inputs[place] if place < len(self.inputs) else ""

    def trimmed(self, *names: str) -> tuple[str, ...]:
        """Return inputs without those left out at the end."""
        kept = list(names)
        while kept and not kept[-1]:
            kept.pop()
        return tuple(kept)


Spelling = Callable[[Call], list[Step]]


def activated(attrs: dict[str, Any], made: str, out: str, kind: str = "activation") -> Step:
    """Return the activation that a fused operator ends in: from ``made`` to ``out``.

    Parameters
    ----------
    kind
        Name of the attribute that names it; its numbers stand in ``kind`` + "_params".
    """
    name = str(attrs[kind])
    numbers = list(attrs.get(f"{kind}_params", []))
    named = {"Clip": ("min", "max"), "HardSigmoid": ("alpha", "beta"), "LeakyRelu": ("alpha",)}.get(name, ())
    return Step(name, (made,), (out,), dict(zip(named, numbers, strict=False)), like=made)


def kept(attrs: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return those attributes that a node has."""
    return {name: attrs[name] for name in names if name in attrs}


WINDOW = (
    "kernel_shape",
    "strides",
    "pads",
    "dilations",
    "auto_pad",
    "group",
    "ceil_mode",
    "count_include_pad",
)


def channels_first(call: Call, op: str, inputs: tuple[str, ...], attrs: dict[str, Any]) -> list[Step]:
    """Return an operator over maps, moved to channels first and back where the node holds them last."""
    if not call.attrs.get("channels_last", 0):
        return [Step(op, inputs, call.outputs[:1], attrs)]
    rank = len(call.tensors.shape(inputs[0]))
    before, made = call.tensors.fresh(), call.tensors.fresh()
    return [
        Step("Transpose", inputs[:1], (before,), {"perm": [0, rank - 1, *range(1, rank - 1)]}),
        Step(op, (before, *inputs[1:]), (made,), attrs),
        Step("Transpose", (made,), call.outputs[:1], {"perm": [0, *range(2, rank), 1]}),
    ]
