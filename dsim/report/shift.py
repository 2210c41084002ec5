"""All that a comparison found, as a person reads it."""

from __future__ import annotations

import math

from rich.console import Console

from dsim.report.console import result_console, show, show_line, show_table, show_text
from dsim.report.design import design_lines
from dsim.report.findings import findings_table
from dsim.report.glossary import design_glossary, evidence_glossary
from dsim.report.names import common_unit
from dsim.report.null import null_tables, unknown_rate
from dsim.report.stages import not_searched
from dsim.report.table import TableData, table
from dsim.report.verdicts import EXPLAINED, WORDS
from dsim.search.accuracy_words import AccuracyWords
from dsim.shift import Cell, Comparison, Flip, Interval, Robust, Shift, Verdict
from dsim.shift.summary import claimed_and_scored, shift_by_kind

OVER = "The same designs unchanged: the milliseconds that they need less the budget of the device"


def lost_title(found: Comparison) -> str:
    """Return what the regret matrix shows."""
    return f"{found.words.title} points lost on a device (column) with the best design for another (row), made smaller until it fits"


def show_details(found: Comparison, folder: str = "") -> None:
    """Print all of a comparison on standard output."""
    console = result_console()
    names = ", ".join(device.device for device in found.devices)
    show_line(console, "Comparison of", f"{names}. Budgets: {found.budget_rule}.")
    console.print()
    for data in (devices_table(found), pairs_table(found), matrix_table(found), slower_table(found)):
        show_table(console, data)
    _show_shifts(console, found)
    show_table(console, findings_table(found))
    for data in null_tables(found):
        show_table(console, data)
    show_table(console, flips_table(found))
    show_table(console, what_if_table(found))
    _show_robust(console, found)
    if found.halved:
        show_table(console, halved_table(found))
    _show_not_identified(console, found)
    if words := evidence_glossary(
        " ".join(text for _, text in (*kept_choices(found), *never_measured(found)))
    ):
        show_line(console, "In words:", words)
    best = [device.best.arch for device in found.devices if device.best]
    if best:
        show_line(console, "In words:", design_glossary(best))
    for note in (*found.notes, *unknown_rate(found)):
        show_line(console, "Note:", note)
    show_text(
        console,
        f"All figures but those said to be measured are predictions{found.words.rests_on}. Intervals: {found.draws} paired draws from models "
        f"that were learned {counted(found.refits, 'time')}; the measurements were halved {counted(halvings(found), 'time')}. "
        f"It took {found.seconds:.0f} s.",
    )
    if folder:
        console.print(f"Files: {folder}", markup=False, soft_wrap=True)


def devices_table(found: Comparison) -> TableData:
    """Return the table of budgets, best designs, and what each device's estimates rest on."""
    rows = []
    for d in found.devices:
        best = d.best
        rows.append(
            (
                d.device,
                f"{d.budget_ms:.3g}",
                f"{best.latency_ms:.3g} ({best.low_ms:.3g} to {best.high_ms:.3g})"
                if best
                else "nothing fits",
                f"{best.top1:.1f} ({best.top1_low:.1f} to {best.top1_high:.1f})" if best else "",
                f"{d.own_share:.0%} of {d.figures}",
                f"{d.families}",
                f"{d.sibling_spread:.0%}",
            )
        )
    unit = common_unit(found)
    return table(
        "The best design for each device",
        (
            "device",
            f"budget {unit}",
            f"{unit} (interval)",
            f"{found.words.column} (interval)",
            "own figures",
            "families",
            "spread",
        ),
        rows,
        numbers=(f"budget {unit}", "families", "spread"),
        note="Own figures: share of the measurements behind its estimates that were made on this device. Families: families of "
        "networks among them. Spread: how far two designs of one family are mispriced against each other, held out. "
        f"{found.words.note(found.devices[0].fastest.arch.resolution)}",
    )


def pairs_table(found: Comparison) -> TableData:
    """Return the table of what every two devices differ in."""
    return table(
        "Chip or stack",
        ("devices", "what differs"),
        [
            (f"{p.a} / {p.b}", p.words + (f"; shared model: {p.shared}" if p.shared else ""))
            for p in found.pairs
        ],
        note="Hardware shift: everything but the chip is stated and equal. Anything else is a stack shift.",
    )


def matrix_table(found: Comparison) -> TableData:
    """Return the table of top-1 lost with the best design for another device."""
    names = [d.device for d in found.devices]
    rows = [(of, *(_lost(found.cell(of, on)) for on in names)) for of in names]
    return table(
        lost_title(found),
        ("best design of", *(f"on {name}" for name in names)),
        rows,
        note="Against that device's own best design. Made smaller: same choices, no stage wider or deeper. Nothing fits: no such "
        f"smaller design fits the budget. {EXPLAINED}",
    )


def _lost(cell: Cell) -> str:
    if cell.verdict is Verdict.ITSELF:
        return "0"
    if cell.top1_lost is None:
        return WORDS[cell.verdict]
    return f"{span(cell.top1_lost, 1)}{_noted(cell.verdict)}"


def _noted(verdict: Verdict) -> str:
    """Return what to add to a figure that is not significant."""
    return "" if verdict is Verdict.DIFFERENCE else f", {WORDS[verdict]}"


def slower_table(found: Comparison) -> TableData:
    """Return the table of how far each best design, unchanged, is over the other devices' budgets."""
    names = [d.device for d in found.devices]
    rows = [
        (
            of,
            *(
                ""
                if (cell := found.cell(of, on)).verdict is Verdict.ITSELF or math.isnan(cell.over_budget_ms)
                else f"{cell.over_budget_ms:+.3g}, over in {cell.refits_over} of {found.refits}"
                for on in names
            ),
        )
        for of in names
    ]
    return table(
        OVER,
        ("best design of", *(f"on {name}" for name in names)),
        rows,
        note="Over in: how many of the models that were learned anew put it over the budget.",
    )


def flips_table(found: Comparison) -> TableData:
    """Return the table of what best designs differ in; sizes come last and only where significant."""
    shown = shown_flips(found)
    rows = [
        (
            f"{f.a} -> {f.b}",
            f"{f.choice}: {f.before} -> {f.after}",
            span(f.ms_a, 3) if f.ms_a else "",
            span(f.ms_b, 3) if f.ms_b else "",
            span(f.top1, 2) if f.top1 else "",
            _worth(f),
            f"{f.seeds}/{f.of_seeds}, {f.refits}/{f.of_refits}",
        )
        for f in shown
    ]
    left = len(found.flips) - len(shown)
    return table(
        "What differs between two best designs, and what each change alone is worth",
        (
            *("devices", "choice", "ms on the first", "ms on the second"),
            *(found.words.name, "verdict", "came back"),
        ),
        rows,
        note="Came back: in how many searches on halves of the evidence, and with how many models learned anew, the two designs "
        "differed this way."
        + (
            f" {left} widths, depths and ratios without a significant difference are in flips.parquet."
            if left
            else ""
        ),
    )


def shown_flips(found: Comparison) -> list[Flip]:
    """Return the flips without sizes whose difference is not significant."""
    return [f for f in found.flips if not _size(f) or f.verdict is Verdict.DIFFERENCE]


def _size(flip: Flip) -> bool:
    return flip.choice.startswith(("width", "depth", "MLP"))


def _worth(flip: Flip) -> str:
    if flip.verdict is not Verdict.DIFFERENCE or flip.apart is None:
        return WORDS[flip.verdict]
    return f"saves {abs(flip.apart.value):.0f}% of the budget {'more' if flip.apart.value < 0 else 'less'} on the second"


def what_if_table(found: Comparison) -> TableData:
    """Return the table of what every single change of the what-if design costs on all devices."""
    names = [d.device for d in found.devices]
    rows = []
    for row in found.what_if.rows:
        on = {item.device: item for item in row.on}
        cells = []
        for name in names:
            item = on[name]
            cells.append(f"{span(item.ms, 2)}{_noted(item.verdict)}" if item.ms else WORDS[item.verdict])
        rows.append((f"{row.kind}: {row.before} -> {row.after}", *cells, rank_words(row.top1, 1)))
    base = ", ".join(f"{i.value:.3g} ms on {name}" for name, i in found.what_if.latency)
    return table(
        f"What if: single changes of {found.what_if.design} ({base})",
        ("change", *(f"ms on {name}" for name in names), found.words.name),
        rows,
        note=f"{found.words.note(found.what_if.arch.resolution, anew=True)} Each change is alone; the sum of several "
        "is not what they cost together.",
    )


def rank_words(change: Interval | None, digits: int) -> str:
    """Write what a change does to the accuracy in use; that there is no figure where the supernet holds no such design."""
    return "not trained" if change is None else span(change, digits)


def _show_shifts(console: Console, found: Comparison) -> None:
    for kind, count, told, largest in shift_by_kind(found):
        text = f"{count} pairs of devices, {told} with a significant loss"
        show_line(console, f"{kind}:", text + (f", the largest {span(largest, 1)} points" if largest else ""))
    if not any(pair.shift is Shift.HARDWARE for pair in found.pairs):
        show_line(console, "No hardware shift:", "no two of these devices differ in the chip alone.")
    console.print()


def _show_robust(console: Console, found: Comparison) -> None:
    robust = found.robust
    if robust is None:
        show_line(console, "One design for all:", "none, because on some device no design fits.")
        console.print()
        return
    show_table(console, robust_table(robust, found.words))
    show(console, design_lines("One design for all:", robust.candidate.arch, console.width))
    console.print()


def robust_table(robust: Robust, words: AccuracyWords) -> TableData:
    """Return the table of what one design for all devices loses against each device's own best."""
    rows = [
        (
            on.device,
            f"{on.latency.value:.3g} ({on.latency.low:.3g} to {on.latency.high:.3g})",
            "no budget is enough" if math.isnan(on.over_budget_ms) else f"{on.over_budget_ms:+.3g}",
            span(on.top1_lost, 1) if on.top1_lost else "",
        )
        for on in robust.on
    ]
    best = robust.candidate
    title = (
        f"One design for all devices, the best of {robust.candidates} candidates: {words.name} {best.top1:.1f}%, "
        f"{best.params / 1e6:.1f} M parameters"
    )
    note = (
        f"It fits every budget, and loses at most {max(robust.worst_points, 0.0):.1f} {words.points_of} (lower ends) against a "
        "device's own best design."
        if robust.fits_everywhere
        else "No candidate fits every budget: this one exceeds the budget that it misses most by the least."
    )
    columns = ("device", "ms (interval)", "over budget ms", f"{words.name} lost")
    return table(title, columns, rows, numbers=("over budget ms",), note=note)


def halved_table(found: Comparison) -> TableData:
    """Return the table of what one half of the measurements claims of the designs it chose, and what the other half says."""
    rows = [
        (
            s.device,
            f"{s.searches} of {s.asked}",
            f"{s.slower:+.0%}",
            f"{s.less:+.2f}",
            f"{s.held} of {s.searches}",
        )
        if s.searches
        else (s.device, f"0 of {s.asked}", s.why, "", "")
        for s in claimed_and_scored(found)
    ]
    return table(
        "Winner's curse: searched with one half of the measurements, scored with the other",
        ("device", "searches", "ms, scored against claimed", found.words.points, "fits"),
        rows,
        note="Medians. Fits: how many designs fit the budget by the half that did not choose them. Half of the measurements make "
        f"a worse model than all: the gap holds both what choosing a winner adds and what that costs.{found.words.halved}",
    )


def _show_not_identified(console: Console, found: Comparison) -> None:
    for name, text in kept_choices(found):
        show_line(console, f"Not searched on {name}:", text)
    for name, text in never_measured(found):
        show_line(console, f"No price on {name}:", text)


def kept_choices(found: Comparison) -> tuple[tuple[str, str], ...]:
    """Return (device, what was not searched there and why)."""
    return tuple((d.device, not_searched(item)) for d in found.devices for item in d.not_identified)


def never_measured(found: Comparison) -> tuple[tuple[str, str], ...]:
    """Return (device, single changes that have no price there and why), each reason once."""
    changes: dict[tuple[str, str], list[str]] = {}
    for row in found.what_if.rows:
        for on in row.on:
            if on.why and row.kind not in ("activation", "norm"):
                changes.setdefault((on.device, on.why), []).append(f"{row.kind} {row.before} -> {row.after}")
    return tuple((device, f"{', '.join(rows)} ({why})") for (device, why), rows in changes.items())


def halvings(found: Comparison) -> int:
    """Return how often the measurements were halved."""
    return len({h.fold_seed for h in found.halved})


def counted(count: int, noun: str) -> str:
    """Write a count with its noun, in the singular or the plural."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def span(interval: Interval | None, digits: int) -> str:
    """Write a value with its interval."""
    if interval is None or math.isnan(interval.value):
        return ""
    value, low, high = (f"{x:+.{digits}f}" for x in (interval.value, interval.low, interval.high))
    return f"{value} ({low} to {high})"
