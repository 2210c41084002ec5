"""What activations and norms cost on one chip, runtime beside runtime: which differences are the compiler's doing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from dsim.device.profile import Contrast, DeviceProfile
from dsim.latency.methods.operators.blocks import timed_blocks
from dsim.report.contrasts import CHOICES, contrast_table, short_names


def by_chip(profiles: Iterable[DeviceProfile]) -> dict[str, tuple[DeviceProfile, ...]]:
    """Return the profiles that have timed blocks, by chip."""
    out: dict[str, list[DeviceProfile]] = {}
    for profile in profiles:
        if timed_blocks(profile):
            out.setdefault(profile.chip, []).append(profile)
    return {chip: tuple(own) for chip, own in out.items()}


def chip_or_compiler(profiles: Sequence[DeviceProfile]) -> tuple[str, ...]:
    """Say for each choice whether the runtimes of one chip agree: what differs between them is the compiler's.

    A runtime tells a sign where the intervals of all shapes lie on one side of zero.
    """
    if len(profiles) < 2:
        return ("One runtime was timed on this chip: what is chip and what is compiler cannot be told.",)
    out = []
    for choice in CHOICES:
        found = {
            name: own
            for name, profile in zip(short_names(profiles), profiles, strict=True)
            if (own := [one for one in timed_blocks(profile) if one.choice == choice])
        }
        if len(found) > 1:
            out.append(_sentence(choice, found))
    return tuple(out)


def _sentence(choice: str, found: Mapping[str, Sequence[Contrast]]) -> str:
    """Compare a choice's share of a block over runtimes; medians over shapes, of the ends of intervals too."""
    names = list(found)
    shares = np.array(
        [
            np.median(
                [
                    (
                        (one.low_ms or 0.0) / one.a_ms,
                        one.b_ms / one.a_ms - 1.0,
                        (one.high_ms or 0.0) / one.a_ms,
                    )
                    for one in own
                ],
                axis=0,
            )
            for own in found.values()
        ]
    )
    signs = [_sign(own) for own in found.values()]
    least, most = int(shares[:, 1].argmin()), int(shares[:, 1].argmax())
    apart = bool(shares[:, 0].max() > shares[:, 2].min())
    option, to = choice.partition(":")[2].split(">")
    head = f"{option} to {to}: from {shares[least, 1]:+.0%} of a block ({names[least]}) to {shares[most, 1]:+.0%} ({names[most]})"
    if {1, -1} <= set(signs):
        return f"{head}; the runtimes differ in sign, so the compiler decides and not the chip."
    if 0 not in signs:
        rest = "how much is the compiler's" if apart else "and no two of them differ beyond their intervals"
        return f"{head}; {'dearer' if signs[0] > 0 else 'cheaper'} on every runtime, {rest}."
    unsure = ", ".join(name for name, sign in zip(names, signs, strict=True) if not sign)
    if apart:
        return f"{head}; no certain sign on {unsure}, and others differ from it beyond the intervals: the compiler's doing."
    return f"{head}; no certain sign on {unsure}, and no two runtimes differ beyond their intervals."


def _sign(own: Sequence[Contrast]) -> int:
    if all(one.low_ms is not None and one.low_ms > 0 for one in own):
        return 1
    return -1 if all(one.high_ms is not None and one.high_ms < 0 for one in own) else 0


def contrasts_markdown(profiles: Iterable[DeviceProfile]) -> str:
    """Return tables and sentences of every chip for a document."""
    parts = []
    for own in by_chip(profiles).values():
        sentences = chip_or_compiler(own)
        head = (
            "One chip, its runtimes side by side: what differs along a row is the runtime with its compiler."
        )
        parts.append(
            f"{contrast_table(own).markdown()}\n{head}\n\n" + "\n".join(f"- {one}" for one in sentences)
        )
    return (
        "\n\n".join(parts) or "No bundled profile has timed blocks yet: `dsim measure contrasts` adds them."
    )
