"""What searches at several budgets found: one table, one answer a budget."""

from __future__ import annotations

from dataclasses import replace

from dsim.accuracy.asked_recipe import recipe_words
from dsim.report.answer import cut_short
from dsim.report.console import result_console, show_line, show_table, show_text
from dsim.report.names import device_words
from dsim.report.next_steps import rounded_up
from dsim.report.study import show_study
from dsim.report.table import TableData, table
from dsim.search import BudgetStudies, StudyResult


def show_budgets(found: BudgetStudies, details: bool = False) -> None:
    """Print one answer a budget on standard output.

    Parameters
    ----------
    details
        Print all that was found at each budget, too.
    """
    console, first = result_console(), found.studies[0]
    spec, device = first.spec, device_words(first.spec.device)
    show_text(console, f"On {device.title}, the most accurate design that fits each budget:")
    console.print()
    show_table(console, budgets_table(found))
    limits = f" All are within the limits: {spec.limits.words}." if spec.limits else ""
    show_text(
        console,
        f"Predicted, with {spec.confidence:.0%} intervals; {spec.rule}.{limits} {_judged_by(found)}",
    )
    cut: dict[tuple[str, str], list[str]] = {}
    for one in found.studies:
        for said in cut_short(one):
            cut.setdefault(said, []).append(f"{one.spec.budget_ms:g}")
    for (head, text), budgets in cut.items():
        show_line(console, head, f"at {', '.join(budgets)} ms {text}")
    show_line(
        console, "Files:", f"a folder for each, {', '.join(str(one.spec.folder) for one in found.studies)}."
    )
    show_line(console, "Next:", "run the command with one of these budgets to see its design.")
    for one in found.studies if details else ():
        console.print()
        show_study(one, details)


def _judged_by(found: BudgetStudies) -> str:
    """Say in a sentence what the figures of accuracy are of."""
    first = found.studies[0].spec
    words = first.words
    if len(found.sides) > 1 and words.task is None:
        trained = recipe_words(first.recipe, first.space.resolution, "at the px of its row")
        words = replace(words, trained=trained)
    return words.about(first.space.resolution)


def budgets_table(found: BudgetStudies) -> TableData:
    """Return the table, the smallest budget first; with the size of image where several were the best."""
    accuracy = found.studies[0].spec.words.column
    columns: tuple[str, ...] = (
        "budget ms",
        "takes ms",
        "its interval",
        accuracy,
        "from",
        "to",
        "M params",
        "GMACs",
        "",
    )
    rows: list[tuple[str, ...]] = [_cells(one) for one in found.studies]
    if len(found.sides) > 1:
        sides = [str(one.spec.space.resolution) for one in found.studies]
        columns = (columns[0], "px", *columns[1:])
        rows = [(row[0], side, *row[1:]) for row, side in zip(rows, sides, strict=True)]
    return table("", columns, rows, columns[:-1])


def _cells(one: StudyResult) -> tuple[str, ...]:
    chosen, budget = one.chosen, f"{one.spec.budget_ms:.4g}"
    if chosen is None:
        nearest = one.nearest_feasible_budget_ms
        least = (
            f"nothing fits; {rounded_up(nearest):g} ms is needed" if nearest else "nothing fits any budget"
        )
        return (budget, *[""] * 7, least)
    return (
        budget,
        f"{chosen.latency_ms:.2f}",
        f"{chosen.low_ms:.2f} to {chosen.high_ms:.2f}",
        f"{chosen.top1:.1f}",
        f"{chosen.top1_low:.1f}",
        f"{chosen.top1_high:.1f}",
        f"{chosen.params / 1e6:.1f}",
        f"{chosen.macs / 1e9:.2f}",
        chosen.name,
    )
