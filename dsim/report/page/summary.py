"""What a comparison found, in plain words that its records carry; nothing here is written by hand for one result."""

from __future__ import annotations

from collections import Counter

from dsim.report.shift import shown_flips, span
from dsim.report.unit import common_unit
from dsim.shift import Comparison, Shift, Verdict
from dsim.shift.summary import claimed_and_scored, shift_by_kind


def question(found: Comparison) -> tuple[str, ...]:
    """Say what was asked, and what every figure is."""
    unit = {
        "ms": "milliseconds for one image",
        "ms per run": "milliseconds for one run of each profile's own batch",
    }.get(common_unit(found), common_unit(found).replace("ms", "milliseconds", 1))
    return (
        f"{len(found.devices)} profiles were asked for the most accurate design within a budget, in {unit}. "
        f"Budgets: {found.budget_rule}.",
        "Every figure is a prediction from published or recorded measurements, with a central "
        f"{found.confidence:.0%} interval, but for points that are marked as measured by others and for what stands under "
        "Timed for real.",
    )


def findings(found: Comparison) -> tuple[str, ...]:
    """Say what the records carry, each with its count, its interval and what it rests on."""
    out = [_cells(found)]
    for kind, judged, told, largest in shift_by_kind(found):
        if not judged:
            out.append(f"{kind}: no cell can be judged.")
            continue
        most = f"; the largest loses {span(largest, 1)} points of top-1" if largest else ""
        out.append(f"{kind}: {told} of {judged} cells that can be judged show a loss{most}.")
    if not any(pair.shift is Shift.HARDWARE for pair in found.pairs):
        out.append("No two of these profiles differ in the chip alone: nothing here is a hardware shift.")
    out += _lower_bounds(found)
    out += [_flips(found), _robust(found), *_curse(found)]
    if not found.complete:
        out.append("The time cap cut this comparison off: it is not complete.")
    return tuple(out)


def _cells(found: Comparison) -> str:
    counts = Counter(cell.verdict for cell in found.cells if cell.of != cell.on)
    said = ", ".join(f"{counts[verdict]} `{verdict}`" for verdict in Verdict if counts[verdict])
    judged = counts[Verdict.DIFFERENCE] + counts[Verdict.NO_EVIDENCE]
    chance = 1.0 - found.confidence
    return (
        f"Of {sum(counts.values())} cells of the regret matrix: {said or 'none'}. Were there no difference in any of the "
        f"{judged} that can be judged, about {judged * chance:.1f} would read `difference` by chance at {found.confidence:.0%}."
    )


def _lower_bounds(found: Comparison) -> list[str]:
    """Name the devices whose best design rests on what was never measured there."""
    shares = {d.device: dict(d.evidence).get("unsupported", 0.0) for d in found.devices}
    return [
        f"{share:.0%} of the milliseconds of {device}'s best design belong to kernels that were never measured there: its "
        "total is a lower bound."
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
        f"{counts[Verdict.DIFFERENCE]} pay differently on the two devices; about {judged * (1.0 - found.confidence):.1f} would "
        "by chance, were none to differ"
    )
    if not told:
        return f"{said}."
    most = max(told, key=lambda flip: abs(flip.apart.value) if flip.apart else 0.0)
    return (
        f"{said}. The largest: {most.choice}, {most.before} on {most.a} and {most.after} on {most.b}, {span(most.apart, 1)}% "
        f"of budget apart; it came back in {most.seeds} of {most.of_seeds} halvings of the evidence and in {most.refits} of "
        f"{most.of_refits} refits."
    )


def _robust(found: Comparison) -> str:
    robust = found.robust
    if robust is None:
        return "Robust design: none; some device has no design that fits."
    if not robust.fits_everywhere:
        return f"Robust design: none of {robust.candidates} candidates holds every budget."
    return (
        f"One design of {robust.candidates} candidates holds every budget and gives away at most "
        f"{max(robust.worst_points, 0.0):.1f} points of pessimistic top-1 to a device's own best."
    )


def _curse(found: Comparison) -> tuple[str, ...]:
    done = [curse for curse in claimed_and_scored(found) if curse.searches]
    if not done:
        return ("The evidence could not be halved, or was not: what choosing a winner adds is not known.",)
    held, searches = sum(c.held for c in done), sum(c.searches for c in done)
    return (
        f"Winner's curse: of {searches} designs that a search on half of the evidence chose, the other half says that {held} "
        "hold their budget.",
    )
