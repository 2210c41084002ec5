"""Which activation a few elementwise steps compute: they are run on some numbers, so that no order of steps matters.

0.5 * x * (1 + erf(x / sqrt(2))), x * 0.5 * (1 + erf(x * 0.7071)) and so on are one curve, GELU's.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from dsim.op import QUICK_FACTOR, OpKind, Writing

POINTS = (-4.0, -1.5, -0.75, -0.1, 0.3, 0.9, 2.0, 5.0)  # beyond the bounds of hard curves, and between them
CLOSE = 2e-5  # absolute; the two formulas of GELU differ by up to 5e-4

Curve = Callable[[float], float]
Step = Callable[..., float]


def _sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))


def _clamp(x: float, low: float | None = None, high: float | None = None) -> float:
    x = x if low is None else max(x, low)
    return x if high is None else min(x, high)


def _gelu_tanh(x: float) -> float:
    return 0.5 * x * (1.0 + math.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)))


CURVES: tuple[tuple[OpKind, Writing, Curve], ...] = (
    (OpKind.GELU, Writing.CHAIN, lambda x: 0.5 * x * (1.0 + math.erf(x / math.sqrt(2.0)))),
    (OpKind.GELU, Writing.TANH_CHAIN, _gelu_tanh),
    (OpKind.MUL, Writing.QUICK_CHAIN, lambda x: x * _sigmoid(QUICK_FACTOR * x)),
    (OpKind.SILU, Writing.CHAIN, lambda x: x * _sigmoid(x)),
    (OpKind.HARDSWISH, Writing.CHAIN, lambda x: x * _clamp(x + 3.0, 0.0, 6.0) / 6.0),
    (OpKind.HARDSIGMOID, Writing.CHAIN, lambda x: _clamp(x + 3.0, 0.0, 6.0) / 6.0),
    (OpKind.SIGMOID, Writing.CHAIN, _sigmoid),
)
# elementwise operators by ATen's names, as functions of numbers
STEPS: dict[str, Step] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "rsub": lambda a, b: b - a,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
    "neg": lambda a: -a,
    "square": lambda a: a * a,
    "reciprocal": lambda a: 1.0 / a,
    "exp": math.exp,
    "erf": math.erf,
    "tanh": math.tanh,
    "sigmoid": _sigmoid,
    "relu6": lambda a: _clamp(a, 0.0, 6.0),
    "clamp": _clamp,
    "hardtanh": lambda a, low=-1.0, high=1.0: _clamp(a, low, high),
    "hardsigmoid": lambda a: _clamp(a + 3.0, 0.0, 6.0) / 6.0,
}


def known_curve(curve: Curve) -> tuple[OpKind, Writing] | None:
    """Return the activation that a function of one number is, and how it is written; None for any other function."""
    try:
        values = [curve(x) for x in POINTS]
    except (ArithmeticError, ValueError, TypeError):
        return None
    for kind, writing, known in CURVES:
        if all(abs(value - known(x)) <= CLOSE for value, x in zip(values, POINTS, strict=True)):
            return kind, writing
    return None
