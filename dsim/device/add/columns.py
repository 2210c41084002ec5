"""Recognise a sheet's columns by their names, in upper or lower case and with the unit wherever people put it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dsim.device.add.time_units import plain, unit_of
from dsim.device.profile import BESIDE

# what a network may stand under, the most telling first
NETWORK = ("graph", "network", "model", "model_name", "network_name", "name", "net", "architecture", "arch")
OP = ("op", "attrs", "inputs", "activation", "count")
RESOLUTION = ("resolution", "img_size", "infer_img_size", "image_size", "input_size", "input_resolution", "res", "size")  # fmt: skip
BATCH = ("batch", "batch_size", "infer_batch_size", "bs")
UNIT = ("unit", "units", "latency_unit", "time_unit")
STACK = ("device", "runtime", "precision")  # a profile has one of each
STEP = "infer_step_time"  # timm's benchmark.py: milliseconds of a whole batch
_INDEX = ("", "index", "idx", "no", "nr", "row", "id")
_DURATION = {"latency", "time", "duration", "elapsed"}
_MIDDLE = {"median": 1, "p50": 1, "mean": 2, "avg": 2, "average": 2}
_BESIDE = {"inference", "infer", "inf", "measured", "in", "per", "image", "value"}
LATENCY_EXAMPLES = "latency_ms, latency_us or latency_s"


@dataclass(frozen=True)
class LatencyColumn:
    """A column of latencies: its place, its name, its unit (empty where it names none), and its rank."""

    at: int
    name: str
    unit: str
    rank: int


@dataclass(frozen=True)
class Columns:
    """What stands where.

    Attributes
    ----------
    at
        Place of each column that is understood, by its plain name: ``network``, ``unit``, ``resolution``, ``batch``,
        ``source``, ``cliff``, those of OP, of STACK and of `dsim.device.profile.BESIDE`.
    latency
        The columns of latencies that count; where there are several they must agree.
    step
        Place of timm's time of a whole batch, None where there is none.
    unused
        Names of the rest.
    """

    at: dict[str, int]
    latency: tuple[LatencyColumn, ...]
    step: int | None
    unused: tuple[str, ...]


def columns_of(header: Sequence[str]) -> Columns:
    """Recognise the columns.

    Raises
    ------
    ValueError
        A column occurs twice.
    """
    names = [_name(cell) for cell in header]
    twice = next((name for n, name in enumerate(names) if name in names[:n] and name not in _INDEX), "")
    if twice:
        raise ValueError(f"column {twice!r} occurs twice; rename or remove one")
    place = {name: n for n, name in reversed([*enumerate(names)])}
    at = {}
    for role, known in (("network", NETWORK), ("resolution", RESOLUTION), ("batch", BATCH), ("unit", UNIT)):
        found = next((name for name in known if name in place), None)
        if found is not None:
            at[role] = place[found]
    at |= {name: place[name] for name in (*OP, *STACK, *BESIDE, "source", "cliff") if name in place}
    latency = [one for n, cell in enumerate(header) if n not in at.values() and (one := _latency(n, cell))]
    best = min((one.rank for one in latency), default=0)
    counted = tuple(one for one in latency if one.rank == best)
    step = place.get(STEP) if not counted else None
    used = {*at.values(), *(one.at for one in counted), step}
    unused = (
        cell
        for n, cell in enumerate(header)
        if n not in used and names[n] not in _INDEX and not names[n].startswith("unnamed")
    )
    return Columns(at, counted, step, tuple(unused))


def is_header(header: Sequence[str]) -> bool:
    """Recognise a header: it has a column of networks or ops, and two columns at least."""
    names = {_name(cell) for cell in header}
    return len([cell for cell in header if cell]) > 1 and bool(names & {*NETWORK, "op"})


def _name(cell: str) -> str:
    return re.sub(r"[\s_-]+", "_", plain(cell)).strip("_#/%")


def _latency(at: int, cell: str) -> LatencyColumn | None:
    """Recognise a column of latencies by its words: ``latency_ms``, ``Inference time [µs]``, ``mean latency (s)``, ``ms``."""
    words = [word for word in re.split(r"[\W_]+", plain(cell)) if word]
    glued = [re.fullmatch(r"(latency|time)(ns|us|\u03bcs|ms)", word) for word in words]
    words = [
        part
        for word, match in zip(words, glued, strict=True)
        for part in (match.groups() if match else (word,))
    ]
    units = [unit for word in words if (unit := unit_of(word))]
    rest = [word for word in words if not unit_of(word)]
    ranks = [_MIDDLE[word] for word in rest if word in _MIDDLE]
    known = _DURATION | set(_MIDDLE) | _BESIDE
    if len(units) > 1 or not set(rest) <= known or not (units or set(rest) & _DURATION):
        return None
    if rest and not set(rest) & (_DURATION | set(_MIDDLE)):
        return None
    if not rest and len(words) > 1:
        return None
    return LatencyColumn(at, cell, units[0] if units else "", max(ranks, default=0))
