"""Print what a measurement found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.text import Text

from dsim.device.find import find_profile
from dsim.device.profile import CHECK
from dsim.latency.checked import checked_networks
from dsim.latency.scoring import Held
from dsim.measure.error_shares import error_shares
from dsim.measure.make_profile import Measured
from dsim.measure.scores import score, split_networks
from dsim.report.console import result_console, show, show_line, show_table
from dsim.report.drift import drift_plot, drift_sentence
from dsim.report.table import TableData, table


def score_row(networks: Sequence[Held]) -> tuple[str, ...]:
    """Return the cells of `dsim.measure.scores.Scores`; a dash stands for what is not known."""
    one = score(networks)
    return (
        str(one.networks),
        *(
            "-" if value is None else f"{value:.{digits}f}"
            for value, digits in (
                (one.median_percent, 1),
                (one.within_5_percent, 1),
                (one.within_10_percent, 1),
                (one.spearman, 4),
                (one.covered_percent, 0),
                (one.in_budget_percent, 0),
            )
        ),
    )


def measured_table(found: Mapping[str, Sequence[Held]]) -> TableData:
    """Return the table of scores; ``found`` maps a profile to its networks, each predicted without its family."""
    rows = [
        (name, what, str(find_profile(name).batch), *score_row(networks))
        for name, held in found.items()
        for what, networks in split_networks(name, held).items()
        if networks
    ]
    columns = (
        "profile",
        "networks",
        "batch",
        "how many",
        "median %",
        "within 5%",
        "within 10%",
        "Spearman",
        "in interval %",
        "in budget %",
    )
    return table(
        "Predicted against measured",
        columns,
        rows,
        columns[2:],
        "Every network was timed as a whole. In interval: share of networks inside the 90% interval. In budget: share of the "
        "designs that a search chose within a budget, at confidence 0.9, and that fit it by the clock.",
    )


def _batches(one: Measured) -> str:
    if one.batches == (1,):
        return ""
    return f", at batch {' and '.join(map(str, one.batches))} together"


def show_measured(made: Mapping[str, Measured], found: Mapping[str, Sequence[Held]]) -> None:
    """Print the profiles that were made and how good they are."""
    console = result_console()
    for name, one in made.items():
        left = f", {one.busy} left out because the machine was busy" if one.busy else ""
        failed = f", {one.failed} that it could not run" if one.failed else ""
        show_line(
            console,
            f"{name}:",
            f"{one.networks} networks to learn from, {one.checks} held out for good{left}{failed}{_batches(one)}",
        )
        for batch, number in one.short.items():
            show_line(
                console,
                "  left out:",
                f"batch {batch}, with {number} networks to learn from; give it more --time",
            )
        if one.sum_over_whole:
            low, middle, high = one.sum_over_whole
            own = ", ".join(f"{label} {share:.1%}" for label, share in list(one.inserted.items())[:3])
            show_line(
                console,
                "  operators:",
                f"their sum is {middle:.3f} of the network's time ({low:.3f} to {high:.3f}); inserted by the runtime: "
                f"{own or 'nothing'}",
            )
        if one.drift is not None:
            show_line(console, "  the machine's speed:", drift_sentence(one.drift))
        elif one.checks:
            show_line(console, "  the machine's speed:", "not known; what it changed is in the errors below")
    course = next((one.drift for one in made.values() if one.drift is not None), None)
    if course is not None:  # of the machine: the same for all backends
        show_line(console, "How much longer everything took than usual:", "")
        show(console, [Text(line) for line in drift_plot(course)])
    show_table(console, measured_table(found))
    for name in found:
        shares = error_shares(find_profile(name), checked_networks(name, CHECK))
        if shares is not None:
            show_line(console, f"{name}:", str(shares))
