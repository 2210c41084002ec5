"""Rows that break a rule: one error of one line names all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dsim.errors import FileFormatError

MOST = 12  # rows that one line may name


@dataclass(frozen=True, slots=True)
class Wrong:
    """One fault.

    Attributes
    ----------
    where
        ``file, row 3, column 'latency_ms'``, as far as it is known.
    said
        The rule, the value received and the remedy.
    """

    where: str
    said: str


def refuse(wrong: Sequence[Wrong]) -> None:
    """Raise the error that names every fault.

    Raises
    ------
    FileFormatError
        There is at least one.
    """
    if not wrong:
        return
    if len(wrong) == 1:
        raise FileFormatError(f"{wrong[0].where}: {wrong[0].said}")
    files = {one.where.partition(", row ")[0] for one in wrong}
    shared = next(iter(files)) if len(files) == 1 else ""
    # rows that break the same rule in the same column stand together, with what each holds
    alike: dict[tuple[str, str, str], tuple[list[str], list[str]]] = {}
    for one in wrong[:MOST]:
        row, _, column = one.where.removeprefix(f"{shared}, ").partition(", column ")
        rule, got, rest = one.said.partition(", got ")
        value, end, remedy = rest.partition("; ")
        rows, values = alike.setdefault((column, f"{rule}{got}", f"{end}{remedy}"), ([], []))
        rows.append(row)
        if value not in values:
            values.append(value)
    told = (
        f"{', '.join(rows)}{f', column {column}' if column else ''}: {rule}{', '.join(values)}{remedy}"
        for (column, rule, remedy), (rows, values) in alike.items()
    )
    more = f"; and {len(wrong) - MOST} more" if len(wrong) > MOST else ""
    raise FileFormatError(
        f"{f'{shared}: ' if shared else ''}{len(wrong)} rows are wrong: {'; '.join(told)}{more}"
    )
