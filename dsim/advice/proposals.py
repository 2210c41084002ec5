"""The rewrites that a network has room for, each with what is known of it on a stack."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from dsim.advice.evidence import (
    attention_gain,
    form_gain,
    length_gain,
    merge_gain,
    operator_set_gain,
    rank_gain,
    shortest_timed,
)
from dsim.advice.records import Gain, Rewrite, Verdict, Way
from dsim.device.operator_set import IN_STEPS, NORM_SET, RUNTIME, accelerator_words, unfused_norms
from dsim.device.profile import DeviceProfile
from dsim.device.tells import Scope, Seen
from dsim.graph.forms import Form, form_of
from dsim.graph.graph import Graph
from dsim.graph.onnx.rewriting import OPSETS, Source, can_write, foldable, row_plan
from dsim.graph.tokens import is_attention, token_lengths
from dsim.network.patterns import ALIGNED
from dsim.network.price import Priced
from dsim.op import ACTIVATIONS, OpKind

PROBE = "to know it, write it (--untimed --write FILE) and time both files in turns on the device"
BY_HAND = "dsim does not write this one"
NO_FILE = "pad the tokens once in front of the first block, and mask the added rows in every softmax; given an .onnx file, dsim may write it"
ROWS = "rows are added once, masked in every softmax and dropped where they would change anything; constants are folded before"
CHANNELS = 8  # vectors of most engines hold a multiple of it


def proposals(
    graph: Graph,
    profile: DeviceProfile,
    seen: Sequence[Seen],
    priced: Priced | None,
    source: Source | None = None,
) -> tuple[Rewrite, ...]:
    """Return the rewrites, those that are proposed first.

    Parameters
    ----------
    seen
        Contrasts of the stack, of its chip, and of its runtime on other chips.
    priced
        Its price, which says what merging changes; None where the network has no branches to merge.
    source
        The .onnx file that it was read from; None where it was not.
    """
    found = [
        *_operator_set(graph, profile, seen),
        *_forms(graph, profile, seen),
        *_branches(profile, priced),
        *_lengths(graph, seen, source),
        *_rank(graph, seen),
        *_attention(graph, seen, source),
        *_constants(profile, source),
    ]
    odd = sum(_odd_channels(graph))
    if odd:
        says = f"{BY_HAND}; to know it, time both in turns on the device"
        what = f"channels padded with zeros to multiples of {CHANNELS}"
        found.append(Rewrite(what, odd, Verdict.UNKNOWN, None, Way.BY_HAND, says))
    order = list(Verdict)
    return tuple(
        sorted(found, key=lambda one: (order.index(one.verdict), one.gain.middle if one.gain else 0.0))
    )


def verdict_of(gain: Gain | None) -> Verdict:
    """Say what a gain means: only one that was seen on this very stack can propose anything."""
    if gain is None or gain.scope != str(Scope.STACK):
        return Verdict.UNKNOWN
    return Verdict.PROPOSED if gain.matters else Verdict.NO_GAIN


def _operator_set(graph: Graph, profile: DeviceProfile, seen: Sequence[Seen]) -> list[Rewrite]:
    found = unfused_norms(graph, profile)
    if found is None:
        return []
    gain = operator_set_gain(seen, found.side)
    what = f"operator set {NORM_SET} in place of {found.operator_set}: {RUNTIME} then fuses the layer norms"
    says = (
        f"in a file of an older set it leaves norms behind a transpose in steps; exported anew with operator set {NORM_SET} "
        "or later the file needs no rewrite"
    )
    if gain is None:
        near = operator_set_gain(seen, found.side, Scope.RUNTIME)
        says += f"; {_elsewhere(near)}{PROBE}"
    return [Rewrite(what, found.norms, verdict_of(gain), gain, Way.OPSET, says, operator_set=NORM_SET)]


def _forms(graph: Graph, profile: DeviceProfile, seen: Sequence[Seen]) -> list[Rewrite]:
    out = []
    for before, places in Counter(form for op in graph.ops if (form := form_of(op))).items():
        for after, opset in OPSETS.items():
            if after == before or not can_write(before, after):
                continue
            gain = form_gain(seen, before, after)
            says = f"operator set {opset} or later"
            if before == IN_STEPS and (kept := accelerator_words(graph, profile)):
                says += f"; {kept}"
            if gain is None:
                near = form_gain(seen, before, after, Scope.CHIP)
                far = None if near else form_gain(seen, before, after, Scope.RUNTIME)
                said = (
                    f"through another runtime or at another precision {near}; " if near else _elsewhere(far)
                )
                says += f"; {said}{PROBE}"
            what = f"{_words(after)} in place of {_words(before)}"
            out.append(Rewrite(what, places, verdict_of(gain), gain, Way.FORMS, says, before, after))
    return out


def _elsewhere(gain: Gain | None) -> str:
    """Say what the same runtime did on another chip; nothing where nothing is known."""
    return "" if gain is None else f"{gain}: no figure for this chip; "


def _words(form: Form) -> str:
    return str(form).replace("gelu", "GELU").replace("_", " ")


def _branches(profile: DeviceProfile, priced: Priced | None) -> list[Rewrite]:
    merging = None if priced is None else priced.merging
    if priced is None or merging is None or not merging.convolutions:
        return []
    gain = merge_gain(profile)
    says = f"the model's estimate: {priced.estimate.latency_ms:.3g} ms to {merging.latency_ms:.3g} ms"
    if gain is None:
        says += f"; {PROBE}"
    what = (
        f"one convolution in place of parallel branches ({merging.branches} branches into {merging.layers})"
    )
    return [Rewrite(what, merging.layers, verdict_of(gain), gain, Way.BRANCHES, says)]


def _lengths(graph: Graph, seen: Sequence[Seen], source: Source | None) -> list[Rewrite]:
    out = []
    for tokens in token_lengths(graph):
        longer = -(-tokens // ALIGNED) * ALIGNED
        if longer == tokens:
            continue
        plan = NO_FILE if source is None else row_plan(source, tokens, longer)
        gain = length_gain(seen, tokens, longer)
        way, says = (Way.BY_HAND, f"{BY_HAND}: {plan}") if isinstance(plan, str) else (Way.LENGTHS, ROWS)
        if gain is not None:
            says += f"; the time counts the work of {longer - tokens} more rows by the square of their number, but no mask: none was timed"
        elif least := shortest_timed(seen):
            says += f"; nothing is known of so few: the shortest that was timed here has {least}"
        elif way is Way.LENGTHS:
            says += f"; to know it, {_by_name(Way.LENGTHS)}"
        what = f"attention over {longer} tokens in place of {tokens}"
        places = sum(
            op.kind is OpKind.SOFTMAX and is_attention(op.inputs[0].shape, tokens) for op in graph.ops
        )
        out.append(Rewrite(what, places, verdict_of(gain), gain, way, says, tokens=tokens, longer=longer))
    return out


def _constants(profile: DeviceProfile, source: Source | None) -> list[Rewrite]:
    places = 0 if source is None else len(foldable(source))
    if not places:
        return []
    verdict, says = Verdict.UNKNOWN, f"to know it, {_by_name(Way.CONSTANTS)}"
    if profile.runtime.startswith(RUNTIME):
        verdict, says = Verdict.NO_GAIN, f"{RUNTIME} folds them itself when it loads a file"
    what = "constants folded: what nodes compute from constants alone"
    return [Rewrite(what, places, verdict, None, Way.CONSTANTS, says)]


def _by_name(way: Way) -> str:
    return f"write it (--only {way} --write FILE) and time both files in turns on the device"


def _attention(graph: Graph, seen: Sequence[Seen], source: Source | None) -> list[Rewrite]:
    """Look at attention in one op in place of steps, where that was timed through this runtime."""
    if source is None:
        return []
    network = source.network
    places = sum(one.op == "Softmax" and len(network.shape(one.inputs[0])) == 4 for one in network.items)
    gain = attention_gain(seen)
    far = None if gain else attention_gain(seen, Scope.RUNTIME)
    if not places or not (gain or far):
        return []
    says = (
        f"{BY_HAND}: call torch.onnx.ops.attention with tokens in the model. What exporters make of scaled_dot_product_attention "
        "takes heads, and gained less"
    )
    if 2 * places < sum(op.kind in ACTIVATIONS or op.activation in ACTIVATIONS for op in graph.ops):
        gain, says = (
            None,
            f"{says}; it was timed where every block has attention, and nothing is known of fewer",
        )
    elif far:
        says += f"; {far}: no figure for this chip"
    what = "attention in one op that takes tokens (operator set 23) in place of steps"
    return [Rewrite(what, places, verdict_of(gain), gain, Way.BY_HAND, says)]


def _rank(graph: Graph, seen: Sequence[Seen]) -> list[Rewrite]:
    """Attention of one image needs no axis for the batch."""
    shapes = [op.inputs[0].shape for op in graph.ops if op.kind is OpKind.SOFTMAX]
    places = sum(len(shape) == 4 and shape[0] == 1 for shape in shapes)
    gain = rank_gain(seen)
    if not places or gain is None:
        return []
    says = f"{BY_HAND}: the reshapes that it would add were not timed; export attention without the axis of the batch"
    return [
        Rewrite("attention of rank 3 in place of rank 4", places, verdict_of(gain), gain, Way.BY_HAND, says)
    ]


def _odd_channels(graph: Graph) -> list[bool]:
    """Tell of each convolution inside the network whether it writes a number of channels that is not aligned."""
    return [op.kind is OpKind.CONV2D and bool(op.outputs[0].shape[1] % CHANNELS) for op in graph.ops]
