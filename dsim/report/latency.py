"""What a latency estimate says, as a person reads it."""

from __future__ import annotations

from dsim.graph import Graph
from dsim.latency import LatencyEstimate
from dsim.report.console import result_console, show_line, show_table
from dsim.report.table import table

MOST_OPS = 10


def show_latency(name: str, device: str, graph: Graph, answer: LatencyEstimate) -> None:
    """Print an estimate: the figure, its interval, and which operators the time goes to."""
    console = result_console()
    show_line(
        console,
        f"{name} on {device}:",
        f"{answer.latency_ms:.2f} ms, {answer.confidence:.0%} interval {answer.low_ms:.2f} to {answer.high_ms:.2f} ms; "
        f"{graph.params / 1e6:.2f} M parameters, {graph.macs / 1e9:.3f} GMACs",
    )
    console.print(f"Chance that it leaves the accelerator (not in the interval): {answer.p_cliff:.1%}\n")
    parts = list(answer.by_op.items())
    rows = [(kind, f"{value:.3f}") for kind, value in parts[:MOST_OPS]]
    if len(parts) > MOST_OPS:
        rows.append((f"{len(parts) - MOST_OPS} others", f"{sum(ms for _, ms in parts[MOST_OPS:]):.3f}"))
    rows.append(("fixed, carried by no operator", f"{answer.fixed_ms:.3f}"))
    title = "Where the time goes (the model's attribution, not a measurement)"
    show_table(console, table(title, ("operator", "ms"), rows, numbers=("ms",)))
    seen = ", ".join(f"{value / answer.latency_ms:.0%} {kind}" for kind, value in answer.by_evidence.items())
    console.print(f"Evidence behind it, by share of the time: {seen}")
    for note in answer.notes:
        show_line(console, "Note:", note)
