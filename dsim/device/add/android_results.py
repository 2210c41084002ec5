"""The results of ``run_on_android.py``: whole designs become networks, and probes contrasts."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dsim.device.add.found import MAX_ROWS, Found, FoundNetwork, FoundStack
from dsim.device.add.mac_lines import Timed, TimedProbe
from dsim.device.add.mac_probes import probe_contrasts
from dsim.device.add.result_fields import (
    MOST_MS,
    check_device_and_passes,
    probe_fields,
    text_field,
    why_broken,
)
from dsim.errors import DsimError, FileFormatError
from dsim.graph.graph import Graph
from dsim.graph.key import split_key
from dsim.graph.serial import graph_from_dict
from dsim.records import shown

MARK, VERSION = "dsim_android_results", 1
UNITS = {"cpu": "CPU", "gpu": "GPU", "nnapi": "NNAPI; Android chooses"}
PRECISIONS = {"cpu": "float32", "gpu": "float16 allowed", "nnapi": "float32"}
PROTOCOL = "benchmark-model"


def is_android_results(text: str) -> bool:
    """Recognise such a file by its first line."""
    return f'"{MARK}"' in text.partition("\n")[0]


def read_android_results(path: Path, text: str) -> Found:
    """Read a results file.

    Raises
    ------
    FileFormatError
        A line breaks a rule.
    """
    lines = text.splitlines()
    if len(lines) > MAX_ROWS:
        raise FileFormatError(f"{path}: must not hold more than {MAX_ROWS} lines, has {len(lines)}; split it")
    head: dict[str, Any] = {}
    designs: dict[str, tuple[FoundNetwork, Graph]] = {}
    probes: dict[str, TimedProbe] = {}
    failed: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        where = f"{path}, line {number}"
        try:
            raw = json.loads(line)
            if not isinstance(raw, dict):
                raise TypeError(f"must be an object, got {shown(raw)}")
            if not head:
                head = _head(raw)
                continue
            name = text_field(raw, "id")
            if "error" in raw:
                failed[name] = text_field(raw, "error")
                continue
            failed.pop(name, None)
            beside = {key: _number(raw, key) for key in ("p95_ms", "load_ms") if key in raw}
            timed = Timed(where, name, _number(raw, "ms"), _number(raw, "error_ms", least=0.0), None, beside)
            graph = graph_from_dict(raw["graph"], "graph")
            if raw.get("kind") == "design":
                if not all(split_key(name)):
                    raise ValueError(f"the id of a design must be name@resolution, got {shown(name)}")
                designs[name] = (_network(timed, raw, head), graph)
            elif raw.get("kind") == "probe":
                probes[name] = TimedProbe(timed, graph=graph, **probe_fields(raw))
            else:
                raise ValueError(f"kind must be design or probe, got {shown(raw.get('kind'))}")
        except (DsimError, ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
            raise FileFormatError(
                f"{where}: {why_broken(error)}; remove the line, and time that model again"
            ) from error
    contrasts, blocks, notes = probe_contrasts(
        tuple(probes.values()), PROTOCOL, _source(head, "probes"), neural=False
    )
    if failed:
        first = next(iter(failed.items()))
        notes = (*notes, f"{len(failed)} models failed, the first {first[0]} ({first[1][:60]})")
    return Found(
        tuple(network for network, _ in designs.values()),
        notes=notes,
        graphs={name: graph for name, (_, graph) in designs.items()},
        stack=_stack(head),
        contrasts=contrasts,
        blocks=blocks,
    )


def _head(raw: dict[str, Any]) -> dict[str, Any]:
    if raw.get(MARK) != VERSION:
        raise ValueError(f"{MARK} must be {VERSION}, got {shown(raw.get(MARK))}")
    if raw["unit"] not in UNITS:
        raise ValueError(f"unit must be one of {', '.join(UNITS)}, got {shown(raw['unit'])}")
    check_device_and_passes(raw)
    if type(raw["threads"]) is not int or not 0 < raw["threads"] <= 1024:
        raise ValueError(f"threads must be a whole number of at least 1, got {shown(raw['threads'])}")
    for key in ("name", "os_version"):
        text_field(raw["device"], key)
    return raw


def _number(raw: Mapping[str, Any], key: str, least: float = 1e-9) -> float:
    value = raw[key]
    if type(value) not in (int, float) or not math.isfinite(value) or not least <= value <= MOST_MS:
        raise ValueError(f"{key} must be a positive number of milliseconds, got {shown(value)}")
    return float(value)


def _network(timed: Timed, raw: Mapping[str, Any], head: Mapping[str, Any]) -> FoundNetwork:
    """Make a network; on a delegate, one that it did not take whole has left the accelerator."""
    left = head["unit"] != "cpu" and raw.get("delegate") in ("partially", "not")
    cliff = f"benchmark_model says that it was {raw['delegate']} executed by the delegate" if left else ""
    return FoundNetwork(
        timed.where,
        timed.name,
        timed.ms,
        _source(head, "designs"),
        error_ms=timed.error_ms,
        cliff=cliff,
        beside=timed.beside,
    )


def _source(head: Mapping[str, Any], what: str) -> str:
    device = head.get("device", {})
    return f"run_on_android.py, {what}, {device.get('name', 'a phone')} with Android {device.get('os_version', 'unknown')}"


def _stack(head: Mapping[str, Any]) -> FoundStack | None:
    if not head:
        return None
    unit, device = str(head["unit"]), head["device"]
    threads = f"{head['threads']}" if unit == "cpu" else "chosen by the runtime"
    prefix = f", {head['prefix']}" if head.get("prefix") else ""
    return FoundStack(
        soc=str(device.get("soc") or ""),
        compute_unit=UNITS[unit],
        runtime=f"LiteRT, Android {device['os_version']}",
        precision=PRECISIONS[unit],
        layout="NHWC, by litert-torch's conversion",
        threads=threads,
        passes=tuple(head["passes"]),
        protocol=PROTOCOL,
        stated=f"median of benchmark_model's runs after a warm-up, threads: {threads}{prefix}",
    )
