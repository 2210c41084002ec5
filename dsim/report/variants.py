"""Whole networks with one thing changed, stack beside stack: the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dsim.device.variants import Variant
from dsim.report.table import TableData, table

NONE = "-"


def variant_table(found: Mapping[str, Sequence[Variant]]) -> TableData:
    """Return the table: designs and changes down, profiles across, percent with their 90% interval."""
    at = {name: {(one.design, one.choice): one for one in own} for name, own in found.items()}
    keys = list(dict.fromkeys(key for own in at.values() for key in own))
    rows = []
    for design in dict.fromkeys(key[0] for key in keys):
        plain = [next((one.plain_ms for one in own if one.design == design), None) for own in found.values()]
        rows.append((design, "as it is", *(NONE if ms is None else f"{ms:.1f} ms" for ms in plain)))
        rows += [
            (design, choice_words(choice), *(_cell(own.get((design, choice))) for own in at.values()))
            for of, choice in keys
            if of == design
        ]
    return table(
        "Whole networks with one thing changed",
        ("design", "change", *found),
        rows,
        tuple(found),
        "Changed everywhere outside attention. Timed in turns of all variants in random order: medians of the ratios within a "
        "turn, in which the machine's drift cancels, and their 90% interval over turns.",
    )


def choice_words(choice: str) -> str:
    """Return ``activation:gelu>relu`` in words; several are joined."""
    return ", ".join(one.partition(":")[2].replace(">", " to ") for one in choice.split("+"))


def _cell(one: Variant | None) -> str:
    if one is None:
        return NONE
    return f"{one.percent:+.1f}% ({one.low_percent:+.1f} to {one.high_percent:+.1f})"
