"""Qualcomm AI Hub's job results: the JSON of one profile job, as its client's ``download_profile`` and ``download_results`` write it."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

from dsim.device.add.aihub_names import aihub_graph
from dsim.device.add.found import Found, FoundNetwork, milliseconds
from dsim.device.add.perf_yaml import cliff_of
from dsim.device.add.tail import tail_of
from dsim.errors import FileFormatError
from dsim.records import parse_json, shown

SOURCE = "Qualcomm AI Hub, profile job"
_END = re.compile(r"_j[a-z0-9]{6,12}_results$")  # what the client puts behind a job's name
_AGAIN = "download the job's results again"


def read_aihub_job(path: Path, text: str) -> Found:
    """Read the results of one job; the file is named after its network, as the client names it.

    Raises
    ------
    FileFormatError
        It is no such file, or its job has no inference time.
    """
    raw = parse_json(text, str(path), _AGAIN)
    summary = raw.get("execution_summary") if isinstance(raw, dict) else None
    if not isinstance(summary, dict):
        raise FileFormatError(
            f"{path}: must hold execution_summary, as AI Hub's client writes it, got {shown(raw)}; {_AGAIN}"
        )
    latency_ms = milliseconds(summary.get("estimated_inference_time"), "us", f"{path}, execution_summary")
    npu, other = _layers(raw.get("execution_detail"))
    name = _END.sub("", path.stem)
    return Found(
        (
            FoundNetwork(
                str(path),
                name,
                latency_ms,
                SOURCE,
                npu,
                other,
                cliff=cliff_of(latency_ms, npu, other),
                graph=aihub_graph(name),
                beside=_beside(summary),
            ),
        )
    )


def _beside(summary: dict[str, Any]) -> dict[str, float]:
    """Return the tail of the runs, and the first load with the first run; times are microseconds, and a file may lack them."""
    runs, load = summary.get("all_inference_times"), summary.get("first_load_time")
    if not isinstance(runs, list) or not runs or not all(map(_is_time, runs)):
        return {}
    return tail_of([us / 1e3 for us in runs]) | (
        {"load_ms": (load + runs[0]) / 1e3} if _is_time(load) else {}
    )


def _is_time(value: object) -> bool:
    return type(value) in (int, float) and 0 < value < math.inf  # type: ignore[operator]


def _layers(detail: Any) -> tuple[int | None, int | None]:
    """Return how many layers ran on the NPU and off it, None each where the file does not say."""
    if not isinstance(detail, list) or not detail:
        return None, None
    units = [layer.get("compute_unit") for layer in detail if isinstance(layer, dict)]
    npu = units.count("NPU")
    return npu, units.count("CPU") + units.count("GPU")
