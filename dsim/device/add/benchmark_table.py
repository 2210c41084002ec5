"""The table of operators that TFLite's benchmark_model prints, as CSV or lined up with tabs.

One row is one node of the network: its type, milliseconds of one call, how many calls a run has. A type may hold commas
(``Convolution (NHWC, F32) IGEMM``), so a row is recognised by its numbers in the middle, not by its commas.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# nodes that run once, before the first image
PREPARING = {"ModifyGraphWithDelegate", "AllocateTensors"}
_NUMBER = r"[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?|[-+]?(?:nan|inf)"
_FIRST, _LAST = "node type", "name"
_MEAN, _CALLS, _SHARE = "avg ms", "times called", "%"
_TIMINGS = re.compile(r"Timings \(microseconds\):.*?\bavg=([0-9.eE+]+)")


@dataclass(frozen=True)
class Node:
    """One row: the line that it stands in, its type, milliseconds of one call, calls in a run, share of a run."""

    row: int
    kind: str
    avg_ms: str
    calls: str
    percent: float


@dataclass(frozen=True)
class RunOrder:
    """One table in the order in which nodes ran.

    Attributes
    ----------
    row
        Line of its header.
    missing
        A column that it lacks; empty where it has all.
    nodes
        Its rows.
    closed
        True where something follows the rows, so that the file did not stop inside them.
    total_us
        Microseconds of a run as the tool sums them, 0 where it does not say.
    """

    row: int
    missing: str
    nodes: tuple[Node, ...]
    closed: bool
    total_us: float

    @property
    def prepares(self) -> bool:
        """True where all that it holds is done once, before the first image."""
        return bool(self.nodes) and all(node.kind in PREPARING for node in self.nodes)

    @property
    def percent(self) -> float:
        """Share of a run that its rows have; less than all where rows are lost."""
        return sum(node.percent for node in self.nodes)


def is_table_header(line: str) -> bool:
    """Recognise the header of such a table, in either layout."""
    return line.replace("[", "").replace("]", "").strip().lower().startswith(_FIRST)


def run_orders(lines: Sequence[str], first: int) -> Iterator[RunOrder]:
    """Go through the tables of operators; those that repeat a table in another order, or sum it, are left out.

    Parameters
    ----------
    lines
        The text.
    first
        Number of its first line.
    """
    heading, at = "", 0
    while at < len(lines):
        line = lines[at]
        if line.startswith("="):
            heading = line.strip("= \t").lower()
        if is_table_header(line) and heading in ("", "run order"):
            found, end = _table(lines, at, first)
            if found.nodes or found.missing:
                yield found
            heading, at = "sorted", end
            continue
        if "profiling info" in line.lower():
            heading = ""
        at += 1


def _table(lines: Sequence[str], at: int, first: int) -> tuple[RunOrder, int]:
    """Read one table; returns it and the line after its rows."""
    names = _header(lines[at])
    missing = next((name for name in (_FIRST, _MEAN, _SHARE) if name not in names), "")
    pattern = _row_pattern(names)
    nodes, end = [], at + 1
    while not missing and end < len(lines) and (match := pattern.fullmatch(lines[end].strip())):
        cells = dict(zip(names, match.groups(), strict=True))
        kind, calls = cells[_FIRST].strip(), cells.get(_CALLS, "1")
        nodes.append(Node(first + end, kind, cells[_MEAN], calls, _float(cells[_SHARE])))
        end += 1
    rest = lines[end:]
    stop = next(
        (
            n
            for n, line in enumerate(rest)
            if "profiling info" in line.lower() or line.strip().lower() == "delegate internal:"
        ),
        len(rest),
    )
    told = next((match for line in rest[:stop] if (match := _TIMINGS.search(line))), None)
    closed = any(line.strip() for line in rest)
    return RunOrder(first + at, missing, tuple(nodes), closed, _float(told[1]) if told else 0.0), end


def _header(line: str) -> tuple[str, ...]:
    plain = line.replace("[", "").replace("]", "").strip().lower()
    parts = plain.split(",") if "," in plain else re.split(r"\s{2,}|\t", plain)
    return tuple(part.strip().replace("avg_ms", _MEAN) for part in parts)


def _row_pattern(names: Sequence[str]) -> re.Pattern[str]:
    """Return what a row looks like: a type, one number a column (shares with their sign), a name."""
    between = r"(?:\s*,\s*|\s+)"
    middle = [rf"({_NUMBER}){'%' if name.startswith(('%', 'cdf', 'avg %')) else ''}" for name in names[1:-1]]
    last = r"(.*)" if names[-1] == _LAST else rf"({_NUMBER})"
    return re.compile(between.join(("(.+?)", *middle, last)), re.IGNORECASE)


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
