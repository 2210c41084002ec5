"""The findings of the experiment in tables; every figure comes from its rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dsim.report.table import table
from lab.claims.fashion.arms import NEEDS
from lab.claims.fashion.bought import (
    BASE,
    PLAIN,
    Bought,
    Final,
    bought,
    finals,
    leads,
    noise,
    seen_difference,
)
from lab.claims.fashion.costs import Costs
from lab.claims.fashion.inputs import Inputs
from lab.claims.fashion.ranked import BASE as RANKING_BASE
from lab.claims.fashion.ranked import Rated, converged, rated, truth
from lab.claims.fashion.rows import Estimate, Pick, Training
from lab.claims.fashion.shifted import Shift
from lab.claims.interval import mean_interval

LEAST = 10  # ranked designs with all seeds before a correlation is worth printing


def ranking_markdown(
    trainings: Sequence[Training], estimates: Sequence[Estimate], designs: Sequence[str], inputs: Inputs
) -> str:
    """Return how well each estimator ranks, or how much is still missing."""
    known = truth(trainings, designs, inputs)
    if len(known.designs) < LEAST:
        return _missing(len(known.designs), len(designs), "designs have been trained with both seeds")
    rows = rated(known, estimates)
    body = table(
        f"Ranking: {len(known.designs)} designs of about equal latency on {inputs.devices[0]}",
        ("estimator", "tau (90%)", "corrected for the seeds", f"less that of {RANKING_BASE} (90%)"),
        (
            (
                one.estimator,
                one.tau.words(),
                f"{one.corrected:.2f}",
                "" if one.estimator == RANKING_BASE else one.over_base.words(sign=True),
            )
            for one in rows
        ),
        ("tau (90%)", "corrected for the seeds", f"less that of {RANKING_BASE} (90%)"),
        f"Truth: mean test accuracy of {len(inputs.ranked_seeds)} trainings alone, {inputs.alone_images:,} images each. Between the "
        f"two seeds tau is {known.between_seeds().words()}, the reliability of their mean {known.reliability():.2f}; two trainings of one design "
        f"differ by {known.noise():.2f} points (deviation), the designs' means by {known.mean.std(ddof=1):.2f}.",
    ).markdown()
    return "\n".join([body, *_longer(trainings, inputs), _asked(rows)])


def _longer(trainings: Sequence[Training], inputs: Inputs) -> Iterator[str]:
    found = converged(trainings, inputs)
    if found.gain:
        gains = ", ".join(f"{gain:+.2f}" for gain in found.gain)
        yield (
            f"Twice as many images bring {len(found.gain)} of these designs {gains} points (one seed); tau between their two orders is "
            f"{found.tau:.2f}.\n"
        )


def _asked(rows: Sequence[Rated]) -> str:
    above = [one.estimator for one in rows if "supernet" in one.estimator and one.over_base.above_zero]
    if above:
        return f"**Asked: a supernet above {RANKING_BASE}, 90% interval above zero. Reached by: {', '.join(above)}.**\n"
    return f"**Asked: a supernet above {RANKING_BASE}, 90% interval above zero. It cannot be told from these designs.**\n"


def arms_markdown(picks: Sequence[Pick], trainings: Sequence[Training], inputs: Inputs) -> str:
    """Return what each arm buys and what the study's rule says of it, or how much is still missing."""
    found = finals(picks, trainings, inputs)
    if not found:
        return _missing(0, len(picks), "picks have been trained alone")
    rows = bought(found, inputs)
    body = table(
        "What each arm buys",
        ("arm", "picks", "test accuracy (90%)", f"less {BASE} (90%)", "between seeds", "budget used", "CPU s planned", "spent"),
        (
            (
                one.arm, str(one.picks), one.accuracy.words(),
                one.over_base.words(sign=True) if one.over_base else "",
                f"{one.between:.2f}", f"{one.budget_used:.0%}", f"{one.planned_seconds:,.0f}", f"{one.cpu_seconds:,.0f}",
            )
            for one in rows
        ),
        ("picks", "test accuracy (90%)", f"less {BASE} (90%)", "between seeds", "budget used", "CPU s planned", "spent"),
        f"Each pick was trained alone with {len(inputs.final_seeds)} seeds. Two trainings of one pick differ by {noise(found):.2f} points "
        "(deviation); between seeds: the deviation of an arm's picks for one device. Differences are paired by search seed and device.",
    ).markdown()  # fmt: skip
    return "\n".join([body, *_power(found), *_decision(rows, found, inputs)])


def _power(found: Sequence[Final]) -> Iterator[str]:
    for arm in NEEDS:
        if sum(one.pick.arm == arm for one in found) > 1 and any(one.pick.arm == BASE for one in found):
            yield f"- {arm}: a difference of {seen_difference(found, arm):.2f} points from {BASE} would be seen with a probability of 80%."
    yield ""


def _decision(rows: Sequence[Bought], found: Sequence[Final], inputs: Inputs) -> Iterator[str]:
    whole = len(inputs.search_seeds) * len(inputs.devices)
    arms = [one for one in rows if one.arm in NEEDS]
    without_base = all(one.arm != BASE for one in rows)
    if any(one.picks < whole for one in arms) or len(arms) < len(NEEDS) or without_base:
        yield "The rule is not applied before every arm is whole.\n"
        return
    best = max(arms, key=lambda one: one.accuracy.middle)
    lead = best.over_base
    assert lead is not None
    beats = "beats" if lead.above_zero else "does not beat"
    yield f"**By the study's rule the better supernet arm, {best.arm}, {beats} {BASE}: {lead.words(sign=True)} points.**\n"
    for plain in PLAIN:
        points = leads(found, best.arm, plain)
        if points:
            yield f"- {best.arm} less {plain}, which costs no training: {mean_interval(points).words(sign=True)} points."
    yield ""


def served_markdown(picks: Sequence[Pick], costs: Costs, inputs: Inputs) -> str:
    """Return what one training for all devices costs beside one loop for each, as the paper has it."""
    count, rows = len(inputs.devices), []
    for arm, importance in NEEDS.items():
        own = {one.search_seed: one for one in picks if one.arm == arm}.values()
        if own:
            training = (
                inputs.supernet_images * costs.ablation_image
            )  # of either supernet, see `Costs.supernet_images`
            again = [one.planned_seconds + (count - 1) * training for one in own]
            share = mean_interval(
                [one.planned_seconds / other for one, other in zip(own, again, strict=True)]
            )
            off = mean_interval([one.cpu_seconds / one.planned_seconds for one in own])
            evaluations = sorted(one.evaluations for one in own)
            rows.append(
                (arm, importance, f"{evaluations[0]} to {evaluations[-1]}", share.words(), off.words())
            )
    if not rows:
        return "No arm that needs a supernet has run yet.\n"
    return table(
        f"One training for {count} devices",
        ("arm", "supernet", "evaluations", f"cost of one training over {count} loops (90%)", "spent over planned (90%)"),
        rows,
        ("evaluations", f"cost of one training over {count} loops (90%)", "spent over planned (90%)"),
        "Over search seeds. Evaluations serve all devices together; the paper repeats training and loop for each device.",
    ).markdown()  # fmt: skip


def shifts_markdown(rows: Sequence[Shift], inputs: Inputs) -> str:
    """Return whether the devices' designs differ, and what each costs on the other device."""
    if not rows:
        return "No arm has picks of two search seeds yet.\n"
    first, second = inputs.devices
    headings = (
        "arm", "differ between devices", "between seeds", "difference (90%)", "count as different",
        f"{first}'s on {second}", f"{second}'s on {first}",
    )  # fmt: skip
    return table(
        "Designs for two devices",
        headings,
        (
            (
                one.arm, f"{one.across:.0%}", f"{one.within:.0%}", one.lead.words(sign=True), "yes" if one.different else "no",
                f"{one.elsewhere[first]:.2f}", f"{one.elsewhere[second]:.2f}",
            )
            for one in rows
        ),
        headings[1:],
        "Share of widths and slots in which two designs differ. The last two columns: upper latency on the other device over the budget there; "
        "above 1 the design does not fit there.",
    ).markdown()  # fmt: skip


def _missing(there: int, whole: int, what: str) -> str:
    return f"Not there yet: {there} of {whole} {what}.\n"
