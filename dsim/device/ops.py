"""Read a profile's ops.parquet: one measured kernel a row."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from dsim.device.fields import check_file
from dsim.device.profile import MeasuredOp
from dsim.errors import DsimError, FileAccessError, FileFormatError
from dsim.graph.serial import OpForm
from dsim.op import Op, OpKind
from dsim.records import from_plain, parse_json, shown

COLUMNS: dict[str, type[pl.DataType]] = {
    "op": pl.String, "attrs": pl.String, "inputs": pl.String, "activation": pl.String, "latency_ms": pl.Float64,
    "count": pl.Int64, "network": pl.String, "position": pl.Int64, "how": pl.String, "source": pl.String,
    "licence": pl.String,
}  # fmt: skip
# what older files leave out
OPTIONAL: dict[str, type[pl.DataType]] = {"batch": pl.Int64}
HOW = ("in situ", "slope", "dispatch", "attributed")
MAX_ROWS = 200_000


def read_ops(path: Path) -> tuple[MeasuredOp, ...]:
    """Read measured kernels.

    Raises
    ------
    FileAccessError
        The file cannot be read.
    FileFormatError
        It is not a parquet file, lacks a column, or a row breaks a rule; the message names the row.
    """
    try:
        check_file(path)
        stamp = path.stat()
        return _read(path, stamp.st_mtime_ns, stamp.st_size)
    except OSError as error:
        raise FileAccessError(
            f"{path} cannot be read: {error.strerror}; check the profile's folder"
        ) from error


# one command asks for a profile several times, and tens of thousands of rows take a second
@lru_cache(maxsize=2)
def _read(path: Path, _changed_ns: int, _size_bytes: int) -> tuple[MeasuredOp, ...]:
    try:
        lazy = pl.scan_parquet(path)
        height = int(
            lazy.select(pl.len()).collect().item()
        )  # from the file's footer, before anything unfolds
        if height > MAX_ROWS:
            raise FileFormatError(f"{path}: must not hold more than {MAX_ROWS} rows, has {height}; split it")
        frame = lazy.collect()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise FileFormatError(
            f"{path}: must be a parquet file, {str(error).splitlines()[0]}; write it again"
        ) from error
    missing = [name for name in COLUMNS if name not in frame.columns]
    if missing:
        raise FileFormatError(f"{path}: column {missing[0]!r} is missing; columns: {', '.join(COLUMNS)}")
    try:
        kinds = COLUMNS | {name: kind for name, kind in OPTIONAL.items() if name in frame.columns}
        frame = frame.select(pl.col(name).cast(kind) for name, kind in kinds.items())
    except pl.exceptions.PolarsError as error:
        raise FileFormatError(
            f"{path}: a column has the wrong type, {str(error).splitlines()[0]}; write it again"
        ) from error
    return tuple(_measured(row, f"{path}, row {n}") for n, row in enumerate(frame.iter_rows(named=True), 1))


def _measured(row: dict[str, Any], where: str) -> MeasuredOp:
    try:
        op = _op(row["op"], row["attrs"], row["inputs"], row["activation"] or "")
    except (DsimError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise FileFormatError(
            f"{where}: does not describe an op: {str(error).splitlines()[0]}; correct it"
        ) from error
    latency, count = row["latency_ms"], row["count"]
    if latency is None or not math.isfinite(latency) or latency <= 0:
        raise FileFormatError(
            f"{where}, column 'latency_ms': must be a positive number, got {shown(latency)}; correct it"
        )
    if count is None or count < 1:
        raise FileFormatError(f"{where}, column 'count': must be at least 1, got {shown(count)}; correct it")
    if row["how"] not in HOW:
        raise FileFormatError(
            f"{where}, column 'how': must be one of {', '.join(HOW)}, got {shown(row['how'])}; correct it"
        )
    batch = row.get("batch")
    if batch is not None and batch < 1:
        raise FileFormatError(f"{where}, column 'batch': must be at least 1, got {shown(batch)}; correct it")
    for column in ("source", "licence"):
        if not row[column]:
            raise FileFormatError(f"{where}, column {column!r}: must not be empty; fill it in")
    return MeasuredOp(
        op,
        latency,
        count,
        row["network"] or "",
        row["position"] or 0,
        row["how"],
        row["source"],
        row["licence"],
        batch,
    )


@lru_cache(maxsize=65536)
def _op(kind: str, attrs: str, inputs: str, activation: str) -> Op:
    given = {"op": kind, "attrs": parse_json(attrs, "attrs"), "inputs": parse_json(inputs, "inputs")}
    return from_plain(OpForm, given, "an op").build(OpKind(activation) if activation else None)
