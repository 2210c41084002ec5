"""What a comparison found, in sentences made from its records; none is written by hand for one result."""

from __future__ import annotations

from collections import Counter

from dsim.report.names import common_unit
from dsim.report.shift import shown_flips, span
from dsim.report.verdicts import WORDS
from dsim.shift import Comparison, Shift, Verdict
from dsim.shift.summary import claimed_and_scored, shift_by_kind


def question(found: Comparison) -> tuple[str, ...]:
    """Return what was asked, and what every figure is."""
    unit = {
        "ms": "milliseconds for one image",
        "ms per run": "milliseconds for one run of each profile's own batch",
    }.get(common_unit(found), common_unit(found).replace("ms", "milliseconds", 1))
    measured = (
        f"{found.words.rests_on}. {found.words.about(found.devices[0].fastest.arch.resolution)} Only the sections before this "
        "one are measured."
        if found.task
        else ", except points that are marked as measured by others and the sections before this one."
    )
    return (
        f"{found.words.best.capitalize()} within a budget was searched for {len(found.devices)} devices, in {unit}. "
        f"Budgets: {found.budget_rule}.",
        f"Every figure is a prediction from published or recorded measurements, with its {found.confidence:.0%} interval"
        f"{measured}",
    )


def findings(found: Comparison) -> tuple[str, ...]:
    """Return what was found, each with its count and its interval."""
    out = [_cells(found)]
    for kind, judged, told, largest in shift_by_kind(found):
        if not judged:
            out.append(f"{kind}: no pair of devices can be judged.")
            continue
        most = f"; the largest is {span(largest, 1)} {found.words.points_of}" if largest else ""
        out.append(f"{kind}: {told} of {judged} pairs that can be judged have a significant loss{most}.")
    if not any(pair.shift is Shift.HARDWARE for pair in found.pairs):
        out.append(
            "No two of these devices differ in the chip alone, so that nothing here is a hardware shift."
        )
    out += _incomplete(found)
    out += [_flips(found), _robust(found), *_curse(found)]
    if not found.complete:
        out.append("The time limit ended this comparison before it was complete.")
    return tuple(out)


def _cells(found: Comparison) -> str:
    counts = Counter(cell.verdict for cell in found.cells if cell.of != cell.on)
    said = ", ".join(f"{counts[verdict]} {WORDS[verdict]}" for verdict in Verdict if counts[verdict])
    judged = counts[Verdict.DIFFERENCE] + counts[Verdict.NO_EVIDENCE]
    chance = 1.0 - found.confidence
    return (
        f"Of {sum(counts.values())} losses with another device's design: {said or 'none'}. If nothing differed, about "
        f"{judged * chance:.1f} of the {judged} that can be judged would be significant by chance at {found.confidence:.0%}."
    )


def _incomplete(found: Comparison) -> list[str]:
    """Name the devices whose best design rests on what was never measured there."""
    shares = {d.device: dict(d.evidence).get("unsupported", 0.0) for d in found.devices}
    return [
        f"{share:.0%} of the milliseconds of the best design for {device} belong to operators that were never measured there: its "
        "total is an incomplete estimate, and may be too low or too high."
        for device, share in shares.items()
        if share > 0
    ]


def _flips(found: Comparison) -> str:
    flips = shown_flips(found)
    counts = Counter(flip.verdict for flip in found.flips)
    told = [flip for flip in flips if flip.verdict is Verdict.DIFFERENCE and flip.apart]
    judged = sum(counts[v] for v in (Verdict.DIFFERENCE, Verdict.NO_EVIDENCE, Verdict.TOO_SMALL))
    said = (
        f"Best designs differ in {len(found.flips)} single choices over all pairs. Of the {judged} that can be judged, "
        f"{counts[Verdict.DIFFERENCE]} save significantly more on one of the two devices; about "
        f"{judged * (1.0 - found.confidence):.1f} would by chance if nothing differed"
    )
    if not told:
        return f"{said}."
    most = max(told, key=lambda flip: abs(flip.apart.value) if flip.apart else 0.0)
    return (
        f"{said}. The largest: {most.choice}, {most.before} on {most.a} and {most.after} on {most.b}, a difference "
        f"of {span(most.apart, 1)} % of the budget; it came back in {most.seeds} of {most.of_seeds} searches on halves of the "
        f"measurements and with {most.refits} of {most.of_refits} models learned anew."
    )


def _robust(found: Comparison) -> str:
    robust = found.robust
    if robust is None:
        return "There is no design for all devices, because on some device no design fits."
    if not robust.fits_everywhere:
        return (
            f"There is no design for all devices: none of {robust.candidates} candidates fits every budget."
        )
    return (
        f"One design of {robust.candidates} candidates fits every budget, and loses at most "
        f"{max(robust.worst_points, 0.0):.1f} {found.words.points_of} (lower ends) against a device's own best."
    )


def _curse(found: Comparison) -> tuple[str, ...]:
    done = [curse for curse in claimed_and_scored(found) if curse.searches]
    if not done:
        return (
            "How much too hopeful the choice is cannot be told: the measurements were not halved, or could not be.",
        )
    held, searches = sum(c.held for c in done), sum(c.searches for c in done)
    return (
        f"Winner's curse: of {searches} designs that a search on half of the measurements chose, {held} fit their budget by the "
        "other half.",
    )
