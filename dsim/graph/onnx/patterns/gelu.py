"""GELU, exact (by the error function) or by tanh.

    x * 0.5 * (1 + erf(x / sqrt(2)))
    x * 0.5 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))

in whatever order the three factors are multiplied.
"""

from __future__ import annotations

import math

from dsim.graph.onnx.network import Item
from dsim.graph.onnx.patterns.finder import Finder, Match
from dsim.op import Writing

_STEPS = 12  # nodes inside the tanh form at most


def gelu(finder: Finder, item: Item) -> Match | None:
    """Find a product of x, a half, and 1 + erf(...) or 1 + tanh(...)."""
    if item.op != "Mul":
        return None
    factors, inside = _factors(finder, item)
    for gate in factors:
        plus = finder.writer(gate, "Add")
        curve_name = finder.other(plus, 1.0) if plus else None
        curve = finder.writer(curve_name, "Erf", "Tanh") if curve_name else None
        if curve is None or curve_name is None:
            continue
        rest = [name for name in factors if name != gate]
        halves = [name for name in rest if finder.is_number(name, 0.5)]
        plain = [name for name in rest if name not in finder.network.constants]
        if len(rest) != 2 or len(halves) != 1 or len(plain) != 1:
            continue
        x = plain[0]
        steps = _argument(finder, curve, x)
        if steps is not None:
            writing = Writing.CHAIN if curve.op == "Erf" else Writing.TANH_CHAIN
            return Match("Gelu", (x,), (*inside, gate, curve_name, *steps), {}, writing)
    return None


def _factors(finder: Finder, item: Item) -> tuple[list[str], list[str]]:
    """Return the three factors of a product of products, and the products inside."""
    for name, other in (item.inputs, item.inputs[::-1]):
        product = finder.writer(name, "Mul")
        if product is not None and any(
            finder.is_number(n, 0.5) or finder.writer(n, "Add") for n in product.inputs
        ):
            factors = [*product.inputs, other]
            if any(finder.is_number(n, 0.5) for n in factors):
                return factors, [name]
    return [], []


def _argument(finder: Finder, curve: Item, x: str) -> list[str] | None:
    """Return the nodes between x and the curve; None if anything but x and constants goes in."""
    start = curve.inputs[0]
    if curve.op == "Erf":
        scaled = finder.writer(start, "Div", "Mul")
        factor = math.sqrt(2) if scaled and scaled.op == "Div" else math.sqrt(0.5)
        return [start] if scaled is not None and finder.other(scaled, factor) == x else None
    found: list[str] = []
    waiting = [start]
    cubic = False
    while waiting:
        name = waiting.pop()
        if name == x or name in found or name in finder.network.constants:
            cubic |= finder.is_number(name, 0.044715)
            continue
        item = finder.writer(name, "Mul", "Add", "Pow")
        if item is None or len(found) >= _STEPS:
            return None
        found.append(name)
        waiting += item.inputs
    return found if cubic else None
