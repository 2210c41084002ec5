"""A lookup table of blocks, in the form that ``dsim table`` writes: remarks that begin with #, then a row for each piece."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dsim.device.add.found import MAX_ROWS, Found, FoundBlock, FoundTable
from dsim.device.add.numerals import Marks, marks_of, number_of
from dsim.device.add.table import read_table
from dsim.device.add.time_units import LONGEST_MS
from dsim.device.add.wrong import Wrong
from dsim.errors import FileFormatError

FIRST_LINE = "# dsim lookup table 1"
KEYS = ("device", "resolution", "classes")
CONSTANT = "constant"
_NEEDED = frozenset({"part", "width", "kind", "map", "latency_ms"})
_REMARK = re.compile(rf"#\s*({'|'.join(KEYS)}):\s*([^,;\t]*)")
_QUOTED = re.compile(r'^"(#[^"\n]*)"', flags=re.MULTILINE)  # a remark as spreadsheets write it back


def is_block_table(text: str) -> bool:
    """Recognise a lookup table by its header."""
    try:
        return read_table(_QUOTED.sub(r"\1", text), _is_header) is not None
    except csv.Error:
        return False


def _is_header(cells: Sequence[str]) -> bool:
    return {cell.strip().lower() for cell in cells} >= _NEEDED


def read_block_table(path: Path, text: str) -> Found:
    """Read a lookup table; which pieces its rows are of is found out later, for that takes designs.

    Returns
    -------
    Found
        Rows that break a rule are in its ``wrong``.

    Raises
    ------
    FileFormatError
        It breaks a rule as a whole.
    """
    text = _QUOTED.sub(r"\1", text)
    table = read_table(text, _is_header)
    if table is None or not table.rows:
        raise FileFormatError(f"{path}: a lookup table must hold at least one block, got none; add rows")
    if len(table.rows) > MAX_ROWS:
        raise FileFormatError(
            f"{path}: must not hold more than {MAX_ROWS} rows, has {len(table.rows)}; split it"
        )
    header = [cell.strip().lower() for cell in table.header]
    twice = next((name for n, name in enumerate(header) if name in header[:n]), "")
    if twice:
        raise FileFormatError(f"{path}, row {table.header_row}: column {twice!r} occurs twice; remove one")
    rows = [(number, dict(zip(header, cells, strict=False))) for number, cells in table.rows]
    reading = _Reading(path, marks_of(row.get("latency_ms", "") for _, row in rows))
    for number, row in rows:
        reading.read(number, row)
    remarks = (remark for line in text.splitlines() if (remark := _REMARK.match(line)))
    about: dict[str, str] = {remark[1]: remark[2] for remark in remarks}
    classes = about.get("classes", "").strip()
    found = FoundTable(
        str(path),
        about.get("device", "").strip(),
        int(classes) if classes.isdecimal() and len(classes) < 8 else 1000,
        reading.constant_ms,
        tuple(reading.blocks),
    )
    return Found(tables=(found,), wrong=tuple(reading.wrong))


@dataclass
class _Reading:
    path: Path
    marks: Marks
    constant_ms: float = 0.0
    blocks: list[FoundBlock] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)

    def read(self, number: int, row: dict[str, str]) -> None:
        where, text = f"{self.path}, row {number}", row.get("latency_ms", "")
        constant = row.get("part", "") == CONSTANT
        try:
            ms = number_of(text, self.marks)
        except ValueError:
            ms = None
        if ms is None or not (ms >= 0 if constant else ms > 0) or ms > LONGEST_MS:
            least = "0 or more" if constant else "a positive number"
            self.wrong.append(
                Wrong(f"{where}, column 'latency_ms'", f"must be {least}, got {text[:40]!r}; correct it")
            )
        elif constant:
            self.constant_ms = ms
        else:
            self.blocks.append(FoundBlock(where, row, ms))
