"""Show published networks that fit a budget on a device."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Sequence

from dsim.report.console import result_console, show, show_line, show_table, show_text, step
from dsim.report.layout import GAP
from dsim.report.names import DeviceWords, device_words
from dsim.report.next_steps import rounded_up
from dsim.report.table import TableData, table
from dsim.rounding import three_digits
from dsim.shelf import Shelved, Shortlist

Column = tuple[str, Callable[[Shelved], str]]
_COLUMNS: dict[str, Callable[[Shelved], str]] = {
    "top-1 %": lambda row: f"{row.top1:.1f}",
    "ms": lambda row: ms(row.latency_ms),
    "interval": lambda row: f"{ms(row.low_ms)} to {ms(row.high_ms)}",
    "": lambda row: row.how,
    "px": lambda row: str(row.px),
    "M params": lambda row: f"{row.params / 1e6:.1f}",
    "licence": lambda row: row.licence,
    "  network": lambda row: f"{'*' if row.pareto else ' '} {row.name}",
}
_NUMBERS = ("top-1 %", "ms", "interval", "px", "M params")
_DROPPED = ("licence", "M params", "interval")  # first to last, where a screen is too narrow
_SHORT: Column = ("by", lambda row: row.how[0])  # in place of the words, where names are long
WHOLE = 1e4  # ms, from which a budget is written in full
USUAL = 0.9  # confidence, if nobody names another
STARS = "*: no other on the list is as accurate and needs less. Top-1 as published."
LETTERS = "By: m is measured there, p is predicted."


def show_shortlists(found: Sequence[Shortlist], top: int, details: bool) -> None:
    """Print one shortlist a budget.

    Parameters
    ----------
    top
        How many networks of each.
    details
        Say of every network how it was trained and how it is loaded, and who measured it.
    """
    console = result_console()
    for one in found:
        device = device_words(one.device)
        show_text(console, answer(one, device))
        if not one.rows:
            for note in one.notes:
                show_line(console, "Note:", f"{note}.")
            continue
        console.print()
        show_table(console, rows_table(one.rows[:top], console.width))
        if details:
            show_table(console, details_table(one.rows[:top]))
        best = one.rows[0]
        show_line(console, "The first:", about(best))
        show_line(console, "Load it:", best.load)
        for note in one.notes:
            show_line(console, "Note:", f"{note}.")
        if one is found[-1]:
            what = "write it for a runtime, with its weights (needs timm):"
            show(console, step(what, export_command(one), console.width))


def export_command(found: Shortlist) -> str:
    """Return the command that writes the first of a list: it asks for the same list again."""
    limits = found.limits
    words = ["dsim", "shortlist", "--device", found.device, "--budget", f"{found.budget_ms:.12g}ms"]
    words += limits.options
    words += ["--px", ",".join(map(str, limits.px))] if limits.px else []
    words += [] if found.confidence == USUAL else ["--confidence", f"{found.confidence:g}"]
    return shlex.join([*words, "--export", "shelf"])


def answer(found: Shortlist, device: DeviceWords) -> str:
    """Return what was found in a sentence or two."""
    limits = f" with {found.limits.words}" if found.limits.words else ""
    budget = f"{found.budget_ms:{',.0f' if found.budget_ms >= WHOLE else '.4g'}} {device.unit}"
    if not found.rows:
        nearest = found.nearest
        if nearest is None:
            return f"On {device.title}, no published network{limits} fits any budget with a chance of {found.confidence:.0%}."
        return (
            f"On {device.title}, no published network{limits} fits {budget}. The smallest budget that one fits is "
            f"{rounded_up(nearest.needs_ms):g} ms: {nearest.name} at {nearest.px} px, {nearest.top1:.1f}% top-1."
        )
    best = found.rows[0]
    return (
        f"On {device.title}, {len(found.rows)} of {found.considered} published checkpoints{limits} fit {budget} with a chance of "
        f"{found.confidence:.0%}. The most accurate is {best.name}: {best.top1:.1f}% top-1, {ms(best.latency_ms)} ms "
        f"({best.how})."
    )


def about(row: Shelved) -> str:
    """Return what to know of a network before it is used."""
    said = [
        f"{row.px} px, {row.params / 1e6:.1f} M parameters, {row.macs / 1e9:.2f} GMACs",
        row.trained,
        f"licence of the weights: {row.licence}",
    ]
    said += ["merge its branches before it ships: the latency is of the merged form"] if row.merge else []
    said += [f"{row.how} ({row.evidence})", *([row.note] if row.note else ())]
    return "; ".join(said) + "."


def rows_table(rows: Sequence[Shelved], width: int) -> TableData:
    """Return the table of networks with as many columns as a width has room for."""
    columns, note = dict(_COLUMNS), STARS
    for dropped in (*_DROPPED, None):
        if _fits(columns, rows, width):
            break
        if dropped:
            del columns[dropped]
        else:
            columns = dict(_SHORT if name == "" else (name, cell) for name, cell in columns.items())
            note = f"{LETTERS} {STARS}"
    cells = [[cell(row) for cell in columns.values()] for row in rows]
    return table("", columns, cells, [name for name in _NUMBERS if name in columns], note)


def _fits(columns: dict[str, Callable[[Shelved], str]], rows: Sequence[Shelved], width: int) -> bool:
    widths = (max(len(name), *(len(cell(row)) for row in rows)) for name, cell in columns.items())
    return sum(widths) + len(GAP) * (len(columns) - 1) <= width


def details_table(rows: Sequence[Shelved]) -> TableData:
    """Return the table of how networks were trained, what they need and who measured them; a list on most screens."""
    columns = (
        "network",
        "needs ms",
        "leaves the accelerator",
        "trained",
        "licence",
        "merge",
        "from",
        "other figures",
        "load",
    )
    cells = (
        (
            f"{row.name} at {row.px} px",
            ms(row.needs_ms),
            f"{row.p_cliff:.1%}",
            row.trained,
            row.licence,
            "yes" if row.merge else "no",
            "; ".join(filter(None, (row.how, row.evidence, row.note))),
            row.metrics.words,
            row.load,
        )
        for row in rows
    )
    return table("Each of them", columns, cells, columns[1:3], "Needs: the smallest budget that it fits.")


def ms(value: float) -> str:
    """Write milliseconds with three digits."""
    return "none" if math.isinf(value) else three_digits(value)
