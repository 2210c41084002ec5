"""What a comparison found, on one screen: what was measured, the best design of each device, whether it serves the others."""

from __future__ import annotations

import shlex
from pathlib import Path

from rich.text import Text

from dsim.report.console import headed, plain, result_console, show, show_table, step, titled
from dsim.report.names import common_unit
from dsim.report.null import null_in_words
from dsim.report.shift import show_details, span
from dsim.report.stages import design_words, stages_words
from dsim.report.table import TableData, table
from dsim.report.tiers import PREDICTED, measured_tables, tier_lines
from dsim.report.verdicts import WORDS, explained
from dsim.shift import Cell, Comparison, Shift, Verdict
from dsim.shift.strongest import findings
from dsim.shift.tiers import NOTHING, Measured, measured_of

MOST_LINES = 40  # of a screen, where few devices are compared
MOST_FINDINGS = 3
NONE = Text()


def show_comparison(found: Comparison, folder: str = "", details: bool = False) -> None:
    """Print a comparison on standard output.

    Parameters
    ----------
    folder
        Where it was written; empty for nowhere.
    details
        Print all that was found; without it, the answer and what to do next.
    """
    measured = measured_of(found, Path(folder) if folder else None)
    console = result_console()
    if details:
        show(console, [*tier_lines(measured, console.width), NONE])
        for data in measured_tables(measured):
            show_table(console, data)
        show_details(found, folder)
        return
    show(console, short_comparison(found, folder, console.width, measured))


def short_comparison(found: Comparison, folder: str, width: int, measured: Measured = NOTHING) -> list[Text]:
    """Return the whole short answer; differences, then designs, are left out until it fits one screen."""
    for kept, designs in ((MOST_FINDINGS, True), (1, True), (0, True), (0, False)):
        lines = [
            *tier_lines(measured, width),
            *_head(found, width),
            *([*_designs(found, width), NONE] if designs else []),
            *titled(_worst(found), width),
            NONE,
            *_significant(found, kept, width),
            *_end(found, folder, width),
        ]
        if len(lines) <= MOST_LINES:
            break
    return lines


def _head(found: Comparison, width: int) -> list[Text]:
    unit = common_unit(found)
    rows = []
    for one in found.devices:
        best = one.best
        said = (
            ("nothing fits", "")
            if best is None
            else (
                f"{best.latency_ms:.3g} ({best.low_ms:.3g} to {best.high_ms:.3g})",
                f"{best.top1:.1f} ({best.top1_low:.1f} to {best.top1_high:.1f})",
            )
        )
        rows.append((one.device, f"{one.budget_ms:.3g}", *said))
    columns = ("best design for", f"budget {unit}", f"takes {unit}", found.words.column)
    note = (
        f"Predictions with {found.confidence:.0%} intervals; {found.rule}. "
        f"{found.words.note(found.devices[0].fastest.arch.resolution)} Budgets: {found.budget_rule}."
    )
    return [*titled(table(PREDICTED, columns, rows, numbers=columns[1:2], note=note), width), NONE]


def _designs(found: Comparison, width: int) -> list[Text]:
    best = [(one.device, one.best.arch) for one in found.devices if one.best]
    return [
        line
        for device, arch in best
        for line in headed(f"{device}:", f"{design_words(arch)}; {stages_words(arch)}", width)
    ]


def _worst(found: Comparison) -> TableData:
    """Return the table of the device on which each best design loses most."""
    rows, verdicts = [], []
    for one in found.devices:
        if one.best is None:
            continue
        cells = [
            found.cell(one.device, other.device) for other in found.devices if other.device != one.device
        ]
        worst = max(cells, key=_loss)
        said = span(worst.top1_lost, 1)
        rows.append(
            (one.device, worst.on, f"{said}, {WORDS[worst.verdict]}" if said else WORDS[worst.verdict])
        )
        verdicts.append(worst.verdict)
    columns = ("best design for", "loses most on", f"{found.words.points} lost")
    note = "On another device it is made smaller until it fits, and compared with the best design there. "
    note = (note + explained(verdicts)).strip()
    return table("Does the best design for one device serve another?", columns, rows, note=note)


def _loss(cell: Cell) -> float:
    if cell.verdict is Verdict.NOTHING_FITS:
        return float("inf")
    return cell.top1_lost.value if cell.top1_lost else float("-inf")


def _significant(found: Comparison, most: int, width: int) -> list[Text]:
    """Return the strongest significant differences in sentences, or that there is none."""
    stand = [one for one in findings(found) if one.stands]
    if not stand:
        none = "none among all the questions asked; --details shows what comes closest."
        return [*headed("Significant differences:", none, width), *_by_chance(found, width), NONE]
    left = f", the strongest {min(most, len(stand))} here" if 0 < most < len(stand) else ""
    lines = headed("Significant differences:", f"{len(stand)}{left}; --details shows all.", width)
    for one in stand[:most]:
        lines += plain(f"- {one.text}.", width)
    return [*lines, *_by_chance(found, width), NONE]


def _by_chance(found: Comparison, width: int) -> list[Text]:
    """Say what is found where nothing differs; nothing for a comparison made before devices were compared with themselves."""
    return headed("Found where nothing differs:", null_in_words(found), width) if found.null else []


def _end(found: Comparison, folder: str, width: int) -> list[Text]:
    lines = headed("One design for all:", _robust(found), width)
    if not any(pair.shift is Shift.HARDWARE for pair in found.pairs):
        why = "no two of these devices differ in the chip alone, so that differences are of chip and software together."
        lines += headed("Chip or software:", why, width)
    for note in found.notes:
        lines += headed("Note:", f"{note}.", width)
    lines.append(NONE)
    if found.task:
        device = found.devices[0]
        asked = ("dsim", "study", "--device", device.device, "--budget", f"{device.budget_ms:.6g}ms")
        command = shlex.join([*asked, "--accuracy", found.task.supernet])
        lines += step("train the best designs for a device, and test them:", command, width)
    if folder:
        lines += step("see it as a page with charts:", f"dsim report {shlex.quote(folder)}", width)
    more = "run the same command with --details to see all that was found, and what every word means."
    return [*lines, *headed("Next:", more, width)]


def _robust(found: Comparison) -> str:
    robust = found.robust
    if robust is None:
        return "none, because on some device no design fits."
    best, lost = robust.candidate, max(robust.worst_points, 0.0)
    if not robust.fits_everywhere:
        return f"none of {robust.candidates} candidates fits every budget."
    return (
        f"{found.words.name} {best.top1:.1f}%, {best.params / 1e6:.1f} M parameters; it fits every budget and loses at most {lost:.1f} points "
        "(lower ends) against a device's own best design."
    )
