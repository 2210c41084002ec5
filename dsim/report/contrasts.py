"""What activations and norms cost on one chip, runtime beside runtime: the table."""

from __future__ import annotations

from collections.abc import Sequence

from dsim.device.profile import Contrast, DeviceProfile
from dsim.graph.key import NetworkKey
from dsim.latency.methods.operators.blocks import timed_blocks
from dsim.measure.contrast import ACTIVATIONS, NORMS, PLAIN
from dsim.report.table import TableData, table

# every other option against the plain one: the rest follows from these
CHOICES = (
    *(f"activation:{PLAIN.activation}>{one}" for one in ACTIVATIONS if one is not PLAIN.activation),
    *(f"norm:{PLAIN.norm}>{one}" for one in NORMS if one is not PLAIN.norm),
)
NONE = "-"


def shape_of(contrast: Contrast) -> str:
    """Return the shape of a contrast's block (``14x14x192``)."""
    return NetworkKey.of(contrast.graph_a).name.rpartition("-")[2]


def short_names(profiles: Sequence[DeviceProfile]) -> tuple[str, ...]:
    """Return the profiles' names without the words that all of them begin with."""
    names = [profile.name for profile in profiles]
    words = [name.split("-") for name in names]
    same = 0
    while len(names) > 1 and all(len(own) > same + 1 and own[same] == words[0][same] for own in words):
        same += 1
    return tuple("-".join(own[same:]) for own in words)


def contrast_table(profiles: Sequence[DeviceProfile]) -> TableData:
    """Return one chip's table: choice and shape down, runtimes across, milliseconds of one block with their 90% interval."""
    found = [{(one.choice, shape_of(one)): one for one in timed_blocks(profile)} for profile in profiles]
    shapes = list(dict.fromkeys(shape for own in found for _, shape in own))
    rows = []
    for shape in shapes:
        plain = [next((own[c, shape] for c in CHOICES if (c, shape) in own), None) for own in found]
        rows.append(
            (
                f"{PLAIN.activation}, {PLAIN.norm} norm",
                shape,
                *(NONE if one is None else f"{one.a_ms:.3g} ms" for one in plain),
            )
        )
    rows += [
        (
            choice.partition(":")[2].replace(">", " to "),
            shape,
            *(_cell(own.get((choice, shape))) for own in found),
        )
        for choice in CHOICES
        for shape in shapes
        if any((choice, shape) in own for own in found)
    ]
    names = short_names(profiles)
    return table(
        f"Activations and norms on {profiles[0].chip}",
        ("choice", "block", *names),
        rows,
        names,
        "Milliseconds of one pooling block of that shape, and what another activation or norm adds to it: difference, its 90% "
        "interval, and its share of the block.",
    )


def _cell(one: Contrast | None) -> str:
    if one is None or one.low_ms is None or one.high_ms is None:
        return NONE
    change = one.b_ms - one.a_ms
    return f"{change:+.2g} ({one.low_ms:+.2g} to {one.high_ms:+.2g}), {change / one.a_ms:+.0%}"
