"""By how much a rewrite changed the time on a stack: graded contrasts of forms, lengths and ranks, and networks timed both ways."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from dsim.advice.records import Gain, Timed, gain_of
from dsim.device import operator_set
from dsim.device.form_notes import KIND, SIDES
from dsim.device.graded import Grade
from dsim.device.profile import DeviceProfile, Measurement
from dsim.device.tells import Scope, Seen, timed_lengths
from dsim.graph.forms import ERF, Form
from dsim.graph.key import NetworkKey
from dsim.graph.merging import merge_branches
from dsim.latency.networks import own_graphs, stored
from dsim.network.read import TRAINED
from dsim.op import OpKind

GRADES = (Grade.A, Grade.B)
# a runtime without an operator for erf writes that out as well
ALL_SIDES: dict[str, Form] = SIDES | {
    "GELU, erf as a chain of 96 operators": Form(str(OpKind.GELU), ERF, written_out=True)
}
ALIGNMENT = "alignment"
ATTENTION_STEPS, ATTENTION_OP = "attention in steps", "attention in one op that takes tokens, operator set 23"
FLAT, FULL = "attention of rank 3", "attention of rank 4"


def on_stack(seen: Sequence[Seen], scope: Scope = Scope.STACK) -> tuple[Seen, ...]:
    """Return the contrasts that may carry a proposal: of this very stack, of grade A or B."""
    return tuple(one for one in seen if one.scope is scope and one.contrast.grade in GRADES)


def form_gain(seen: Sequence[Seen], before: Form, after: Form, scope: Scope = Scope.STACK) -> Gain | None:
    """Return what one form in place of another did on a stack.

    Where the two were never timed together, two contrasts that share a form are put one behind the other, and count as
    grade B: they were seen in different networks.
    """
    among = [one for one in on_stack(seen, scope) if one.contrast.kind == KIND]
    found = _between(among, before, after)
    if not found:
        found = [
            Timed(
                (1.0 + first.change) * (1.0 + second.change) - 1.0,
                Grade.B,
                f"{first.network}, then {second.network}, both with {middle}",
                first.through,
            )
            for middle in dict.fromkeys(ALL_SIDES.values())
            for first in _between(among, before, middle)
            for second in _between(among, middle, after)
        ]
    return gain_of(found, str(scope))


def _between(among: Sequence[Seen], before: Form, after: Form) -> list[Timed]:
    found = []
    for one in among:
        sides = (ALL_SIDES.get(one.contrast.before), ALL_SIDES.get(one.contrast.after))
        if sides in ((before, after), (after, before)):
            found.append(timed(one, back=sides != (before, after)))
    return found


def timed(one: Seen, back: bool = False) -> Timed:
    """Return what a contrast did, or what its reverse did."""
    it = one.contrast
    change = it.before_ms / it.after_ms - 1.0 if back else it.change
    number = it.version[:1].isdigit()  # else words on how it was timed
    through = f"{it.runtime}{' ' if number else ', '}{it.version}" if it.version else it.runtime
    return Timed(change, it.grade, it.network, through)


def length_gain(seen: Sequence[Seen], tokens: int, longer: int) -> Gain | None:
    """Return what an aligned length did in place of one beside it on this stack, with the work that added rows are.

    The contrasts are of lengths next to each other. What rows are added beyond that is counted with the square of their number, the
    most that it can cost: a product of two such lengths. Such a gain counts as grade B at best. None where no length so short was timed.
    """
    among = _of_lengths(seen)
    if tokens < (shortest_timed(seen) or math.inf):
        return None
    found = []
    for one in among:
        aligned, odd = timed_lengths(one.contrast)
        work = max(1.0, (longer / tokens) / (aligned / odd)) ** 2
        it = timed(one, back=True)
        grade = it.grade if work == 1.0 else max(it.grade, Grade.B)
        found.append(replace(it, change=(1.0 + it.change) * work - 1.0, grade=grade))
    return gain_of(found, str(Scope.STACK))


def shortest_timed(seen: Sequence[Seen]) -> int:
    """Return the shortest length that was timed beside one that is aligned on this stack; 0 where none was."""
    return min((length for one in _of_lengths(seen) for length in timed_lengths(one.contrast)), default=0)


def _of_lengths(seen: Sequence[Seen]) -> list[Seen]:
    return [one for one in on_stack(seen) if one.contrast.kind == ALIGNMENT]


def rank_gain(seen: Sequence[Seen]) -> Gain | None:
    """Return what attention of rank 3 did in place of rank 4 on this stack."""
    among = [one for one in on_stack(seen) if _sides(one) == (FLAT, FULL)]
    return gain_of([timed(one, back=True) for one in among], str(Scope.STACK))


def attention_gain(seen: Sequence[Seen], scope: Scope = Scope.STACK) -> Gain | None:
    """Return what attention in one op did in place of steps."""
    among = [one for one in on_stack(seen, scope) if _sides(one) == (ATTENTION_STEPS, ATTENTION_OP)]
    return gain_of([timed(one) for one in among], str(scope))


def _sides(one: Seen) -> tuple[str, str]:
    return one.contrast.before, one.contrast.after


def operator_set_gain(seen: Sequence[Seen], side: str, scope: Scope = Scope.STACK) -> Gain | None:
    """Return what a later operator set did in files whose layer norms stayed in steps for the old one.

    Parameters
    ----------
    side
        Where the norms stood: `dsim.device.operator_set.Unfused.side`.
    """
    among = [one for one in on_stack(seen, scope) if _sides(one) == (side, operator_set.RAISED)]
    return gain_of([timed(one) for one in among], str(scope))


def merge_gain(profile: DeviceProfile) -> Gain | None:
    """Return what merging did in networks that the profile has both with branches and merged, timed by the same laboratory."""
    rows = {row.graph: row for row in profile.networks if row.graph and profile.is_reference(row)}
    pairs = [
        (row, rows[plain])
        for key, row in rows.items()
        if TRAINED in key and (plain := key.replace(TRAINED, "")) in rows and _together(row, rows[plain])
    ]
    graphs = stored([row.graph for row, _ in pairs], own_graphs([profile])) if pairs else {}
    branched = [
        (row, merged)
        for row, merged in pairs
        if row.graph in graphs and merge_branches(graphs[row.graph]).convolutions
    ]
    found = [
        Timed(
            merged.latency_ms / row.latency_ms - 1.0, Grade.A, NetworkKey.of(merged.graph).name, merged.source
        )
        for row, merged in branched
    ]
    return gain_of(found, str(Scope.STACK))


def _together(one: Measurement, other: Measurement) -> bool:
    return (one.model, one.protocol, one.lab, one.source, one.batch) == (
        other.model, other.protocol, other.lab, other.source, other.batch
    )  # fmt: skip
