"""What is known of a form on a stack: where the same function in one op, or written out, took another time there.

A contrast of forms is a pattern in its network. It says that the form is worth a look, and adds nothing to an estimate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from dsim.device.graded import GradedContrast
from dsim.device.profile import DeviceProfile
from dsim.device.tells import Scope, Seen, contrasts_on
from dsim.graph.forms import ERF, TANH, Form, form_of
from dsim.graph.graph import Graph
from dsim.op import OpKind

KIND = "form"
# the words of the packs, and the forms that readers tell apart
SIDES: dict[str, Form] = {
    "GELU, built in, erf formula": Form(str(OpKind.GELU), ERF),
    "GELU, built in, tanh formula": Form(str(OpKind.GELU), TANH),
    "GELU, erf formula written out": Form(str(OpKind.GELU), ERF, written_out=True),
    "GELU, tanh formula written out": Form(str(OpKind.GELU), TANH, written_out=True),
    "layer norm, built in": Form(str(OpKind.LAYER_NORM)),
    "layer norm, written out": Form(str(OpKind.LAYER_NORM), "", written_out=True),
    "softmax, built in": Form(str(OpKind.SOFTMAX)),
    "softmax, written out": Form(str(OpKind.SOFTMAX), "", written_out=True),
}
ALIKE = 1.05  # times within this ratio are called alike
MOST = 3  # networks that a note names


def function_of(one: GradedContrast) -> str:
    """Return the function whose form a contrast exchanges; empty where it exchanges something else."""
    return SIDES[one.before].function if one.kind == KIND and one.before in SIDES else ""


def form_notes(
    profile: DeviceProfile,
    graph: Graph,
    among: Iterable[GradedContrast] | None = None,
    only: str = "",
) -> tuple[str, ...]:
    """Say of each function in a network whether its form changed the time on the device's stack, with grade and scope.

    Parameters
    ----------
    among
        Contrasts to choose from; by default those that come with dsim.
    only
        The one function to speak of; empty for all.
    """
    own = Counter(form for op in graph.ops if (form := form_of(op)))
    functions = dict.fromkeys(form.function for form in own if only in ("", form.function))
    if not functions:
        return ()
    seen = [
        one
        for one in contrasts_on(profile, among)
        if one.contrast.kind == KIND and one.contrast.before in SIDES and one.contrast.after in SIDES
    ]
    notes = []
    for function in functions:
        found = [one for one in seen if SIDES[one.contrast.before].function == function]
        if found:
            has = [form for form in own if form.function == function]
            notes.append(_note(has, found))
    return tuple(notes)


def _note(own: Sequence[Form], found: Sequence[Seen]) -> str:
    nearest = [one for one in found if one.scope is found[0].scope]  # this stack goes before its chip
    # what speaks of the network's own forms goes before what does not
    nearest = [
        one for one in nearest if {SIDES[one.contrast.before], SIDES[one.contrast.after]} & set(own)
    ] or nearest
    times: dict[tuple[str, str], dict[Form, float]] = {}
    for one in nearest:
        it = one.contrast
        sides = times.setdefault((it.network, str(it.grade)), {})
        sides |= {SIDES[it.before]: it.before_ms, SIDES[it.after]: it.after_ms}
    ratios = {key: max(sides.values()) / min(sides.values()) for key, sides in times.items()}
    ratio = max(ratios.values())
    shown = sorted(times, key=lambda key: -ratios[key])[:MOST]
    said = "; ".join(
        f"{network} {', '.join(f'{ms:.3g} ms {_short(form)}' for form, ms in sorted(times[network, grade].items()))} (grade {grade})"
        for network, grade in shown
    )
    if len(times) > MOST:
        said += f"; and {len(times) - MOST} networks in which it mattered less"
        if ratio < ALIKE:
            said = f"{len(times)} networks (grade {max(grade for _, grade in times)})"
    verdict = "made no difference" if ratio < ALIKE else "changed the time"
    stacks = " and ".join(sorted({f"{one.contrast.runtime} on its {one.contrast.unit}" for one in nearest}))
    scope = "this stack" if found[0].scope is Scope.STACK else f"this chip ({stacks})"
    known = {form for sides in times.values() for form in sides}
    unseen = "" if set(own) <= known else ", which was not timed there"
    return (
        f"the form of {_words(own[0].function)} {verdict} on {scope}: {said}. Here it is "
        f"{' and '.join(sorted(map(_short, own)))}{unseen}; nothing is added to this estimate"
    )


def _words(function: str) -> str:
    return function.replace("_", " ")


def _short(form: Form) -> str:
    how = "written out" if form.written_out else "in one op"
    return f"{how} by {form.formula}" if form.formula else how
