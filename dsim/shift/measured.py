"""Designs of a comparison that were timed for real, beside what was predicted of them.

A comparison predicts. Where a runtime is at hand, ``dsim measure compared`` times the designs that it names, and keeps
the figures in a file of their own: no model learns from them, so that they stay a test.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from dsim.arch import Arch
from dsim.errors import FileFormatError
from dsim.files import first_line, read_bytes, write_atomic
from dsim.records import from_rows, row_schema, shown, to_rows
from dsim.rounding import limit
from dsim.shift.findings import DeviceFindings
from dsim.shift.records import Cell, Comparison

FILE = "measured.csv"
_AGAIN = "remove it and make it again with dsim measure compared"
_DIGITS = 12  # of a design's hash


@dataclass(frozen=True)
class Timed:
    """One design, timed on one device.

    Attributes
    ----------
    device
        Name of the profile whose prediction it tests.
    design
        First digits of `Arch.canonical_hash`.
    latency_ms, error_ms
        Quiet latency and half the width of its 95% interval.
    runs
        Undisturbed ones.
    load
        Tasks that ran on the machine over the last minute.
    processor, runtime
        What it ran on.
    """

    device: str
    design: str
    latency_ms: float
    error_ms: float
    runs: int
    load: float
    processor: str
    runtime: str


@dataclass(frozen=True)
class TimedCell:
    """The best design of ``of`` on ``on``: predicted, and as it was timed there.

    Attributes
    ----------
    budget_ms
        The budget on ``on``.
    predicted_ms, needs_ms, timed_ms
        As it is: estimate, the smallest budget that it was predicted to fit, and measured.
    slower_ms, timed_slower_ms
        The same less those of the own best design.
    shrunk_ms, shrunk_needs_ms, shrunk_timed_ms
        Of the design that was shrunk to fit; None where there is none or it was not timed.
    """

    of: str
    on: str
    budget_ms: float
    predicted_ms: float
    needs_ms: float
    timed_ms: float
    slower_ms: float
    timed_slower_ms: float
    shrunk_ms: float | None
    shrunk_needs_ms: float | None
    shrunk_timed_ms: float | None


@dataclass(frozen=True)
class Agreement:
    """How the predictions of one device stand against the clock, over all its timed designs.

    Attributes
    ----------
    designs
        How many.
    bias
        Mean of the log of timed over predicted.
    worst
        Largest absolute relative error.
    within_need
        How many took no longer than the smallest budget that they were predicted to fit.
    to_fit, fit
        How many were predicted to fit the budget, and how many of these do.
    """

    device: str
    designs: int
    bias: float
    worst: float
    within_5: int
    within_10: int
    within_need: int
    to_fit: int
    fit: int


def design_id(arch: Arch) -> str:
    """Return the name under which a design's figures are kept."""
    return arch.canonical_hash()[:_DIGITS]


def designs_to_time(found: Comparison, devices: Iterable[str]) -> tuple[Arch, ...]:
    """List what a comparison says of some devices: every best design, then what was shrunk to fit there; each once."""
    best = [device.best.arch for device in found.devices if device.best is not None]
    on = set(devices)
    shrunk = [cell.shrunk.arch for cell in found.cells if cell.on in on and cell.shrunk is not None]
    return tuple(dict.fromkeys([*best, *shrunk]))


def timed_cells(found: Comparison, timed: Sequence[Timed]) -> tuple[TimedCell, ...]:
    """Put measured figures beside the cells of the matrix; cells whose designs were not timed are left out."""
    known, by_name = _known(timed), _by_name(found)
    cells = (_timed_cell(cell, by_name, known) for cell in found.cells)
    return tuple(cell for cell in cells if cell is not None)


def _known(timed: Sequence[Timed]) -> dict[tuple[str, str], float]:
    return {(one.device, one.design): one.latency_ms for one in timed}


def _by_name(found: Comparison) -> dict[str, DeviceFindings]:
    return {device.device: device for device in found.devices}


def _as_it_is(cell: Cell, on: DeviceFindings) -> tuple[float, float]:
    """Return the estimate and the need of a cell's design as it is, from the cell's differences to the own best design and to the budget."""
    assert on.best is not None
    return on.best.latency_ms + cell.slower_ms.value, on.budget_ms + cell.over_budget_ms


def _timed_cell(
    cell: Cell, by_name: dict[str, DeviceFindings], known: dict[tuple[str, str], float]
) -> TimedCell | None:
    on, of = by_name[cell.on], by_name[cell.of]
    if on.best is None or of.best is None:
        return None
    own, other = (known.get((cell.on, design_id(best.arch))) for best in (on.best, of.best))
    if own is None or other is None:
        return None
    shrunk = cell.shrunk
    return TimedCell(
        cell.of,
        cell.on,
        on.budget_ms,
        *_as_it_is(cell, on),
        other,
        cell.slower_ms.value,
        other - own,
        shrunk.latency_ms if shrunk else None,
        shrunk.needs_ms if shrunk else None,
        known.get((cell.on, design_id(shrunk.arch))) if shrunk else None,
    )


def agreements(found: Comparison, timed: Sequence[Timed]) -> tuple[Agreement, ...]:
    """Sum up each device's predictions against the clock, each design once."""
    known = _known(timed)
    out = []
    for device in found.devices:
        said = _said(found, device)
        pairs = [
            (one, known[device.device, name]) for name, one in said.items() if (device.device, name) in known
        ]
        if pairs:
            out.append(_agreement(device, pairs))
    return tuple(out)


@dataclass(frozen=True)
class _Said:
    predicted_ms: float
    needs_ms: float
    fits: bool


def _said(found: Comparison, on: DeviceFindings) -> dict[str, _Said]:
    """Return what was said of every design on a device, by the design's name."""
    said = {}
    by_name = _by_name(found)
    for cell in found.cells:
        best = by_name[cell.of].best
        if cell.on != on.device or best is None or on.best is None:
            continue
        predicted, needs = _as_it_is(cell, on)
        said[design_id(best.arch)] = _Said(predicted, needs, needs <= limit(on.budget_ms))
        if cell.shrunk is not None:
            said.setdefault(
                design_id(cell.shrunk.arch), _Said(cell.shrunk.latency_ms, cell.shrunk.needs_ms, True)
            )
    return said


def _agreement(on: DeviceFindings, pairs: Sequence[tuple[_Said, float]]) -> Agreement:
    off = [abs(ms / said.predicted_ms - 1.0) for said, ms in pairs]
    fitting = [ms for said, ms in pairs if said.fits]
    return Agreement(
        on.device,
        len(pairs),
        sum(math.log(ms / said.predicted_ms) for said, ms in pairs) / len(pairs),
        max(off),
        sum(value <= 0.05 for value in off),
        sum(value <= 0.10 for value in off),
        sum(not ms > said.needs_ms for said, ms in pairs),
        len(fitting),
        sum(ms <= on.budget_ms for ms in fitting),
    )


def read_measured(folder: Path) -> tuple[Timed, ...]:
    """Read what was timed for a comparison; empty where nothing was.

    Raises
    ------
    FileAccessError
        The file cannot be read.
    FileFormatError
        It is not such a file.
    """
    path = folder / FILE
    if not path.exists():
        return ()
    schema = row_schema(Timed)
    content = read_bytes(path, _AGAIN)
    try:
        frame = pl.read_csv(io.BytesIO(content), schema_overrides=schema)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise FileFormatError(
            f"{path} must be a table of timed designs, got {first_line(error)}; {_AGAIN}"
        ) from error
    if frame.columns != list(schema) or any(frame.null_count().row(0)) or (frame["latency_ms"] <= 0).any():
        raise FileFormatError(
            f"{path} must have the columns {', '.join(schema)} with a figure in each row, got "
            f"{shown(', '.join(frame.columns), 80)}; {_AGAIN}"
        )
    return from_rows(Timed, frame, str(path), _AGAIN)


def write_measured(folder: Path, timed: Sequence[Timed]) -> Path:
    """Keep what was timed; figures of other devices that the file holds stay, those of the same ones are replaced.

    Raises
    ------
    FileAccessError
        The file cannot be written.
    """
    new = {one.device for one in timed}
    rows = [*(one for one in read_measured(folder) if one.device not in new), *timed]
    buffer = io.BytesIO()
    rows.sort(key=lambda one: (one.device, one.design))
    to_rows(rows, Timed).write_csv(buffer, float_precision=5)
    write_atomic(folder / FILE, buffer.getvalue())
    return folder / FILE


__all__ = [
    "Agreement",
    "Timed",
    "TimedCell",
    "agreements",
    "design_id",
    "designs_to_time",
    "read_measured",
    "timed_cells",
    "write_measured",
]
