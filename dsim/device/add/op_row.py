"""An operator as a row of a sheet describes it."""

from __future__ import annotations

from collections.abc import Mapping

from dsim.errors import DsimError
from dsim.graph.serial import OpForm
from dsim.op import Op, OpKind
from dsim.records import parse_json

MAX_COUNT = 10**9


def op_of(row: Mapping[str, str]) -> Op:
    """Build the op of a row with ``op``, ``attrs``, ``inputs`` and ``activation``.

    Raises
    ------
    ValueError
        It does not describe an op.
    """
    try:
        kind = OpKind(row["op"])
        attrs = parse_json(row.get("attrs") or "{}", "attrs")
        shapes = tuple(_shape(part) for part in row.get("inputs", "").split(";"))
        return OpForm(kind, attrs, shapes).build(OpKind(row["activation"]) if row.get("activation") else None)
    except (
        DsimError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        RecursionError,
        OverflowError,
    ) as error:
        raise ValueError(
            f"does not describe an op: {str(error).splitlines()[0][:200]}; see docs/adapting.md"
        ) from error


def count_of(text: str) -> int:
    """Read how many measurements a figure stands for, 1 where it says nothing.

    Raises
    ------
    ValueError
        It is not a whole number of at least 1.
    """
    text = text or "1"
    if not text.isdecimal() or not 1 <= int(text[:12]) <= MAX_COUNT:
        raise ValueError(
            f"column 'count' must be a whole number of at least 1, got {text[:40]!r}; correct it"
        )
    return int(text)


def _shape(text: str) -> tuple[int, ...]:
    parts = text.strip().split("x")
    if not all(part.isdigit() and len(part) < 8 for part in parts):
        raise ValueError(f"an input must read like 1x64x56x56, got {text.strip()[:40]!r}")
    return tuple(int(part) for part in parts)
