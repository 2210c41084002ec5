"""How the reference networks are listed, and the plan of what to measure first."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dsim.latency.methods.few_shot.listing import ReferenceNetwork
from dsim.latency.methods.few_shot.plan import Step
from dsim.report.console import result_console, show_line, show_table
from dsim.report.table import table


def show_networks(found: Sequence[ReferenceNetwork], wanted: str) -> None:
    """Show the networks, one a row."""
    console = result_console()
    if not found:
        show_line(
            console, "Networks:", f"none of which a name holds {wanted!r}; leave --filter out to see all"
        )
        return
    columns = ("network", "also called", "million MACs", "timed on")
    rows = ((one.key, ", ".join(one.names[1:]), f"{one.macs / 1e6:,.0f}", str(one.devices)) for one in found)
    show_table(
        console,
        table(
            "Reference networks",
            columns,
            rows,
            columns[2:],
            "A file of measurements may use any of these names. Timed on: how many bundled devices. A network of your own is "
            "named by the path of its .onnx or arch.json file.",
        ),
    )


def show_plan(steps: Sequence[Step]) -> None:
    """Show what to measure, most telling first."""
    columns = ("measure", "also called", "million MACs", "spread of all then, %", "brings")
    rows = (
        (
            step.key,
            ", ".join(name for name in step.names[1:] if ":" in name),
            f"{step.macs / 1e6:,.0f}",
            f"{(math.exp(step.after) - 1.0) * 100.0:.0f}",
            ", ".join(step.brings) or "-",
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
            "In this order: each leaves the least uncertainty about all reference networks, by what the bundled devices differ "
            "in, each kind of device counting the same. Spread: how far the reference networks are still expected to be off. "
            "Brings: kinds of operators that no network above it holds.",
        ),
    )
    show_line(
        console, "Next:", "dsim device add FILE --name my-device; three networks are enough, ten are good"
    )
