"""What searches at several budgets found: one table, one answer a budget."""

from __future__ import annotations

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
        f"Predicted, with {spec.confidence:.0%} intervals; {spec.rule}.{limits} "
        f"{spec.words.about((first.chosen or first.fastest).arch.resolution)}",
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


def budgets_table(found: BudgetStudies) -> TableData:
    """Return the table, the smallest budget first."""
    accuracy = found.studies[0].spec.words.column
    columns = ("budget ms", "takes ms", "its interval", accuracy, "from", "to", "M params", "GMACs", "")
    return table("", columns, [_cells(one) for one in found.studies], columns[:-1])


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
