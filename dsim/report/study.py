"""What a study found, as a person reads it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dsim.arch import Arch, Mixer
from dsim.report.console import result_console
from dsim.search import Candidate, StudyResult

FRONT_ROWS = 12


def summary_lines(result: StudyResult) -> list[str]:
    """Give the estimates of the chosen design in plain sentences, for the exported model's README."""
    chosen = result.chosen
    if chosen is None:
        return []
    level = f"{result.spec.confidence:.0%}"
    return [
        f"Estimated latency on {result.spec.device}: {chosen.latency_ms:.2f} ms, {level} interval "
        f"{chosen.low_ms:.2f} to {chosen.high_ms:.2f} ms (predicted, not measured).",
        f"Estimated ImageNet-1k top-1: {chosen.top1:.1f} %, {level} interval {chosen.top1_low:.1f} to "
        f"{chosen.top1_high:.1f} % (300 epochs, distilled, 224 px; predicted, not trained).",
    ]


def show_study(result: StudyResult) -> None:
    """Print a result on standard output."""
    console = result_console()
    spec = result.spec
    console.print(
        f"[bold]{spec.device}[/], budget {spec.budget_ms:g} ms at {spec.confidence:.0%} confidence",
        end="\n\n",
    )
    if result.chosen is None:
        _show_nothing_fits(console, result)
    else:
        _show_chosen(console, result.chosen, spec.budget_ms, spec.confidence)
        console.print(_stages(result.chosen.arch))
    console.print(_front(result))
    if result.published:
        console.print(_published(result))
    for item in result.not_identified:
        console.print(
            Text.assemble(
                ("Not identified: ", "bold"),
                f"{item.choice} stays {item.kept} ({', '.join(item.dropped)} not searched): {item.why}",
            )
        )
    for note in result.notes:
        console.print(Text.assemble(("Note: ", "bold"), note))
    _show_cost(console, result)


def _show_chosen(console: Console, chosen: Candidate, budget_ms: float, confidence: float) -> None:
    table = Table(title="Chosen design", show_header=False, title_justify="left", box=None)
    table.add_row("latency", f"{chosen.latency_ms:.2f} ms", f"{chosen.low_ms:.2f} to {chosen.high_ms:.2f} ms")
    table.add_row(
        "fits the budget", f"{chosen.p_fits:.1%}", f"chance that a new measurement is within {budget_ms:g} ms"
    )
    table.add_row("top-1", f"{chosen.top1:.1f} %", f"{chosen.top1_low:.1f} to {chosen.top1_high:.1f} %")
    table.add_row("parameters", f"{chosen.params / 1e6:.2f} M", "")
    table.add_row("MACs", f"{chosen.macs / 1e9:.2f} G", "")
    if chosen.name:
        table.add_row("published as", chosen.name, "")
    console.print(table)
    console.print(
        f"Intervals at {confidence:.0%}; both figures are predictions: latency from published measurements, "
        "top-1 from published results, for 300 epochs, distilled, 224 px.\n"
    )


def _show_nothing_fits(console: Console, result: StudyResult) -> None:
    fastest, budget = result.fastest, result.nearest_feasible_budget_ms
    console.print(f"[bold]Nothing fits {result.spec.budget_ms:g} ms.[/]")
    if budget is not None:
        console.print(f"Nearest feasible budget: {budget:.2f} ms.")
    console.print(
        f"Fastest design reached: {fastest.latency_ms:.2f} ms ({fastest.low_ms:.2f} to {fastest.high_ms:.2f}), "
        f"top-1 {fastest.top1:.1f} %.\n"
    )
    console.print(_stages(fastest.arch))


def _stages(arch: Arch) -> Table:
    table = Table(title=f"Stage by stage, at {arch.resolution} px (stem: {arch.stem})", title_justify="left")
    for column in ("stage", "map", "width", "blocks", "MLP ratio", "activation", "norm"):
        table.add_column(column)
    for index, stage in enumerate(arch.stages):
        runs = [
            (mixer, len(list(run))) for mixer, run in itertools.groupby(block.mixer for block in stage.blocks)
        ]
        plain = [block for block in stage.blocks if block.mixer is not Mixer.ATTENTION] or list(stage.blocks)
        size = arch.map_size(index)
        table.add_row(
            str(index + 1),
            f"{size} x {size}",
            str(stage.width),
            " + ".join(f"{count} {mixer}" for mixer, count in runs),
            _spread([f"{block.mlp_ratio:g}" for block in stage.blocks]),
            _spread([str(block.activation) for block in stage.blocks]),
            _spread([str(block.norm) for block in plain]),
        )
    return table


def _spread(values: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(values))


def _front(result: StudyResult) -> Table:
    """Show a part of the front, spread over its length; the file holds all of it."""
    front = result.front
    count = min(FRONT_ROWS, len(front))
    last = len(front) - 1
    picked = sorted({round(i * last / max(count - 1, 1)) for i in range(count)})
    table = Table(
        title=f"Pareto front ({len(picked)} of {len(front)}; all in front.parquet)", title_justify="left"
    )
    for column in ("latency ms", "interval", "top-1 %", "interval", "params M", "GMACs", ""):
        table.add_column(column, justify="right")
    for index in picked:
        c = front[index]
        mark = "chosen" if result.chosen and c.arch == result.chosen.arch else c.name
        table.add_row(
            f"{c.latency_ms:.2f}",
            f"{c.low_ms:.2f} to {c.high_ms:.2f}",
            f"{c.top1:.1f}",
            f"{c.top1_low:.1f} to {c.top1_high:.1f}",
            f"{c.params / 1e6:.1f}",
            f"{c.macs / 1e9:.2f}",
            mark,
        )
    return table


def _published(result: StudyResult) -> Table:
    table = Table(title="Published networks that cost about as much there, as measured", title_justify="left")
    for column in ("network", "measured ms", "top-1 %", "source"):
        table.add_column(column)
    for item in result.published:
        top1 = "" if item.top1 is None else f"{item.top1:.1f}"
        table.add_row(item.network, f"{item.latency_ms:.2f}", top1, item.source)
    return table


def _show_cost(console: Console, result: StudyResult) -> None:
    cost = result.cost
    console.print(
        f"\nCost: {cost.seconds:.1f} s, {cost.designs:,} designs, {cost.mixes} mixes, {cost.repeats} repeats replaced."
    )
    if cost.capped:
        console.print(
            "The time cap ended it before its trials did: this result is not reproducible; run it again to go on."
        )
    console.print(f"Files: {result.spec.folder}")
