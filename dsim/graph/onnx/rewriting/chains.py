"""Functions written out in small steps, and in one op: the nodes of either form.

GELU by erf    x * 0.5 * (1 + erf(x / sqrt(2)))
GELU by tanh   x * 0.5 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))
layer norm     d = x - mean(x);  d / sqrt(mean(d * d) + epsilon) * weight + bias
softmax        e = exp(x - max(x));  e / sum(e)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from dsim.graph.onnx.network import Item
from dsim.graph.onnx.rewriting.edit import Names

if TYPE_CHECKING:
    from onnx import NodeProto

Array = np.ndarray[Any, Any]
EPSILON = 1e-5  # of LayerNormalization where a file does not say
CUBIC = 0.044715


@dataclass
class Pen:
    """Collects nodes that end in one tensor, and the constants that they read."""

    names: Names
    dtype: Any
    nodes: list[NodeProto] = field(default_factory=list)
    constants: dict[str, Array] = field(default_factory=dict)

    def number(self, value: float) -> str:
        """Return the name of a number."""
        return self.array(np.asarray(value, self.dtype))

    def array(self, values: Array) -> str:
        """Return the name of a constant."""
        for name, known in self.constants.items():
            if known.dtype == values.dtype and known.shape == values.shape and bool((known == values).all()):
                return name
        name = self.names.fresh("constant")
        self.constants[name] = values
        return name

    def add(self, op: str, *inputs: str, to: str = "", **attrs: Any) -> str:
        """Add a node, and return the name of what it writes."""
        from onnx import helper

        out = to or self.names.fresh(op.lower())
        self.nodes.append(helper.make_node(op, inputs, [out], name=f"{out}_node", **attrs))
        return out


Writer = Callable[[Pen, Item, tuple[int, ...]], None]


def gelu_erf(pen: Pen, item: Item, shape: tuple[int, ...]) -> None:
    """Write GELU by erf in steps."""
    x = item.inputs[0]
    curve = pen.add("Erf", pen.add("Mul", x, pen.number(math.sqrt(0.5))))
    _gated(pen, x, curve, item.outputs[0])


def gelu_tanh(pen: Pen, item: Item, shape: tuple[int, ...]) -> None:
    """Write GELU by tanh in steps."""
    x = item.inputs[0]
    cube = pen.add("Mul", pen.add("Mul", pen.add("Mul", x, x), x), pen.number(CUBIC))
    curve = pen.add("Tanh", pen.add("Mul", pen.add("Add", x, cube), pen.number(math.sqrt(2.0 / math.pi))))
    _gated(pen, x, curve, item.outputs[0])


def _gated(pen: Pen, x: str, curve: str, to: str) -> None:
    half = pen.add("Mul", x, pen.number(0.5))
    pen.add("Mul", half, pen.add("Add", curve, pen.number(1.0)), to=to)


def gelu_erf_op(pen: Pen, item: Item, shape: tuple[int, ...]) -> None:
    """Write GELU by erf in one op."""
    pen.add("Gelu", item.inputs[0], to=item.outputs[0])


def gelu_tanh_op(pen: Pen, item: Item, shape: tuple[int, ...]) -> None:
    """Write GELU by tanh in one op."""
    pen.add("Gelu", item.inputs[0], to=item.outputs[0], approximate="tanh")


def layer_norm(pen: Pen, item: Item, shape: tuple[int, ...]) -> None:
    """Write a layer norm in steps."""
    x, *weights = item.inputs
    axes = pen.array(np.arange(_axis(item, shape) - len(shape), 0, dtype=np.int64))
    centred = pen.add("Sub", x, pen.add("ReduceMean", x, axes))
    variance = pen.add("ReduceMean", pen.add("Mul", centred, centred), axes)
    deviation = pen.add("Sqrt", pen.add("Add", variance, pen.number(item.attrs.get("epsilon", EPSILON))))
    steps = [name for name in weights if name]
    out = pen.add("Div", centred, deviation, to="" if steps else item.outputs[0])
    for place, (op, name) in enumerate(zip(("Mul", "Add"), steps, strict=False)):
        out = pen.add(op, out, name, to=item.outputs[0] if place == len(steps) - 1 else "")


def layer_norm_op(pen: Pen, item: Item, shape: tuple[int, ...]) -> None:
    """Write a layer norm in one op; a weight of ones where it has none, for the op must have one."""
    axis = _axis(item, shape)
    x, *weights = item.inputs
    scale = weights or [pen.array(np.ones(shape[axis:], pen.dtype))]
    pen.add(
        "LayerNormalization",
        x,
        *scale,
        to=item.outputs[0],
        axis=axis - len(shape),
        epsilon=item.attrs["epsilon"],
    )


def softmax(pen: Pen, item: Item, shape: tuple[int, ...]) -> None:
    """Write a softmax in steps."""
    x = item.inputs[0]
    axes = pen.array(np.asarray([item.attrs.get("axis", -1)], np.int64))
    power = pen.add("Exp", pen.add("Sub", x, pen.add("ReduceMax", x, axes)))
    pen.add("Div", power, pen.add("ReduceSum", power, axes), to=item.outputs[0])


def softmax_op(pen: Pen, item: Item, shape: tuple[int, ...]) -> None:
    """Write a softmax in one op."""
    pen.add("Softmax", item.inputs[0], to=item.outputs[0], axis=item.attrs["axis"] - len(shape))


def _axis(item: Item, shape: tuple[int, ...]) -> int:
    return int(item.attrs.get("axis", -1)) % len(shape)
