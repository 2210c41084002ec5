"""The table of what other forms of a function, and other lengths, did on the stacks of a comparison."""

from __future__ import annotations

from collections.abc import Sequence

from dsim.report.graded import exchange_rows
from dsim.report.table import TableData, table
from dsim.shift.other_forms import OtherForms

TITLE = (
    "What if it were written otherwise, or its lengths were aligned: timed on that stack, in other networks"
)


def other_forms_table(found: Sequence[OtherForms]) -> TableData:
    """Return the table: a row for each exchange on each device."""
    rows = [
        (one.device, what, where, time)
        for one in found
        for _, what, where, time in exchange_rows(one.contrasts)
    ]
    return table(
        TITLE,
        ("device", "exchanged", "seen in", "time there"),
        rows,
        note=" ".join(
            [
                "Grade A: one network, one change, one "
                "sitting. It holds in that network: nothing is added to the prices above, and nothing is known on the other devices.",
                *_tokens(found),
            ]
        ),
    )


def _tokens(found: Sequence[OtherForms]) -> list[str]:
    """Say how the design's own lengths stand to those that were timed."""
    out = []
    for one in found:
        if one.least_tokens:
            few = [length for length in one.tokens if length < one.least_tokens]
            said = f"This design looks at {' and '.join(map(str, one.tokens))} tokens"
            unknown = f"; nothing is known of fewer than {one.least_tokens}" if few else ""
            out.append(f"{said}{unknown}.")
    return list(dict.fromkeys(out))
