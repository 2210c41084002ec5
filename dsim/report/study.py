"""What a study found, as a person reads it."""

from __future__ import annotations

from rich.console import Console

from dsim.accuracy.recipe import reference_words
from dsim.arch import Arch
from dsim.device.batches import split_name
from dsim.report.console import result_console, show_line, show_table
from dsim.report.stages import COLUMNS, stage_rows
from dsim.report.table import TableData, table
from dsim.search import Candidate, StudyResult

FRONT_ROWS = 12


def summary_lines(result: StudyResult) -> list[str]:
    """Return the estimates of the chosen design in plain sentences, for the exported model's README."""
    chosen = result.chosen
    if chosen is None:
        return []
    level = f"{result.spec.confidence:.0%}"
    return [
        f"Estimated latency on {result.spec.device}: {chosen.latency_ms:.2f} ms, {level} interval "
        f"{chosen.low_ms:.2f} to {chosen.high_ms:.2f} ms (predicted, not measured){_run(result)}.",
        f"Estimated ImageNet-1k top-1: {chosen.top1:.1f} %, {level} interval {chosen.top1_low:.1f} to "
        f"{chosen.top1_high:.1f} % ({reference_words(chosen.arch.resolution)}; predicted, not trained).",
    ]


def _run(result: StudyResult) -> str:
    batch = split_name(result.spec.device)[1]
    return f", for a run of {batch} images" if batch else ""


def show_study(result: StudyResult) -> None:
    """Print a result on standard output."""
    console = result_console()
    spec = result.spec
    show_line(console, spec.device, f"within {spec.budget_ms:g} ms, at {spec.confidence:.0%} confidence\n")
    if result.chosen is None:
        _show_nothing_fits(console, result)
        _show_stages(console, result.fastest.arch)
    else:
        _show_chosen(console, result.chosen, spec.budget_ms, spec.confidence)
        _show_stages(console, result.chosen.arch)
    _show_front(console, result)
    _show_published(console, result)
    for item in result.not_identified:
        text = f"{item.choice} stays {item.kept} ({', '.join(item.dropped)} not searched): {item.why}"
        show_line(console, "Not identified:", text)
    for note in result.notes:
        show_line(console, "Note:", note)
    _show_cost(console, result)


def _show_chosen(console: Console, chosen: Candidate, budget_ms: float, confidence: float) -> None:
    show_table(console, chosen_table(chosen, budget_ms, confidence))
    console.print(
        "Both are predictions: latency from published measurements, top-1 from published results, for "
        f"{reference_words(chosen.arch.resolution)}.\n"
    )


def chosen_table(chosen: Candidate, budget_ms: float, confidence: float) -> TableData:
    """Show what is predicted of a chosen design."""
    level = f"{confidence:.0%} interval"
    rows = [
        ("latency", f"{chosen.latency_ms:.2f} ms", f"{level} {chosen.low_ms:.2f} to {chosen.high_ms:.2f} ms"),
        ("P(fits)", f"{chosen.p_fits:.1%}", f"chance that a new measurement is within {budget_ms:g} ms"),
        ("top-1", f"{chosen.top1:.1f} %", f"{level} {chosen.top1_low:.1f} to {chosen.top1_high:.1f} %"),
        (
            "parameters",
            f"{chosen.params / 1e6:.2f} M",
            "both classifiers counted" if chosen.arch.head.distilled else "",
        ),
        ("MACs", f"{chosen.macs / 1e9:.3f} G", ""),
    ]
    if chosen.name:
        rows.append(("published as", chosen.name, ""))
    return table("Chosen design", ("", "predicted", ""), rows, numbers=("predicted",))


def _show_nothing_fits(console: Console, result: StudyResult) -> None:
    fastest, budget = result.fastest, result.nearest_feasible_budget_ms
    console.print(f"[bold]Nothing fits {result.spec.budget_ms:g} ms.[/]")
    if budget is not None:
        console.print(f"Nearest feasible budget: {budget:.2f} ms.")
    console.print(
        f"Fastest design reached: {fastest.latency_ms:.2f} ms ({fastest.low_ms:.2f} to {fastest.high_ms:.2f}), "
        f"top-1 {fastest.top1:.1f} % ({reference_words(fastest.arch.resolution)}).\n"
    )


def _show_stages(console: Console, arch: Arch) -> None:
    title = f"Stage by stage, at {arch.resolution} px (stem: {arch.stem})"
    show_table(console, table(title, COLUMNS, stage_rows(arch), numbers=("map", "width")))


def _show_front(console: Console, result: StudyResult) -> None:
    """Show a part of the front, spread over its length; the file holds all of it."""
    front = result.front
    count = min(FRONT_ROWS, len(front))
    last = len(front) - 1
    picked = {round(i * last / max(count - 1, 1)) for i in range(count)}
    chosen = [i for i, c in enumerate(front) if result.chosen and c.arch == result.chosen.arch]
    rows = [
        _front_row(front[i], "chosen" if i in chosen else front[i].name) for i in sorted(picked.union(chosen))
    ]
    title = f"Pareto front ({len(rows)} of {len(front)}; all in front.parquet)"
    columns = ("latency ms", "from - to", "top-1 %", "from - to %", "params M", "GMACs", "")
    show_table(console, table(title, columns, rows, numbers=columns[:-1]))


def _front_row(c: Candidate, mark: str) -> tuple[str, ...]:
    return (
        f"{c.latency_ms:.2f}",
        f"{c.low_ms:.2f} - {c.high_ms:.2f}",
        f"{c.top1:.1f}",
        f"{c.top1_low:.1f} - {c.top1_high:.1f}",
        f"{c.params / 1e6:.1f}",
        f"{c.macs / 1e9:.2f}",
        mark,
    )


def _show_published(console: Console, result: StudyResult) -> None:
    if result.published:
        show_table(console, published_table(result))


def published_table(result: StudyResult) -> TableData:
    """Show the networks that a study names beside its choice."""
    rows = [
        (item.network, f"{item.latency_ms:.2f}", "" if item.top1 is None else f"{item.top1:.1f}", item.source)
        for item in result.published
    ]
    title = f"Published networks that cost about as much on {result.spec.device}, as measured by others"
    return table(title, ("network", "ms", "top-1 %", "source"), rows, numbers=("ms", "top-1 %"))


def _show_cost(console: Console, result: StudyResult) -> None:
    cost = result.cost
    console.print(
        f"\nCost: {cost.seconds:.1f} s, {cost.designs:,} designs, {cost.mixes} mixes, {cost.repeats} repeats replaced."
    )
    if cost.capped:
        console.print(
            "The time cap ended it before its trials did: this result is not reproducible; run it again to go on."
        )
    if cost.interrupted:
        console.print("It was interrupted before its trials were done: run it again to go on.")
    console.print(f"Files: {result.spec.folder}", markup=False, soft_wrap=True)
