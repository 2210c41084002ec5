"""Checks as a table: one row a piece of evidence, with the check that it belongs to."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from lab.claims.paper.records import Check
from lab.claims.paper.run import ACROSS, STATEMENTS


def checks_frame(checks: Sequence[Check]) -> pl.DataFrame:
    """Return one row for each piece of evidence, and one for a check without any.

    Columns of the check come first, with the statement's words and rule; those of the evidence begin with ``evidence_``.
    """
    return pl.DataFrame([row for check in checks for row in _rows(check)], infer_schema_length=None)


def _rows(check: Check) -> list[dict[str, object]]:
    statement = STATEMENTS.get(check.statement) or ACROSS[check.statement]
    head: dict[str, object] = {
        "statement": check.statement,
        "device": check.device,
        "verdict": str(check.verdict),
        "value": check.value,
        "low": check.low,
        "high": check.high,
        "unit": check.unit,
        "why": check.why,
        "rests_on": check.rests_on,
        "words": statement.words,
        "rule": statement.rule,
    }
    names = (
        "what", "a", "b", "a_ms", "b_ms", "value", "low", "high", "count", "source", "why_not",
    )  # fmt: skip
    empty = {"evidence_kind": None, **{f"evidence_{name}": None for name in names}, "evidence_counts": None}
    return [
        head
        | {"evidence_kind": str(piece.kind)}
        | {f"evidence_{name}": getattr(piece, name) for name in names}
        | {"evidence_counts": piece.counts}
        for piece in check.pieces
    ] or [head | empty]
