"""Show the reference networks, and the plan of what to measure first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from dsim.accuracy.quantised import quantised
from dsim.latency.methods.few_shot.listing import ReferenceNetwork
from dsim.latency.methods.few_shot.plan import Step
from dsim.records import to_plain
from dsim.report.console import result_console, show, show_line, show_table, step
from dsim.report.table import table

MOST_KINDS = 3  # of operators, in a row


def show_networks(found: Sequence[ReferenceNetwork], wanted: str) -> None:
    """Show the networks, one a row."""
    console = result_console()
    if not found:
        show_line(
            console, "Networks:", f"no network has a name with {wanted!r}; leave out --filter to see all"
        )
        return
    columns = ("network", "also called", "million MACs", "timed on", "int8 %")
    rows = (
        (one.key, ", ".join(one.names[1:]), f"{one.macs / 1e6:,.0f}", str(one.devices), _int8(one.key))
        for one in found
    )
    show_table(
        console,
        table(
            "Reference networks",
            columns,
            rows,
            columns[2:],
            "A sheet of measurements may use any of these names. Timed on: how many bundled devices. Int8: the lowest top-1 published of it with 8-bit integers, - where none is. For a network of your own, "
            "write the path of its file (.onnx, .tflite, .mlpackage, .pt2 or arch.json).",
        ),
    )


def network_plain(one: ReferenceNetwork) -> dict[str, Any]:
    """Return plain values for JSON: what it is, and every top-1 published of it with 8-bit integers."""
    return {**asdict(one), "int8_top1": [to_plain(figure) for figure in quantised().get(one.key, ())]}


def _int8(key: str) -> str:
    found = quantised().get(key)
    return f"{found[0].top1:g}" if found else "-"


def _some(kinds: Sequence[str]) -> str:
    """Name a few kinds of operators: the first network of a plan brings a dozen, and a row must not fill a screen."""
    more = len(kinds) - MOST_KINDS
    return ", ".join(kinds[:MOST_KINDS]) + (f" and {more} more" if more > 0 else "") or "-"


def show_plan(steps: Sequence[Step]) -> None:
    """Show what to measure, most telling first."""
    columns = ("measure", "also called", "million MACs", "error left, %", "adds")
    rows = (
        (
            step.key,
            ", ".join(name for name in step.names[1:] if ":" in name),
            f"{step.macs / 1e6:,.0f}",
            f"{(math.exp(step.after) - 1.0) * 100.0:.0f}",
            _some(step.brings),
        )
        for step in steps
    )
    console = result_console()
    show_table(
        console,
        table(
            "Networks to measure first",
            columns,
            rows,
            columns[2:4],
            "Measure them in this order: each one tells most about all other networks, after those above it. Error left: how far "
            "off predictions of all reference networks are then expected to be. Adds: kinds of operators that no network above "
            "it holds; --json names all.",
        ),
    )
    what = "write their milliseconds into a sheet (three are enough, ten are good), and make a profile of it:"
    show(console, step(what, "dsim device add SHEET.csv --name my-device", console.width))
