"""The CSV that TFLite's benchmark_model writes with ``--op_profiling_output_mode=csv``: one row an operator that ran."""

from __future__ import annotations

import csv
from pathlib import Path

from dsim.device.add.found import Found, FoundKernels, FoundNetwork, milliseconds
from dsim.errors import FileFormatError

SOURCE = "TFLite benchmark_model"
TYPE, MEAN = "node type", ("avg_ms", "avg ms")


def is_benchmark_csv(text: str) -> bool:
    """Tell such a file by its header."""
    return any(_cells(line)[:1] == [TYPE] for line in text.splitlines()[:200])


def read_benchmark_csv(path: Path, text: str, reference: str) -> Found:
    """Read the operators in the order in which they ran; their sum is the network's latency.

    Parameters
    ----------
    path, text
        The file.
    reference
        The network that was run; the file does not say.

    Raises
    ------
    FileFormatError
        No network was named, or a row breaks a rule.
    """
    if not reference:
        raise FileFormatError(
            f"{path}: does not say which network ran; name it with --model, e.g. --model mobilenetv2_100@224"
        )
    kernels: list[tuple[str, float]] = []
    header: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        cells = _cells(line)
        if cells[:1] == [TYPE]:
            if header:  # the same operators again, in order of their time
                break
            header = cells
            continue
        if not header or len(cells) != len(header):
            if header and kernels and not cells:
                break  # the section ends with an empty line
            continue
        mean = next((header.index(name) for name in MEAN if name in header), None)
        if mean is None:
            raise FileFormatError(
                f"{path}, row {number}: the header must name avg_ms, got {', '.join(header)[:200]}; write it anew"
            )
        value = cells[mean]
        if value in ("0", "0.000", "0.0"):  # shorter than the clock tells
            continue
        kernels.append((cells[0], milliseconds(value, "ms", f"{path}, row {number}")))
    if not kernels:
        raise FileFormatError(
            f"{path}: must hold rows under '{TYPE}', got none; run with --enable_op_profiling=true"
        )
    total = sum(ms for _, ms in kernels)
    return Found(
        (FoundNetwork(str(path), reference, total, f"{SOURCE}, sum of operators"),),
        kernels=(FoundKernels(str(path), reference, tuple(kernels), SOURCE),),
    )


def _cells(line: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line]), [])]
    except csv.Error:
        return []
