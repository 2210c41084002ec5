"""Measurements in a sheet: a network or an op a row; columns and ways to write them in docs/adapting.md."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from dsim.device.add.columns import LATENCY_EXAMPLES, STACK, Columns, LatencyColumn, columns_of, is_header
from dsim.device.add.found import LICENCE, MAX_ROWS, Found, FoundNetwork
from dsim.device.add.numerals import Marks, marks_of
from dsim.device.add.op_row import count_of, op_of
from dsim.device.add.table import Table, first_row, read_table
from dsim.device.add.time_units import milliseconds_of, split_unit, unit_of
from dsim.device.add.wanted import Wanted
from dsim.device.add.wrong import Wrong
from dsim.device.profile import BESIDE, MeasuredOp
from dsim.errors import FileFormatError
from dsim.graph.files import is_network_file

UNSTATED = "measured by the user"
AGREE = 0.02  # two columns may tell one latency with so much rounding between them


def read_sheet(path: Path, text: str, wanted: Wanted) -> Found:
    """Read a sheet that is text.

    Parameters
    ----------
    path, text
        The file; lines end with a line feed.
    wanted
        Which device, runtime and precision is meant where the sheet has columns for them.

    Returns
    -------
    Found
        Rows that break a rule are in its ``wrong``.

    Raises
    ------
    FileFormatError
        It is not a sheet, or a column is missing.
    """
    try:
        table = read_table(text, is_header)
    except csv.Error as error:
        raise FileFormatError(f"{path}, {error}; check the quotes there") from error
    if table is None:
        row, got = first_row(text)
        if not got:
            raise FileFormatError(
                f"{path}: must hold a header and at least one measurement, got nothing; add them"
            )
        raise FileFormatError(
            f"{path}, row {row}: needs a header such as network,latency_ms, got {got[:80]!r}; add it"
        )
    return _Sheet(path, table, wanted).read()


def read_parquet(path: Path, wanted: Wanted) -> Found:
    """Read the same columns of a Parquet file.

    Raises
    ------
    FileFormatError
        It is not such a file, or a column is missing.
    """
    try:
        lazy = pl.scan_parquet(path)
        height = int(lazy.select(pl.len()).collect().item())  # from the footer, before anything unfolds
        frame = lazy.collect() if height <= MAX_ROWS else pl.DataFrame()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        raise FileFormatError(
            f"{path}: must be a Parquet file: {str(error).splitlines()[0][:160]}; write it again"
        ) from error
    _check_height(path, height)
    if not is_header(frame.columns):
        raise FileFormatError(
            f"{path}, row 1: needs the column network or op, got {', '.join(frame.columns)[:80]!r}; add one"
        )
    rows = enumerate(frame.iter_rows(), start=2)
    cells = ((n, tuple("" if cell is None else str(cell).strip() for cell in row)) for n, row in rows)
    return _Sheet(path, Table(1, tuple(frame.columns), tuple(cells)), wanted).read()


def _check_height(path: Path, height: int) -> None:
    if height > MAX_ROWS:
        raise FileFormatError(f"{path}: must not hold more than {MAX_ROWS} rows, has {height}; split it")


@dataclass(frozen=True)
class _Row:
    number: int
    cells: tuple[str, ...]


class _Sheet:
    """One sheet while it is read."""

    def __init__(self, path: Path, table: Table, wanted: Wanted) -> None:
        self.path, self.table, self.wanted = path, table, wanted
        self.wrong: list[Wrong] = []
        self.notes: list[str] = []
        self.networks: list[FoundNetwork] = []
        self.untimed: list[str] = []
        self.ops: list[MeasuredOp] = []
        try:
            self.columns: Columns = columns_of(table.header)
        except ValueError as error:
            raise FileFormatError(f"{path}, row {table.header_row}: {error}") from error

    def read(self) -> Found:
        """Read every row."""
        columns, start = self.columns, f"{self.path}, row {self.table.header_row}"
        if not columns.latency and columns.step is None:
            raise FileFormatError(
                f"{start}: needs a column of latencies, {LATENCY_EXAMPLES}, got {', '.join(self.table.header)[:80]!r}; "
                "add it"
            )
        _check_height(self.path, len(self.table.rows))
        if not self.table.rows:
            raise FileFormatError(f"{self.path}: must hold at least one measurement, got none; add rows")
        self._check_units(start)
        rows = self._chosen([_Row(n, cells) for n, cells in self.table.rows])
        marks = {
            one.at: marks_of(split_unit(self._cell(row, one.at))[0] for row in rows)
            for one in columns.latency
        }
        for row in rows:
            self._read_row(row, marks)
        if columns.unused:
            self.notes.append(f"{self.path}: columns that are not used: {', '.join(columns.unused)[:200]}")
        return Found(
            tuple(self.networks),
            tuple(self.ops),
            notes=tuple(self.notes),
            wrong=tuple(self.wrong),
            untimed=tuple(self.untimed),
        )

    def _check_units(self, start: str) -> None:
        """Refuse a column that names no unit where no cell names one either."""
        for one in self.columns.latency:
            some = any(split_unit(self._cell(_Row(n, cells), one.at))[1] for n, cells in self.table.rows)
            if not (one.unit or some or "unit" in self.columns.at):
                raise FileFormatError(
                    f"{start}, column {one.name!r}: names no unit; call it {LATENCY_EXAMPLES}, or add a column unit"
                )

    def _chosen(self, rows: Sequence[_Row]) -> list[_Row]:
        """Keep the rows of one device, runtime and precision."""
        left = list(rows)
        for name in STACK:
            if name not in self.columns.at:
                continue
            known = sorted({self._get(row, name) for row in left} - {""})
            asked = getattr(self.wanted, name)
            if not asked and len(known) > 1:
                raise FileFormatError(
                    f"{self.path}: holds several {name}s; choose with --{name}: {', '.join(known)[:400]}"
                )
            if asked and known and asked not in known:
                raise FileFormatError(
                    f"{self.path}: has no {name} {asked!r}; it has {', '.join(known)[:400]}"
                )
            left = [row for row in left if not asked or self._get(row, name) in ("", asked)]
        return left

    def _read_row(self, row: _Row, marks: dict[int, Marks]) -> None:
        where = f"{self.path}, row {row.number}"
        extra = [cell for cell in row.cells[len(self.table.header) :] if cell]
        if extra:
            self.wrong.append(
                Wrong(
                    where,
                    f"has {len(row.cells)} cells under {len(self.table.header)} columns; quote a cell that holds a comma, or part cells with semicolons",
                )
            )
            return
        network, op = self._get(row, "network"), self._get(row, "op")
        if bool(network) == bool(op):
            self.wrong.append(
                Wrong(
                    where, f"names either a network or an op, got {'both' if op else 'neither'}; fill in one"
                )
            )
            return
        if self.wanted.skip_empty and network and self._is_empty(row):
            self.untimed.append(network)
            return
        try:
            latency_ms, batch = self._latency(row, marks), self._batch(row)
            if self.columns.step is not None:
                latency_ms /= batch
            source = self._get(row, "source") or UNSTATED
            if network:
                reference = network + self._side(row, network)
                self.networks.append(
                    FoundNetwork(
                        where,
                        reference,
                        latency_ms,
                        source,
                        cliff=self._get(row, "cliff"),
                        batch=batch,
                        beside=self._beside(row),
                        unit_in_cells=self.columns.step is None
                        and not any(one.unit for one in self.columns.latency),
                    )
                )
            else:
                given = {name: self._get(row, name) for name in ("op", "attrs", "inputs", "activation")}
                self.ops.append(
                    MeasuredOp(
                        op_of(given),
                        latency_ms,
                        count_of(self._get(row, "count")),
                        "",
                        0,
                        "dispatch",
                        source,
                        LICENCE,
                    )
                )
        except _CellError as error:
            self.wrong.append(Wrong(f"{where}, column {error.column!r}", str(error)))
        except ValueError as error:
            self.wrong.append(Wrong(where, str(error)))

    def _is_empty(self, row: _Row) -> bool:
        """Tell whether a row says nothing of how its network ran."""
        return not self._get(row, "cliff") and not any(
            self._cell(row, one.at) for one in self.columns.latency
        )

    def _latency(self, row: _Row, marks: dict[int, Marks]) -> float:
        """Read the latency from every column that has one; they must agree."""
        if self.columns.step is not None:
            one = LatencyColumn(self.columns.step, self.table.header[self.columns.step], "ms", 0)
            return self._one_latency(row, one, Marks(True, False, False))
        stated = self._get(row, "unit")
        beside = unit_of(stated)
        if stated and not beside:
            raise _CellError("unit", f"must be one of ns, us, ms, s, got {stated[:40]!r}; correct it")
        found = []
        for one in self.columns.latency:
            told = len(self.columns.latency) == 1 or self._cell(row, one.at)
            if told:
                # a unit of its own goes with the column that has none in its name
                unit = LatencyColumn(one.at, one.name, one.unit or beside, one.rank)
                if len(self.columns.latency) == 1 and beside and one.unit and beside != one.unit:
                    raise _CellError(
                        "unit", f"is {beside} where the column {one.name!r} says {one.unit}; keep one"
                    )
                found.append(self._one_latency(row, unit, marks[one.at]))
        if not found:
            names = ", ".join(one.name for one in self.columns.latency)
            raise ValueError(f"has no latency in {names}; fill in one or leave the row out")
        if max(found) > min(found) * (1.0 + AGREE):
            told_ms = " and ".join(f"{ms:.6g} ms" for ms in found)
            raise ValueError(f"has several latencies, got {told_ms}; keep one column")
        return found[0]

    def _one_latency(self, row: _Row, column: LatencyColumn, marks: Marks) -> float:
        try:
            return milliseconds_of(self._cell(row, column.at), column.unit, marks)
        except ValueError as error:
            raise _CellError(column.name, str(error)) from error

    def _beside(self, row: _Row) -> dict[str, float]:
        """Read what the row tells beside its latency; a decimal point, no unit in the cell."""
        found = {}
        for name in BESIDE:
            if text := self._get(row, name):
                value = float(text) if re.fullmatch(r"\d{1,12}(\.\d*)?|\.\d+", text) else 0.0
                if not value > 0:
                    raise _CellError(
                        name, f"must be a positive number such as 2.5, got {text[:40]!r}; correct it"
                    )
                found[name] = value
        return found

    def _batch(self, row: _Row) -> int:
        text = self._get(row, "batch") or "1"
        if not text.removesuffix(".0").isdecimal() or not 1 <= float(text[:8]) <= 10**6:
            raise _CellError("batch", f"must be a whole number of at least 1, got {text[:40]!r}; correct it")
        images = int(float(text))
        if images > 1 and self.columns.step is None:
            raise _CellError(
                "batch",
                f"is {images} where a sheet's latencies are of one image; time one image, or leave the column out if they are of one",
            )
        return images

    def _side(self, row: _Row, network: str) -> str:
        """Return ``@224`` where a column says the input's side and the network's name does not."""
        text = self._get(row, "resolution")
        if not text or "@" in network or is_network_file(network) or network.lower().endswith(".json"):
            return ""
        words = re.split(r"[x,\s]+", text.lower().strip("()[]").removesuffix(".0"))
        parts = [int(word) for word in words if word.isdecimal() and len(word) < 6]
        sides = set(parts[-2:])
        if len(sides) != 1:
            raise _CellError(
                "resolution", f"must be the side of a square image such as 224, got {text[:40]!r}; correct it"
            )
        return f"@{sides.pop()}"

    def _get(self, row: _Row, name: str) -> str:
        return self._cell(row, self.columns.at[name]) if name in self.columns.at else ""

    @staticmethod
    def _cell(row: _Row, at: int) -> str:
        return row.cells[at] if at < len(row.cells) else ""


class _CellError(ValueError):
    """One cell breaks a rule."""

    def __init__(self, column: str, said: str) -> None:
        super().__init__(said)
        self.column = column
