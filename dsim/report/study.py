"""What a study found, as a person reads it."""

from __future__ import annotations

from dataclasses import replace

from rich.console import Console
from rich.text import Text

from dsim.report.answer import answer_lines, cut_short, next_lines, prefer_lines, short_answer
from dsim.report.certainty import certainty_table
from dsim.report.console import result_console, show, show_line, show_table
from dsim.report.glossary import design_glossary, evidence_glossary
from dsim.report.missed import alike_lines
from dsim.report.shelf import rows_table
from dsim.report.stages import COLUMNS, not_searched, px_words, stage_rows
from dsim.report.table import TableData, table
from dsim.search import Candidate, StudyResult

FRONT_ROWS = 8


def show_study(result: StudyResult, details: bool = False) -> None:
    """Print a result on standard output.

    Parameters
    ----------
    details
        Print all that was found; without it, the answer, the alternatives and what to do next, on one screen.
    """
    console = result_console()
    if not details:
        show(console, short_answer(result, console.width))
        return
    show(console, answer_lines(result, console.width))
    _show_details(console, result)
    show(console, next_lines(result, console.width))


def _show_details(console: Console, result: StudyResult) -> None:
    shown = result.chosen or result.fastest
    if result.chosen:
        show_table(console, chosen_table(result.chosen, result))
    if result.certainty:
        show_table(console, certainty_table(result))
    image = result.spec.image
    title = f"Stage by stage, at {px_words(shown.arch, image)} (stem: {shown.arch.stem})"
    show_table(console, table(title, COLUMNS, stage_rows(shown.arch, image), numbers=("map", "width")))
    if result.trained:
        show_table(console, trained_table(result))
    show_line(console, "In words:", design_glossary([shown.arch]))
    console.print()
    show_table(console, front_table(result))
    if near := near_tables(result, console.width):
        show_table(console, near[0])
        show(console, [*prefer_lines(result, console.width), Text()])
    for head, text in alike_lines(result):
        show_line(console, head, text)
    for item in result.not_identified:
        show_line(console, "Not searched:", not_searched(item))
    if words := evidence_glossary(" ".join(item.why for item in result.not_identified)):
        show_line(console, "In words:", words)
    for head, text in cut_short(result):
        show_line(console, head, text)
    for note in result.notes:
        show_line(console, "Note:", f"{note}.")
    cost = result.cost
    show_line(
        console,
        "Cost:",
        f"{cost.seconds:.1f} s, {cost.designs:,} designs in {cost.mixes} combinations of block types ({cost.repeats} more came up "
        "twice and were replaced).",
    )
    console.print(f"Files: {result.spec.folder}", markup=False, soft_wrap=True)
    console.print()


def chosen_table(chosen: Candidate, result: StudyResult) -> TableData:
    """Return the table of what is predicted of a chosen design, and of what it reached where it was tested."""
    budget_ms, level = result.spec.budget_ms, f"{result.spec.confidence:.0%} interval"
    name, tested = result.spec.words.name, result.tested
    allowed = {use.name: use.allowed_words for use in result.limits}
    rows = [
        ("latency", f"{chosen.latency_ms:.2f} ms", f"{level} {chosen.low_ms:.2f} to {chosen.high_ms:.2f} ms"),
        ("fits", f"{chosen.p_fits:.1%}", f"chance that a new measurement is within {budget_ms:g} ms"),
        (name, f"{chosen.top1:.1f}%", f"{level} {chosen.top1_low:.1f} to {chosen.top1_high:.1f}%"),
        (
            "parameters",
            f"{chosen.params / 1e6:.2f} M",
            "; ".join(
                filter(
                    None,
                    (
                        allowed.get("params", ""),
                        "both classifiers counted" if chosen.arch.head.distilled else "",
                    ),
                )
            ),
        ),
        ("MACs", f"{chosen.macs / 1e9:.3f} G", allowed.get("macs", "")),
        *(
            (use.title.lower(), use.used_words, use.allowed_words)
            for use in result.limits
            if use.name not in ("params", "macs")
        ),
    ]
    if chosen.name:
        rows.append(("published as", chosen.name, ""))
    if tested and tested.accuracy is not None:
        about = (
            f"measured, 95% interval {tested.low:.1f} to {tested.high:.1f}%, of {tested.test_images:,} images"
        )
        rows.append(("test accuracy", f"{tested.accuracy:.1f}%", about))
    return table("Chosen design", ("", "predicted", ""), rows, numbers=("predicted",))


def trained_table(result: StudyResult) -> TableData:
    """Return the table of the designs that were trained alone; an accuracy stands where one was tested."""
    places = {design.arch: number for number, design in enumerate(result.front, 1)}
    rows = []
    for one in result.trained:
        place = places.get(one.arch)
        chosen = result.chosen is not None and one.arch == result.chosen.arch
        tested = one.accuracy is not None
        rows.append(
            (
                f"design {place} of {len(places)}" if place else "a design",
                f"{one.images:,}",
                f"{one.search_loss:.4f}",
                f"{one.accuracy:.1f} ({one.low:.1f} to {one.high:.1f})" if tested else "not tested",
                "chosen" if chosen else "" if tested else "stopped",
            )
        )
    numbers = ("images shown", "search loss", "test accuracy %")
    count = next((one.test_images for one in result.trained if one.test_images), 0)
    return table(
        "Designs trained alone",
        ("", *numbers, ""),
        rows,
        numbers,
        "In each round the half with the lower loss on the search images goes on and is trained anew on twice as many. Accuracy "
        f"is of {count:,} test images that no step has seen, with its 95% interval; it chose nothing.",
    )


def front_table(result: StudyResult) -> TableData:
    """Return the table of a part of the front, spread over its length; front.parquet holds all of it."""
    front = result.front
    count = min(FRONT_ROWS, len(front))
    last = len(front) - 1
    picked = {round(i * last / max(count - 1, 1)) for i in range(count)}
    chosen = [i for i, c in enumerate(front) if result.chosen and c.arch == result.chosen.arch]
    rows = [
        _front_row(front[i], "chosen" if i in chosen else front[i].name) for i in sorted(picked.union(chosen))
    ]
    title = f"Pareto front ({len(rows)} of {len(front)}; all in front.parquet)"
    accuracy = result.spec.words.column
    columns = ("ms", "interval", accuracy, "its interval", "params M", "GMACs", "")
    return table(title, columns, rows, numbers=columns[:-1])


def _front_row(c: Candidate, mark: str) -> tuple[str, ...]:
    return (
        f"{c.latency_ms:.2f}",
        f"{c.low_ms:.2f} to {c.high_ms:.2f}",
        f"{c.top1:.1f}",
        f"{c.top1_low:.1f} to {c.top1_high:.1f}",
        f"{c.params / 1e6:.1f}",
        f"{c.macs / 1e9:.2f}",
        mark,
    )


def near_tables(result: StudyResult, width: int) -> tuple[TableData, ...]:
    """Return the table of published networks beside the chosen design, as wide as there is room; none where there are none.

    Those with weights that fit the budget; in files of older versions those that were measured at about its latency.
    """
    if result.shelf:
        return (
            replace(rows_table(result.shelf, width), title="Published networks with weights that fit too"),
        )
    return (published_table(result),) if result.published else ()


def published_table(result: StudyResult) -> TableData:
    """Return the table of measured networks that take about as long as the chosen design."""
    rows = [
        (item.network, f"{item.latency_ms:.2f}", "" if item.top1 is None else f"{item.top1:.1f}", item.source)
        for item in result.published
    ]
    title = "Published networks that take about as long there, as measured by others"
    return table(title, ("network", "ms", "top-1 %", "source"), rows, numbers=("ms", "top-1 %"))
