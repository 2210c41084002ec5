"""The files of a comparison: ``comparison.json`` (all of it) and parquet tables of what a page or a notebook plots."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from dsim.errors import FileAccessError, FileFormatError
from dsim.files import make_folder, read_json, write_atomic
from dsim.records import from_plain, from_versioned, to_json, to_plain, to_versioned
from dsim.search import Candidate
from dsim.search.candidate import Ranked
from dsim.search.task import RANK_KEYS, Task, renamed
from dsim.shift.records import Comparison, Interval
from dsim.shift.spec import ComparisonSpec

SCHEMA_VERSION = 1
RECORD = "comparison.json"
# what files of a comparison on the user's own task call the figures that stand where top-1 stands
_LOST = ("top1_lost", "top1_lost_low", "top1_lost_high", "claimed_top1", "claimed_top1_low", "scored_top1")
RANKS = {**RANK_KEYS, **{name: name.replace("top1", "rank") for name in _LOST}}
TOP1S = {rank: top1 for top1, rank in RANKS.items()}
_AGAIN = "make it again with dsim compare"


def to_dict(found: Comparison) -> dict[str, Any]:
    """Return the object that ``comparison.json`` holds; ``dsim compare --json`` prints it, and beside it what was measured."""
    plain = to_versioned(found, SCHEMA_VERSION)
    return dict(renamed(plain, RANKS)) if found.task else plain


def from_dict(raw: object, where: str = "a comparison") -> Comparison:
    """Read what `to_dict` returned.

    Raises
    ------
    FileFormatError
        It is of another schema, or not a comparison; the message begins with ``where``.
    """
    inputs = raw.get("inputs") if isinstance(raw, Mapping) else None
    if not isinstance(inputs, Mapping) or "task" not in inputs:
        return from_versioned(Comparison, raw, SCHEMA_VERSION, where, _AGAIN)
    found = from_versioned(Comparison, renamed(raw, TOP1S), SCHEMA_VERSION, where, _AGAIN)
    return ranked(found, from_plain(Task, found.inputs["task"], f"{where}, inputs.task", _AGAIN))


def ranked(found: Comparison, task: Task) -> Comparison:
    """Return a comparison on the user's own task with designs that say what their rank is."""

    def one(design: Candidate | None) -> Ranked | None:
        return Ranked.of(design, task) if design else None

    devices = tuple(
        replace(
            device,
            best=one(device.best),
            fastest=Ranked.of(device.fastest, task),
            front=tuple(Ranked.of(design, task) for design in device.front),
        )
        for device in found.devices
    )
    robust = found.robust and replace(found.robust, candidate=Ranked.of(found.robust.candidate, task))
    cells = tuple(replace(cell, shrunk=one(cell.shrunk)) for cell in found.cells)
    return replace(found, devices=devices, robust=robust, cells=cells)


def load_comparison(path: Path) -> Comparison:
    """Read a comparison from its folder or file.

    Raises
    ------
    FileAccessError
        It cannot be read.
    FileFormatError
        It is not a comparison; the message names the file.
    """
    path = path / RECORD if path.is_dir() and path.name != RECORD else path
    return from_dict(read_json(path, f"name a comparison's folder, or {_AGAIN}"), str(path))


def read_comparison(folder: Path, fingerprint: str) -> Comparison | None:
    """Return the finished comparison in a folder if it is the one asked for; None for another or a damaged one, which is made again."""
    if not (folder / RECORD).exists():
        return None
    try:
        found = load_comparison(folder)
    except (FileFormatError, FileAccessError):
        return None
    return found if found.fingerprint == fingerprint and found.complete else None


def write_comparison(spec: ComparisonSpec, found: Comparison) -> None:
    """Write all files; the record comes last, so that it never speaks of missing tables.

    Raises
    ------
    FileAccessError
        The folder cannot be written.
    """
    make_folder(spec.folder)
    for name, rows in tables(found).items():
        if rows:
            buffer = io.BytesIO()
            pl.DataFrame(rows, infer_schema_length=None).write_parquet(buffer, compression="zstd")
            write_atomic(spec.folder / f"{name}.parquet", buffer.getvalue())
        else:
            (spec.folder / f"{name}.parquet").unlink(missing_ok=True)  # of an earlier run with other inputs
    write_atomic(spec.folder / RECORD, to_json(to_dict(found)) + "\n")


def tables(found: Comparison) -> dict[str, list[dict[str, Any]]]:
    """Return flat rows by table: fronts, regret, flips, what_if."""
    made = _tables(found)
    return dict(renamed(made, RANKS)) if found.task else made


def _tables(found: Comparison) -> dict[str, list[dict[str, Any]]]:
    fronts = [
        {
            "device": device.device,
            **{k: v for k, v in to_plain(design).items() if k != "arch"},
            "arch": to_json(design.arch),
            "best": device.best is not None and design.arch == device.best.arch,
        }
        for device in found.devices
        for design in device.front
    ]
    regret = [
        {
            "of": cell.of,
            "on": cell.on,
            "verdict": str(cell.verdict),
            "over_budget_ms": cell.over_budget_ms,
            **_flat("slower_ms", cell.slower_ms),
            **_flat("top1_lost", cell.top1_lost),
        }
        for cell in found.cells
    ]
    flips = [
        {
            "a": flip.a,
            "b": flip.b,
            "choice": flip.choice,
            "before": flip.before,
            "after": flip.after,
            "verdict": str(flip.verdict),
            **_flat("ms_a", flip.ms_a),
            **_flat("ms_b", flip.ms_b),
            **_flat("top1", flip.top1),
            **_flat("apart_percent", flip.apart),
            "seeds": flip.seeds,
            "of_seeds": flip.of_seeds,
            "refits": flip.refits,
            "of_refits": flip.of_refits,
        }
        for flip in found.flips
    ]
    what_if = [
        {
            "kind": row.kind,
            "before": row.before,
            "after": row.after,
            "device": on.device,
            "verdict": str(on.verdict),
            **_flat("ms", on.ms),
            **_flat("top1", row.top1),
            "why": on.why,
        }
        for row in found.what_if.rows
        for on in row.on
    ]
    return {"fronts": fronts, "regret": regret, "flips": flips, "what_if": what_if}


def _flat(name: str, interval: Interval | None) -> dict[str, float | None]:
    ends = (interval.value, interval.low, interval.high) if interval else (None, None, None)
    return dict(zip((name, f"{name}_low", f"{name}_high"), ends, strict=True))
