"""The lines of a results file that ``run_on_mac.py`` wrote, read as data and checked one by one."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dsim.device.add.found import MAX_ROWS
from dsim.device.add.result_fields import (
    MOST_MS,
    check_device_and_passes,
    copies_field,
    probe_fields,
    text_field,
    why_broken,
)
from dsim.device.add.tail import tail_of
from dsim.errors import DsimError, FileFormatError
from dsim.graph.graph import Graph
from dsim.graph.key import split_key
from dsim.graph.serial import OpForm, graph_from_dict
from dsim.op import Op
from dsim.records import from_plain, shown

MARK, VERSION = "dsim_mac_results", 1
NEURAL_ENGINE = "neural_engine"


@dataclass(frozen=True)
class Head:
    """What was measured on.

    Attributes
    ----------
    compute_units
        Which units Core ML was allowed, as ``run_on_mac.py`` calls them.
    device, mac, macos, coremltools
        Device (name, type, os_version), chip and system of the Mac, version of coremltools.
    precision, passes
        Of all packages, and what their graphs were taken after.
    bundle
        Digest of the manifest.
    """

    compute_units: str
    device: Mapping[str, str]
    mac: str
    macos: str
    coremltools: str
    precision: str
    passes: tuple[str, ...]
    bundle: str


@dataclass(frozen=True)
class Timed:
    """One package that was timed.

    Attributes
    ----------
    where, name
        File and line, and the package's id.
    ms, error_ms
        Median of its predictions, and its standard error.
    plan
        (op, unit, share of the estimated cost or None) of each op; None where Core ML returned no plan.
    beside
        What else its runs tell, by names of `dsim.device.profile.BESIDE`.
    """

    where: str
    name: str
    ms: float
    error_ms: float
    plan: tuple[tuple[str, str, float | None], ...] | None
    beside: Mapping[str, float] = field(default_factory=dict)

    @property
    def elsewhere(self) -> Counter[str]:
        """Units other than the Neural Engine that Core ML prefers for some op, with how many ops."""
        return Counter(unit for _, unit, _ in self.plan or () if unit != NEURAL_ENGINE)


@dataclass(frozen=True)
class TimedChain:
    """A chain at one length: key, op that it is for, what a copy holds, how many copies."""

    timed: Timed
    chain: str
    op: Op
    unit: Mapping[Op, int]
    copies: int


@dataclass(frozen=True)
class TimedDesign:
    """A whole design."""

    timed: Timed
    graph: Graph


@dataclass(frozen=True)
class TimedProbe:
    """Some copies of a block: its key and graph, its norm, activation and shape in words, how many copies."""

    timed: Timed
    block: str
    graph: Graph
    norm: str
    activation: str
    shape: str
    copies: int


@dataclass(frozen=True)
class Results:
    """A results file; of packages timed twice the last counts."""

    head: Head
    chains: tuple[TimedChain, ...]
    designs: tuple[TimedDesign, ...]
    failed: Mapping[str, str]
    cut: bool
    probes: tuple[TimedProbe, ...] = ()


def is_mac_results(text: str) -> bool:
    """Recognise such a file by its first line."""
    return f'"{MARK}"' in text.partition("\n")[0]


def read_lines(path: str, text: str) -> Results:
    """Read a results file.

    Raises
    ------
    FileFormatError
        A line breaks a rule; a last line that was cut off is left out instead.
    """
    lines = text.split("\n")
    cut = bool(lines[-1]) and not _is_json(lines[-1])
    lines = lines[:-1] if cut or not lines[-1] else lines
    if len(lines) > MAX_ROWS:
        raise FileFormatError(f"{path}: must not hold more than {MAX_ROWS} lines, has {len(lines)}; split it")
    head: Head | None = None
    chains: dict[str, TimedChain] = {}
    designs: dict[str, TimedDesign] = {}
    probes: dict[str, TimedProbe] = {}
    failed: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        where = f"{path}, line {number}"
        try:
            raw = json.loads(line)
            if not isinstance(raw, dict):
                raise TypeError(f"must be an object, got {shown(raw)}")
            if head is None:
                head = _head(raw)
                continue
            name = text_field(raw, "id")
            if "error" in raw:
                if not any(name in one for one in (chains, designs, probes)):
                    failed[name] = text_field(raw, "error")
                continue
            failed.pop(name, None)
            if raw.get("kind") == "chain":
                chains[name] = _chain(raw, name, where)
            elif raw.get("kind") == "design":
                designs[name] = _design(raw, name, where)
            elif raw.get("kind") == "probe":
                probes[name] = _probe(raw, name, where)
            else:
                raise ValueError(f"kind must be chain, design or probe, got {shown(raw.get('kind'))}")
        except (DsimError, ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
            raise FileFormatError(
                f"{where}: {why_broken(error)}; remove the line, and time that package again"
            ) from error
    if head is None:
        raise FileFormatError(
            f"{path}: must begin with a line that says what was measured on; run run_on_mac.py again"
        )
    return Results(head, tuple(chains.values()), tuple(designs.values()), failed, cut, tuple(probes.values()))


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _head(raw: dict[str, Any]) -> Head:
    if raw.get(MARK) != VERSION:
        raise ValueError(f"{MARK} must be {VERSION}, got {shown(raw.get(MARK))}")
    check_device_and_passes(raw)
    texts = ("compute_units", "mac", "macos", "coremltools", "precision", "bundle")
    return Head(
        **{key: text_field(raw, key) for key in texts},
        device={key: text_field(raw["device"], key) for key in ("name", "type", "os_version")},
        passes=tuple(raw["passes"]),
    )


def _timed(raw: dict[str, Any], name: str, where: str) -> Timed:
    samples = raw["samples_ms"]
    good = isinstance(samples, list) and samples and all(type(one) in (int, float) for one in samples)
    if not good or not all(math.isfinite(one) and 0 < one <= MOST_MS for one in samples):
        raise ValueError(f"samples_ms must be a list of positive numbers, got {shown(samples)}")
    low, middle, high = (float(q) for q in np.quantile(samples, (0.25, 0.5, 0.75)))
    # of a median, from the quartiles: a few slow predictions must not widen it
    error = 1.2533 * (high - low) / 1.349 / len(samples) ** 0.5
    plan = raw.get("plan")
    ops = None if plan is None else tuple(_planned(row) for row in plan)
    return Timed(where, name, middle, error, ops, tail_of(samples))


def _planned(row: Any) -> tuple[str, str, float | None]:
    good = isinstance(row, list) and len(row) == 3 and isinstance(row[0], str) and isinstance(row[1], str)
    if not good or not (row[2] is None or (type(row[2]) in (int, float) and 0 <= row[2] <= 1)):
        raise ValueError(f"an op of a plan is [name, unit, share of the cost], got {shown(row)}")
    return row[0], row[1], row[2]


def _chain(raw: dict[str, Any], name: str, where: str) -> TimedChain:
    copies = copies_field(raw)
    if not isinstance(raw["unit"], list) or not 0 < len(raw["unit"]) <= 100:
        raise ValueError(f"unit must be a list of ops, got {shown(raw['unit'])}")
    unit = Counter(_op(one) for one in raw["unit"])
    return TimedChain(_timed(raw, name, where), text_field(raw, "chain"), _op(raw["op"]), unit, copies)


def _design(raw: dict[str, Any], name: str, where: str) -> TimedDesign:
    graph = graph_from_dict(raw["graph"], "graph")
    stem, side = split_key(name)
    if not stem or side != str(graph.inputs[0].shape[-1]):
        raise ValueError(f"the id of a design must be name@resolution, got {shown(name)}")
    return TimedDesign(_timed(raw, name, where), graph)


def _probe(raw: dict[str, Any], name: str, where: str) -> TimedProbe:
    fields = probe_fields(raw)
    graph = graph_from_dict(raw["graph"], "graph")
    return TimedProbe(_timed(raw, name, where), graph=graph, **fields)


def _op(raw: Any) -> Op:
    return from_plain(OpForm, raw, "an op").build()
