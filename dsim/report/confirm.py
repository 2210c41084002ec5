"""Show what to time for a study, and what the times say of its answer."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from dsim.confirm import Kept, Plan, Verdict
from dsim.confirm.front import Confirmed, Step
from dsim.confirm.kit import README, SHEET
from dsim.report.console import result_console, show, show_line, show_table, step
from dsim.report.table import TableData, table
from dsim.rounding import three_digits
from dsim.search import Candidate

LOST = "points of top-1 on average, against timing all designs"


def show_plan(plan: Plan, study: Path, out: Path | None = None) -> None:
    """Print what to time, and what to do next: write the files, or type the times into their sheet."""
    console = result_console()
    spec = plan.result.spec
    show_line(
        console,
        f"{spec.name}:",
        f"if you time its choice alone, and take the next best where it does not fit, you lose {plan.risk:.2f} {LOST}.",
    )
    console.print()
    show_table(
        console,
        steps_table(
            f"What to time on {plan.profile.name}, the most telling first", plan.steps, plan.result.chosen
        ),
    )
    command = ["dsim", "confirm", str(study)]
    if out is None:
        lines = step(
            "write a model file of each, and a sheet for the times:",
            shlex.join([*command, "--out", "to-time"]),
            console.width,
        )
    else:
        what = f"time them as {out / README} says, type the times into {out / SHEET}, and run:"
        lines = step(what, shlex.join([*command, "--results", str(out / SHEET)]), console.width)
    show(console, lines)


def steps_table(title: str, steps: Sequence[Step], chosen: Candidate | None) -> TableData:
    """Return the table of designs to time; beneath it which of them the study chose."""
    rows = [
        (
            step.name,
            three_digits(step.design.latency_ms),
            f"{three_digits(step.design.low_ms)} to {three_digits(step.design.high_ms)}",
            f"{step.design.top1:.1f}",
            f"{step.risk:.2f}",
        )
        for step in steps
    ]
    columns = ("design", "predicted ms", "interval", "top-1", "points lost after it")
    ours = [step.name for step in steps if chosen is not None and step.design.arch == chosen.arch]
    return table(title, columns, rows, columns[1:], f"The study's choice: {ours[0]}." if ours else "")


def show_confirmed(found: Confirmed, results: Sequence[Path] = (), again: str = "") -> None:
    """Print the restated answer, and what to do next.

    Parameters
    ----------
    results
        The files that the times were read from.
    again
        The command that had the designs timed; empty where the user did.
    """
    console = result_console()
    spec, answer = found.result.spec, found.answer
    budget = f"{spec.budget_ms:g} ms on {spec.device}"
    if answer.verdict is Verdict.NOTHING:
        text = f"no design of the study fits {budget}; search with a larger budget"
    elif found.chosen is None:
        text = f"no design is certain enough to fit {budget} yet"
    else:
        same = found.result.chosen is not None and found.chosen.arch == found.result.chosen.arch
        which = "the study's choice" if same else f"{found.name} in place of the study's choice"
        text = f"{which}: {answer.ms:.3g} ms given these times, {answer.p_fits:.0%} to fit {budget}, top-1 {found.chosen.top1:.1f} %"
    show_line(
        console,
        f"{str(answer.verdict).capitalize()}:",
        f"{text}. To stop here loses {answer.risk:.2f} {LOST}.",
    )
    if why := _why(found):
        show_line(console, "Why:", why)
    console.print()
    rows = [(name, f"{ms:.3g}", f"{was:.3g}", f"{ms / was - 1:+.0%}") for name, ms, was in found.timed]
    columns = ("design", "timed ms", "predicted ms", "off by")
    show_table(console, table("Timed beside predicted", columns, rows, numbers=columns[1:]))
    if found.untimed:
        count = f"{len(found.untimed)} design{'s' if len(found.untimed) > 1 else ''}"
        show_line(console, "Not timed:", f"{count} of the sheet: {', '.join(found.untimed)}.")
    if found.steps:
        show_table(console, steps_table("What to time next", found.steps, found.result.chosen))
    for note in found.notes:
        show_line(console, "Note:", note)
    if found.steps and again:
        show(console, step("have these timed, too:", f"{again} --more", console.width))
    elif found.steps:
        files = " or ".join(map(str, results[-1:])) or "the sheet"
        show_line(
            console, "Next:", f"add the times of these as rows of {files}, and run the same command again."
        )


def show_kept(kept: Kept, budget_ms: float) -> None:
    """Print where the times lie, what they are good for, and how to undo that."""
    console, added = result_console(), kept.added
    if added is None:
        show_line(
            console, "Profile:", f"none of your own was made of these times yet, because {kept.why_not}"
        )
        return
    new = added.networks - kept.earlier
    text = f"{new} times are evidence of your own profile {kept.name} now"
    if kept.earlier:
        text += f", beside {kept.earlier} that it had"
    show_line(console, "Profile:", f"{text}, in {added.folder}.")
    for note in added.notes:
        show_line(console, "Note:", note)
    again = f"dsim study --device {kept.name} --budget {budget_ms:g}ms"
    show(console, step("to search again with these times:", again, console.width))
    show(console, step("to forget them:", f"dsim device remove {kept.name}", console.width))


def _why(found: Confirmed) -> str:
    """Say why another design is chosen; empty where none is."""
    before, now = found.result.chosen, found.chosen
    if found.answer.verdict is not Verdict.CHANGED or before is None or now is None:
        return ""
    if now.top1_low > before.top1_low:
        return "the study left room for the error of its predictions; with these times less is needed, and a more accurate design fits."
    return "with these times, the study's choice is no longer likely enough to fit."
