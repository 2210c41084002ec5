"""Measurements in a CSV or Parquet file: a network or an op a row; columns in docs/adapting.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl

from dsim.attrs import attrs_from_dict
from dsim.device.add.found import LICENCE, MAX_ROWS, Found, FoundNetwork, milliseconds
from dsim.device.profile import MeasuredOp
from dsim.errors import DsimError, FileFormatError
from dsim.graph.shapes import infer_outputs
from dsim.op import ATTRS_OF, Op, OpKind, TensorSpec

COLUMNS = (
    "network",
    "op",
    "attrs",
    "inputs",
    "activation",
    "latency_ms",
    "latency",
    "unit",
    "count",
    "source",
)
UNSTATED = "measured by the user"
MAX_COUNT = 10**9


def read_sheet(path: Path) -> Found:
    """Read a CSV or Parquet file.

    Raises
    ------
    FileFormatError
        It is neither, a column is unknown or missing, or a row breaks a rule; the message names file, row and rule.
    """
    frame = _frame(path)
    extra = [name for name in frame.columns if name not in COLUMNS]
    if extra:
        raise FileFormatError(f"{path}, row 1: column {extra[0]!r} is unknown; columns: {', '.join(COLUMNS)}")
    if "latency_ms" not in frame.columns and not {"latency", "unit"} <= set(frame.columns):
        raise FileFormatError(f"{path}, row 1: needs the column latency_ms, or latency and unit; add them")
    if "network" not in frame.columns and "op" not in frame.columns:
        raise FileFormatError(f"{path}, row 1: needs the column network or op; add one")
    if not frame.height:
        raise FileFormatError(f"{path}: must hold at least one measurement, got none; add rows")
    networks: list[FoundNetwork] = []
    ops: list[MeasuredOp] = []
    for number, row in enumerate(frame.iter_rows(named=True), start=2):
        given = {key: "" if value is None else str(value).strip() for key, value in row.items()}
        where = f"{path}, row {number}"
        if bool(given.get("network")) == bool(given.get("op")):
            raise FileFormatError(
                f"{where}: names either a network or an op, got {'both' if given.get('op') else 'neither'}; fill in one"
            )
        if bool(given.get("latency_ms")) == bool(given.get("latency")):
            raise FileFormatError(f"{where}: gives either latency_ms or latency with its unit; fill in one")
        value, unit = (
            (given["latency_ms"], "ms")
            if given.get("latency_ms")
            else (given["latency"], given.get("unit", ""))
        )
        ms, source = milliseconds(value, unit, where), given.get("source") or UNSTATED
        if given.get("network"):
            networks.append(FoundNetwork(where, given["network"], ms, source))
        else:
            ops.append(
                MeasuredOp(_op(given, where), ms, _count(given, where), "", 0, "dispatch", source, LICENCE)
            )
    return Found(tuple(networks), tuple(ops))


def _frame(path: Path) -> pl.DataFrame:
    try:
        if path.suffix.lower() == ".parquet":
            lazy = pl.scan_parquet(path)
            height = int(lazy.select(pl.len()).collect().item())  # from the footer, before anything unfolds
            frame = lazy.collect() if height <= MAX_ROWS else pl.DataFrame()
        else:
            frame = pl.read_csv(path, infer_schema=False, n_rows=MAX_ROWS + 1)
            height = frame.height
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        raise FileFormatError(
            f"{path}: must be a CSV or Parquet file: {str(error).splitlines()[0][:160]}; write it anew"
        ) from error
    if height > MAX_ROWS:
        raise FileFormatError(
            f"{path}: must not hold more than {MAX_ROWS} rows, has {height} or more; split it"
        )
    return frame


def _op(row: dict[str, str], where: str) -> Op:
    try:
        kind = OpKind(row["op"])
        attrs = attrs_from_dict(ATTRS_OF[kind], json.loads(row.get("attrs") or "{}"))
        shapes = tuple(TensorSpec(_shape(part)) for part in row.get("inputs", "").split(";"))
        activation = OpKind(row["activation"]) if row.get("activation") else None
        return Op(kind, attrs, shapes, infer_outputs(kind, attrs, shapes), activation)
    except (
        DsimError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        RecursionError,
        OverflowError,
    ) as error:
        raise FileFormatError(
            f"{where}: does not describe an op: {str(error).splitlines()[0][:200]}; see docs/adapting.md"
        ) from error


def _shape(text: str) -> tuple[int, ...]:
    parts = text.strip().split("x")
    if not all(part.isdigit() and len(part) < 8 for part in parts):
        raise ValueError(f"an input must read like 1x64x56x56, got {text.strip()[:40]!r}")
    return tuple(int(part) for part in parts)


def _count(row: dict[str, Any], where: str) -> int:
    text = row.get("count") or "1"
    if not text.isdigit() or not 1 <= int(text[:12]) <= MAX_COUNT:
        raise FileFormatError(
            f"{where}, column 'count': must be a whole number of at least 1, got {text[:40]!r}; correct it"
        )
    return int(text)
