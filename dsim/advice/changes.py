"""Other functions that were quicker on a stack: each changes what the network computes, so that it must be trained anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from dsim.accuracy.effects import CONTRASTS_FILE
from dsim.accuracy.tables import read_rows
from dsim.advice.evidence import ALL_SIDES, GRADES, on_stack, timed
from dsim.advice.records import Change, Timed, gain_of
from dsim.device.form_notes import KIND
from dsim.device.graded import Grade, GradedContrast
from dsim.device.profile import DeviceProfile
from dsim.device.tells import Scope, Seen, own_grade
from dsim.graph.forms import Form, form_of
from dsim.graph.graph import Graph

UNKNOWN_DROP = "drop not known"
PRECISION = "precision"
# words of packs, and the function that they name; the first that fits decides
_NAMED = (
    "quickgelu",
    "gelu",
    "hardswish",
    "silu",
    "relu6",
    "relu",
    "tanh",
    "layer norm",
    "batch norm",
    "group norm",
)
_OTHERWISE = {"quickgelu": "quick_gelu"}
FORMULA = "another formula of the same function: scores move by up to 5e-4 of an activation; no retraining is known to be needed, test it"


def functions_in(graph: Graph) -> Counter[str]:
    """Count the activations and norms of a network by name, those fused into layers included."""
    found: Counter[str] = Counter()
    for op in graph.ops:
        form = form_of(op)
        found[form.function if form else str(op.kind)] += 1
        if op.activation is not None:
            found[str(op.activation)] += 1
    return found


def changes_for(
    graph: Graph, profile: DeviceProfile, seen: Sequence[Seen], forms: Mapping[Form, Form]
) -> tuple[Change, ...]:
    """Return other functions that were quicker on the stack, the quickest first.

    Parameters
    ----------
    forms
        The form that each of the network's forms would have after the rewrites that are proposed.
    """
    has = functions_in(graph)
    seen_by: dict[tuple[str, str], list[Timed]] = {}
    top1: dict[tuple[str, str], list[str]] = {}
    for one in on_stack(seen):
        it = one.contrast
        if it.kind == PRECISION:
            key = (it.before, it.after)
        elif it.kind in ("activation", "norm") or _other_formula(it):
            key = (_function(it.before), _function(it.after))
            if not key[0] or not key[1] or not _of_form(it.before, forms):
                continue
            if key[0] == key[1]:
                key = (it.before, it.after)
        else:
            continue
        seen_by.setdefault(key, []).append(timed(one))
        if it.before_top1 is not None and it.after_top1 is not None:
            said = f"{it.after_top1 - it.before_top1:+.1f} points for {it.network} ({it.source})"
            top1.setdefault(key, []).append(said)
    for before, after, own in _own(profile):
        seen_by.setdefault((before, after), []).append(own)
    out = []
    for (before, after), found in seen_by.items():
        places = _places(before, has)
        gain = gain_of(found, str(Scope.STACK))
        if gain is None or not gain.matters or (not places and before not in _precisions(seen)):
            continue
        drop = FORMULA if before in ALL_SIDES else _drop(before, after, top1.get((before, after), []))
        out.append(Change(f"{after} in place of {before}".replace("_", " "), places, gain, drop))
    return tuple(sorted(out, key=lambda change: change.gain.middle))


def _places(before: str, has: Counter[str]) -> int:
    return has[ALL_SIDES[before].function] if before in ALL_SIDES else has[before]


def _precisions(seen: Sequence[Seen]) -> set[str]:
    return {one.contrast.before for one in seen if one.contrast.kind == PRECISION}


def _other_formula(it: GradedContrast) -> bool:
    """Tell whether a contrast of forms is one of formulas: GELU by erf and by tanh differ by more than rounding."""
    sides = (ALL_SIDES.get(it.before), ALL_SIDES.get(it.after))
    return it.kind == KIND and all(sides) and len({side.formula for side in sides if side}) > 1


def _of_form(side: str, forms: Mapping[Form, Form]) -> bool:
    """Tell whether the network has, after its rewrites, the form that a contrast began with."""
    form = ALL_SIDES.get(side)
    return form is None or form in forms.values()


def _function(side: str) -> str:
    words = side.lower()
    found = next((name for name in _NAMED if name in words), "")
    return _OTHERWISE.get(found, found.replace(" ", "_"))


def _own(profile: DeviceProfile) -> Iterable[tuple[str, str, Timed]]:
    """Yield a profile's own contrasts of activations and norms, in both directions, where one thing alone was changed."""
    for one in profile.contrasts:
        kind, _, pair = one.choice.partition(":")
        names = pair.split(">")
        if kind not in ("activation", "norm") or len(names) != 2 or one.stand_in:
            continue
        if own_grade(one.graph_a, one.graph_b) not in GRADES:
            continue
        before, after = (f"{name}_norm" if kind == "norm" else name for name in names)
        what = one.what.split(";")[0]
        yield before, after, Timed(one.b_ms / one.a_ms - 1.0, Grade.A, what, one.source)
        yield after, before, Timed(one.a_ms / one.b_ms - 1.0, Grade.A, what, one.source)


def _drop(before: str, after: str, stated: Sequence[str]) -> str:
    """Say what is published of the accuracy of a change."""
    said = list(dict.fromkeys(stated))
    for row in read_rows(CONTRASTS_FILE):
        points = float(row["top1_after"]) - float(row["top1_before"])
        if (row["before"], row["after"]) in ((before, after), (after, before)):
            sign = 1.0 if row["before"] == before else -1.0
            said.append(f"{sign * points:+.1f} points for {row['network']} ({row['source']})")
    return f"published: {'; '.join(said)}" if said else UNKNOWN_DROP
