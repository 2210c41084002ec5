"""Activations that multiply x by a gate of x.

silu       x * sigmoid(x)
quickgelu  x * sigmoid(1.702 * x), which is marked and keeps its three steps: another function, with no kind of its own
hardswish  x * hard_sigmoid(x), x * clip(x + 3, 0, 6) / 6; coremltools sets x to 0 below -3 before, where the gate is 0
"""

from __future__ import annotations

import math
from dataclasses import replace

from dsim.graph.onnx.network import Item
from dsim.graph.onnx.patterns.finder import Finder, Match
from dsim.op import QUICK_FACTOR, Writing

_SLOPE = {"alpha": 1 / 6, "beta": 0.5}
_CLOSED = -3.0  # where a hard sigmoid begins


def silu(finder: Finder, item: Item) -> Match | None:
    """Find x * sigmoid(x)."""
    return _gated(finder, item, "Sigmoid", "Silu")


def hardswish(finder: Finder, item: Item) -> Match | None:
    """Find x * hard_sigmoid(x)."""
    found = _gated(finder, item, "HardSigmoid", "HardSwish")
    cut = finder.writer(found.inputs[0], "ThresholdedRelu") if found else None
    if found is None or cut is None or cut.attrs.get("alpha") != _CLOSED:
        return found
    return replace(found, inputs=cut.inputs[:1], inside=(*found.inside, *found.inputs))


def _gated(finder: Finder, item: Item, gate: str, op: str) -> Match | None:
    if item.op != "Mul":
        return None
    for x, name in (item.inputs, item.inputs[::-1]):
        found = finder.writer(name, gate)
        usual = gate == "Sigmoid" or (
            found is not None and math.isclose(found.attrs.get("alpha", 0.2), 1 / 6, rel_tol=1e-3)
        )
        if found is not None and usual and found.inputs[0] == x:
            return Match(op, (x,), (name,), {}, Writing.CHAIN)
    return None


def quick_marked(finder: Finder) -> list[Item]:
    """Return a network's items, those marked that end x * sigmoid(1.702 * x)."""
    return [
        replace(item, writing=Writing.QUICK_CHAIN) if _is_quick(finder, item) else item
        for item in finder.items
    ]


def _is_quick(finder: Finder, item: Item) -> bool:
    if item.op != "Mul":
        return False
    for x, name in (item.inputs, item.inputs[::-1]):
        gate = finder.writer(name, "Sigmoid")
        scaled = finder.writer(gate.inputs[0], "Mul") if gate else None
        if scaled is not None and finder.other(scaled, QUICK_FACTOR) == x:
            return True
    return False


def _clipped(finder: Finder, name: str) -> tuple[str, list[str]] | None:
    """Find clip(x + 3, 0, 6); give x and the nodes inside."""
    clip = finder.writer(name, "Clip")
    if clip is None:
        return None
    low, high = (*clip.inputs[1:], "", "")[:2]
    bounded = (finder.network.scalar(low) == 0 and finder.is_number(high, 6.0)) if low else (
        clip.attrs.get("min") == 0 and clip.attrs.get("max") == 6
    )  # fmt: skip
    plus = finder.writer(clip.inputs[0], "Add")
    x = finder.other(plus, 3.0) if plus else None
    return (x, [name, clip.inputs[0]]) if bounded and x else None


def hard_sigmoid(finder: Finder, item: Item) -> Match | None:
    """Find clip(x + 3, 0, 6) / 6."""
    name = (
        finder.other(item, 6.0)
        if item.op == "Div"
        else finder.other(item, 1 / 6)
        if item.op == "Mul"
        else None
    )
    found = _clipped(finder, name) if name else None
    if found is None:
        return None
    return Match("HardSigmoid", (found[0],), tuple(found[1]), dict(_SLOPE), Writing.CHAIN)


def hardswish_divided(finder: Finder, item: Item) -> Match | None:
    """Find (x * clip(x + 3, 0, 6)) / 6."""
    name = (
        finder.other(item, 6.0)
        if item.op == "Div"
        else finder.other(item, 1 / 6)
        if item.op == "Mul"
        else None
    )
    product = finder.writer(name, "Mul") if name else None
    if product is None or name is None:
        return None
    for x, gate in (product.inputs, product.inputs[::-1]):
        found = _clipped(finder, gate)
        if found and found[0] == x:
            return Match("HardSwish", (x,), (name, *found[1]), {}, Writing.CHAIN)
    return None
