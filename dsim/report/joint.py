"""One design for several devices, as a person reads it."""

from __future__ import annotations

import shlex

from dsim.report.console import result_console, show, show_line, show_table, show_text, step
from dsim.report.design import design_lines
from dsim.report.names import device_words
from dsim.report.next_steps import form_for, rounded_up
from dsim.report.table import TableData, table
from dsim.rounding import three_digits
from dsim.search import JointStudy


def show_joint(found: JointStudy) -> None:
    """Print what was found on standard output, on one screen."""
    console, spec = result_console(), found.spec.shares
    show_text(console, joint_words(found))
    show_text(console, f"Predicted, with {spec.confidence:.0%} intervals; {spec.rule}. {spec.trained}.")
    console.print()
    show_table(console, joint_table(found))
    show(console, design_lines("The design:", found.design.arch, console.width))
    console.print()
    for use in found.limits:
        show_line(console, f"{use.title}:", f"{use.words}.")
    if found.not_identified:
        dropped = dict.fromkeys(
            f"{item.choice} {option}" for item in found.not_identified for option in item.dropped
        )
        show_line(
            console,
            "Not searched:",
            f"{', '.join(dropped)}: their prices are not known on all these devices.",
        )
    for what, command in joint_steps(found):
        show(console, step(what, command, console.width))


def joint_words(found: JointStudy) -> str:
    """Return what was found in a sentence or two."""
    design = found.design
    if found.fits:
        return (
            f"One design fits {_all(found)} devices: {design.top1:.1f}% top-1 ({design.top1_low:.1f} to "
            f"{design.top1_high:.1f}), {design.params / 1e6:.1f} M parameters, {design.macs / 1e9:.2f} GMACs."
        )
    share = max(one.design.needs_ms / one.budget_ms for one in found.on)
    return (
        f"No design fits {_all(found)} devices. The nearest is shown: every budget times {rounded_up(share):g} "
        "would do."
    )


def _all(found: JointStudy) -> str:
    return "both" if len(found.on) == 2 else f"all {len(found.on)}"


def joint_steps(found: JointStudy) -> tuple[tuple[str, str], ...]:
    """Return (what for, command), most important first."""
    folder = shlex.quote(str(found.spec.folder))
    forms = dict(form_for(device_words(one.device).runtime) for one in found.on) if found.fits else {}
    steps = [
        (f"write it as {called} file:", f"dsim export {folder} --to {form} -o app-{form}")
        for form, called in forms.items()
    ]
    if found.cost.is_final:  # a page takes finished studies only
        steps.append(("see it as a page with charts:", f"dsim report {folder}"))
    return tuple(steps)


def joint_table(found: JointStudy) -> TableData:
    """Return the table of the one design on each device, and what it gives up there; 80 columns hold it."""
    rows = [
        (
            one.device,
            f"{three_digits(one.design.needs_ms)} of {one.budget_ms:.4g}",
            f"{three_digits(one.design.latency_ms)} ({three_digits(one.design.low_ms)} to {three_digits(one.design.high_ms)})",
            "" if one.lost is None else one.lost.words,
        )
        for one in found.on
    ]
    columns = ("device", "needs, ms", "takes, ms", "gives up, points")
    note = (
        "Needs: the smallest budget that it fits there, of the device's own. Gives up: top-1 that it loses against the best design for "
        "that device alone, with its interval; empty where none fits there."
    )
    return table("", columns, rows, columns[1:], note)
