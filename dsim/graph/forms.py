"""The form of an activation, a norm or a softmax: which function it is, by which formula, in one op or written out.

The formulas of GELU by erf and by tanh are rewrites of one function, in one op or in steps. QuickGELU is another function.
A form changes neither MACs nor parameters; on some runtimes it changes the time.
"""

from __future__ import annotations

from dataclasses import dataclass

from dsim.op import Op, OpKind, Writing

QUICK_GELU = "quick_gelu"
ERF, TANH = "erf", "tanh"  # formulas of GELU
# functions that runtimes meet both in one op and written out
FORMED: frozenset[OpKind] = frozenset(
    {
        OpKind.GELU,
        OpKind.SILU,
        OpKind.HARDSWISH,
        OpKind.HARDSIGMOID,
        OpKind.LAYER_NORM,
        OpKind.GROUP_NORM,
        OpKind.SOFTMAX,
    }
)


@dataclass(frozen=True, order=True, slots=True)
class Form:
    """How a network writes a function.

    Attributes
    ----------
    function
        ``gelu``, ``quick_gelu``, or the kind of the op.
    formula
        Of GELU: ``erf`` or ``tanh``; else empty.
    written_out
        In small steps instead of one op.
    """

    function: str
    formula: str = ""
    written_out: bool = False

    def __str__(self) -> str:
        """Return it in words: ``gelu by tanh, written out``."""
        formula = f" by {self.formula}" if self.formula else ""
        return f"{self.function}{formula}, {'written out' if self.written_out else 'one op'}"


def form_of(op: Op) -> Form | None:
    """Return the form of what an op is by itself; None where it has one form only."""
    if op.writing in (Writing.QUICK, Writing.QUICK_CHAIN):
        return Form(QUICK_GELU, "", op.writing is Writing.QUICK_CHAIN)
    if op.kind not in FORMED:
        return None
    if op.kind is not OpKind.GELU:
        return Form(str(op.kind), "", op.writing is Writing.CHAIN)
    by_tanh = op.writing in (Writing.TANH, Writing.TANH_CHAIN)
    return Form(str(op.kind), TANH if by_tanh else ERF, op.writing in (Writing.CHAIN, Writing.TANH_CHAIN))
