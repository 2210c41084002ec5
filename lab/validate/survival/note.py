"""The table of lab/notes/survival.md."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from lab.marked import replace_block
from lab.validate.survival.rows import Row, Rows


def write_note(rows: Rows, path: Path) -> None:
    """Write the table anew."""
    by_case: dict[tuple[str, str], list[Row]] = {}
    for row in rows.rows:
        by_case.setdefault((row.harm, row.to), []).append(row)
    lines = [
        "| harm | to | cases | faults | seen on the way | date | dsim |",
        "|---|---|---:|---:|---|---|---|",
    ]
    lines += [_line(harm, to, some) for (harm, to), some in sorted(by_case.items())]
    replace_block(path, "table", "\n".join(lines))


def _line(harm: str, to: str, rows: list[Row]) -> str:
    seen: Counter[str] = Counter()
    for row in rows:
        seen.update(row.seen)
    faults = [fault for row in rows for fault in row.faults]
    dates, versions = ([getattr(row, name) for row in rows] for name in ("date", "version"))
    words = [f"{what}: {times:,}" for what, times in seen.most_common()]
    words += [f"fault, {times} times: {fault}" for fault, times in Counter(faults).most_common(3)]
    when = " to ".join(dict.fromkeys((min(dates), max(dates))))
    which = " to ".join(dict.fromkeys((versions[0], versions[-1])))
    cells = (
        harm,
        to,
        f"{sum(row.cases for row in rows):,}",
        f"{len(faults):,}",
        "; ".join(words),
        when,
        which,
    )
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
