"""Patterns of a network that graded contrasts speak of on its stack: lengths that are not aligned, and operators that fell off.

They are said beside an estimate and never added to it: a contrast was seen in its own context alone.
"""

from __future__ import annotations

from collections.abc import Iterable

from dsim.attrs import ConvAttrs
from dsim.device.graded import GradedContrast
from dsim.device.profile import DeviceProfile
from dsim.device.tells import contrasts_on, timed_lengths
from dsim.graph.graph import Graph
from dsim.graph.tokens import token_lengths
from dsim.latency.cliffs import LEAVES
from dsim.op import Op, OpKind

ALIGNED = 128  # every aligned length that was timed is a multiple of it; the true unit may be smaller


def pattern_notes(
    graph: Graph, profile: DeviceProfile, among: Iterable[GradedContrast] | None = None
) -> tuple[str, ...]:
    """Return what contrasts of grade A say of a network's patterns on a stack, nothing where they say nothing.

    Parameters
    ----------
    among
        Contrasts to choose from; by default those that come with dsim.
    """
    here = [seen.contrast for seen in contrasts_on(profile, among) if seen.identifies]
    return (
        *_lengths(graph, [one for one in here if one.kind == "alignment"]),
        *_falls(graph, [one for one in here if one.fell]),
    )


def _lengths(graph: Graph, contrasts: list[GradedContrast]) -> tuple[str, ...]:
    odd = [length for length in token_lengths(graph) if length % ALIGNED]
    if not odd or not contrasts:
        return ()
    least = min(length for one in contrasts for length in timed_lengths(one))
    changes = [one.change for one in contrasts]
    paid = f"{min(changes):+.0%} to {max(changes):+.0%} in {len(changes)} contrasts of grade A, from {least} tokens on"
    known = [length for length in odd if length >= least]
    lengths = " and ".join(map(str, known or odd))
    says = "it may pay as much" if known else "nothing is known of so few"
    return (
        f"attention over {lengths} tokens: on this stack lengths that are no multiple of {ALIGNED} cost {paid}; {says}, and the estimate "
        "does not count it",
    )


def _falls(graph: Graph, contrasts: list[GradedContrast]) -> tuple[str, ...]:
    """Say which of a network's operators took another network off the accelerator on this stack, once for each."""
    notes: dict[str, str] = {}
    for one in contrasts:
        sides = ((one.before, one.before_ms), (one.after, one.after_ms))
        (fell, fell_ms), (stayed, stayed_ms) = sides if one.fell == "before" else sides[::-1]
        if any(_holds(op, one.kind, fell) for op in graph.ops):
            notes.setdefault(
                fell,
                f"{fell} took {one.network} off the accelerator on this stack ({fell_ms:g} ms, and {stayed_ms:g} with {stayed}; "
                f"{one.version}): evidence for a fall that the {LEAVES} does not count",
            )
    return tuple(notes.values())


def _holds(op: Op, kind: str, what: str) -> bool:
    if kind == "activation":
        return what.lower() in (str(op.kind), str(op.activation or ""))
    if kind == "groups":
        attrs = op.attrs
        return isinstance(attrs, ConvAttrs) and 1 < attrs.groups < op.inputs[0].shape[1]
    if kind == "se":  # a product of a map with one number for each of its channels
        sides = [spec.shape[2:] for spec in op.inputs if len(spec.shape) == 4]
        return (
            op.kind is OpKind.MUL
            and len(sides) > 1
            and (1, 1) in sides
            and any(side != (1, 1) for side in sides)
        )
    return False
