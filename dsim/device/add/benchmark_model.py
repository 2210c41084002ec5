"""What TFLite's benchmark_model prints: its log, and the tables of operators as CSV or inside the log.

Everything that a run prints may stand in one file. A whole run's time is ``Inference (avg)`` of the log, in microseconds, or
else the sum of the operators of its regular runs. What is done once, before the first image, counts nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from dsim.device.add.benchmark_table import RunOrder, is_table_header, run_orders
from dsim.device.add.found import Found, FoundKernels, FoundNetwork, milliseconds
from dsim.errors import FileFormatError

SOURCE = "TFLite benchmark_model"
# what a phone's log, or the tool itself, puts before every line
_PREFIX = re.compile(
    r"^(?:\d\d-\d\d \d\d:\d\d:\d\d\.\d+ +\d+ +\d+ [VDIWE] [^:]*: ?|[VDIWE]/[^(:]*\( *\d+\): ?|(?:INFO|WARNING|ERROR|VERBOSE): ?)"
)
_INFERENCE = re.compile(r"nference timings in us:.*\bInference(?: \(avg\))?: *(\S+?),?(?:\s|$)")
_GRAPH = re.compile(r"^\s*Graph: \[(.*)\]")
_START = re.compile(r"^\s*STARTING!")
_SIGNS = re.compile(
    r"^\s*(?:STARTING!|Num threads: \[|Graph: \[|Initialized session in )|nference timings in us:|Profiling Info for "
)
_REGULAR = "regular benchmark runs"
WHOLE_PERCENT = 97.0  # of a run: shares are rounded
MAY_DIFFER = 0.05  # of the operators' sum from the tool's own; both are rounded


def is_benchmark_output(text: str) -> bool:
    """Recognise such a file by a table's header or by a line of the log."""
    return any(is_table_header(line) or _SIGNS.search(line) for line in _lines(text)[:300])


def read_benchmark_output(
    path: Path, text: str, models: list[str], names: Mapping[str, str], known: Sequence[str] = ()
) -> Found:
    """Read every run of a file.

    Parameters
    ----------
    path, text
        The file; lines end with a line feed.
    models
        The networks that ran, in order; each run takes the next. A file does not say what a .tflite file holds.
    names
        What to look a network up under, by the name of the .tflite file or of this file, with its suffix or without.
    known
        Names of networks that need not be looked up in ``names``.

    Raises
    ------
    FileFormatError
        A run has no network named for it, stops early, or breaks a rule.
    """
    lines = _lines(text)
    starts = [n for n, line in enumerate(lines) if _START.match(line)]
    ends = [*starts[1:], len(lines)] if starts else [len(lines)]
    found = Found()
    for start, end in zip([0, *starts[1:]], ends, strict=True):
        found += _run(path, lines[start:end], start + 1, models, names, known)
    return found


def _lines(text: str) -> list[str]:
    return [_PREFIX.sub("", line) for line in text.split("\n")]


def _run(
    path: Path,
    lines: list[str],
    first: int,
    models: list[str],
    names: Mapping[str, str],
    known: Sequence[str],
) -> Found:
    told = next((match for line in lines if (match := _INFERENCE.search(line))), None)
    table = _regular(path, lines, first)
    if told is None and table is None:
        raise FileFormatError(
            f"{path}: stops before the regular runs: it has no line 'Inference timings in us' and no table of operators; run benchmark_model to its end"
        )
    at = f"{path}, row {first + next((n for n, line in enumerate(lines) if told and told[0] in line), 0)}"
    notes: list[str] = []
    kernels: tuple[tuple[str, float], ...] = ()
    summed = 0.0
    if table is not None:
        if table.percent >= WHOLE_PERCENT and (table.closed or told is not None):
            kernels, summed = _kernels(path, table)
        elif told is None:
            raise FileFormatError(
                f"{path}, row {table.row}: the table of operators stops early: its rows are {table.percent:.0f}% of a run"
                f"{'' if table.closed else ', and the file ends with them'}; run benchmark_model to its end"
            )
    latency_ms = milliseconds(told[1], "us", at) if told else summed
    reference = _named(path, lines, models, names, known)
    source = SOURCE if told else f"{SOURCE}, sum of operators"
    if table is not None and not kernels:
        notes.append(f"{path}: operators are not matched, nodes ran several times a run or rows are missing")
    return Found(
        (FoundNetwork(at if told else str(path), reference, latency_ms, source),),
        kernels=(FoundKernels(str(path), reference, kernels, SOURCE),) if kernels else (),
        notes=tuple(notes),
    )


def _named(
    path: Path, lines: list[str], models: list[str], names: Mapping[str, str], known: Sequence[str]
) -> str:
    ran = next((Path(match[1]).name for line in lines if (match := _GRAPH.match(line))), "")
    called = (ran, Path(ran).stem, path.name, path.stem)
    mapped = next((name for name in called if name in names or name in known), "")
    if mapped:
        return mapped
    if models:
        return models.pop(0)
    says = f"says that {ran[:80]} ran, not what is in it" if ran else "does not say which network ran"
    remedy = (
        f"name this file as the network's is called, such as {known[0]}.log"
        if known
        else "name it with --model, e.g. --model mobilenetv2_100@224"
    )
    raise FileFormatError(f"{path}: {says}; {remedy}")


def _regular(path: Path, lines: list[str], first: int) -> RunOrder | None:
    """Find the table of the regular runs; None where the file has none."""
    start = next((n for n, line in enumerate(lines) if _REGULAR in line.lower()), 0)
    tables = list(run_orders(lines[start:], first + start))
    kept = [one for one in tables if not one.prepares]
    if tables and not kept:
        raise FileFormatError(
            f"{path}, row {tables[0].row}: the tables hold only what is done before the first run; run benchmark_model to its end"
        )
    if not kept:
        return None
    if kept[0].missing:
        raise FileFormatError(
            f"{path}, row {kept[0].row}: the header must name node type, avg_ms and %, {kept[0].missing!r} is missing; write it again"
        )
    return kept[0]


def _kernels(path: Path, table: RunOrder) -> tuple[tuple[tuple[str, float], ...], float]:
    """Return the nodes with milliseconds, none where one ran several times a run, and the milliseconds of a run."""
    kernels, total, several = [], 0.0, False
    for node in table.nodes:
        where = f"{path}, row {node.row}"
        if not node.calls.isdecimal() or not 1 <= int(node.calls[:8]) <= 10**6:
            raise FileFormatError(
                f"{where}, column 'times called': must be a whole number of at least 1, got {node.calls[:40]!r}; run benchmark_model again"
            )
        if not node.avg_ms.strip("0."):  # shorter than the clock tells
            continue
        ms, calls = milliseconds(node.avg_ms, "ms", f"{where}, column 'avg_ms'"), int(node.calls)
        kernels.append((node.kind, ms))
        total += ms * calls
        several |= calls > 1
    told = table.total_us / 1e3
    rounding = 0.0005 * sum(int(node.calls) for node in table.nodes)
    if told and abs(total - told) > MAY_DIFFER * told + rounding:
        raise FileFormatError(
            f"{path}, row {table.row}: the operators sum to {total:.4g} ms and the line Timings says {told:.4g} ms; run benchmark_model again"
        )
    return (() if several else tuple(kernels)), told or total
