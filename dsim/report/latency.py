"""What a latency estimate says, as a person reads it."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from dsim.graph import Graph
from dsim.latency import LatencyEstimate
from dsim.report.console import result_console

MOST_OPS = 8


def show_latency(name: str, device: str, graph: Graph, answer: LatencyEstimate) -> None:
    """Print an estimate: the figure, its interval, and which operators the time goes to."""
    console = result_console()
    console.print(
        f"[bold]{name}[/] on [bold]{device}[/]: {answer.latency_ms:.2f} ms, "
        f"{answer.confidence:.0%} interval {answer.low_ms:.2f} to {answer.high_ms:.2f} ms; "
        f"{graph.params / 1e6:.2f} M parameters, {graph.macs / 1e9:.3f} GMACs"
    )
    console.print(f"Chance that it leaves the accelerator (not in the interval): {answer.p_cliff:.1%}\n")
    table = Table(
        title="Where the time goes (the model's attribution, not a measurement)", title_justify="left"
    )
    table.add_column("operator")
    table.add_column("ms", justify="right")
    parts = list(answer.by_op.items())
    for kind, value in parts[:MOST_OPS]:
        table.add_row(kind, f"{value:.3f}")
    if len(parts) > MOST_OPS:
        table.add_row(f"{len(parts) - MOST_OPS} others", f"{sum(ms for _, ms in parts[MOST_OPS:]):.3f}")
    table.add_row("fixed, carried by no operator", f"{answer.fixed_ms:.3f}")
    console.print(table)
    seen = ", ".join(f"{value / answer.latency_ms:.0%} {kind}" for kind, value in answer.by_evidence.items())
    console.print(f"Evidence behind it, by time: {seen}")
    for note in answer.notes:
        console.print(Text.assemble(("Note: ", "bold"), note))
