"""The what-if table: every single change of one design, on every device."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dsim.arch import Arch
from dsim.latency.methods.pooled.fit import CONTRAST_SD
from dsim.shift.draws import Draws
from dsim.shift.records import Interval, SwapOn, SwapRow, Verdict, WhatIf
from dsim.shift.side import Side
from dsim.shift.swaps import Swap, swaps
from dsim.shift.verdict import verdict_of


def what_if_designs(arch: Arch) -> list[Arch]:
    """Return the design and every single change of it."""
    return [arch, *(changed for _, changed in _made(arch))]


def what_if(name: str, arch: Arch, sides: Sequence[Side], draws: Draws) -> WhatIf:
    """Make the table.

    Parameters
    ----------
    name, arch
        The design; its panel must hold `what_if_designs`.
    """
    own_top1 = float(draws.top1[draws.panel.index(arch)])
    rows = tuple(
        SwapRow(
            swap.kind,
            swap.before,
            swap.after,
            draws.change_top1_interval(arch, changed, own_top1),
            tuple(_on(side, swap, changed, arch, draws) for side in sides),
        )
        for swap, changed in _made(arch)
    )
    latency = tuple((side.device, _given(side, arch)) for side in sides)
    return WhatIf(name, arch, latency, draws.top1_interval(arch), rows)


def _made(arch: Arch) -> Iterator[tuple[Swap, Arch]]:
    """Yield every single change that makes a design, and the design."""
    for swap in swaps(arch):
        if swap.arch is not None:
            yield swap, swap.arch


def _on(side: Side, swap: Swap, changed: Arch, arch: Arch, draws: Draws) -> SwapOn:
    why = side.why_not(swap.kind, swap.before, swap.after) or side.unmeasured(arch, changed)
    if why:
        return SwapOn(side.device, Verdict.NOT_IDENTIFIED, None, why)
    ms, _ = draws.ms(side.device, arch)
    change = draws.change_interval(side.device, arch, changed, ms)
    return SwapOn(side.device, verdict_of(change, ms, CONTRAST_SD * ms), change)


def _given(side: Side, arch: Arch) -> Interval:
    """Return what ``dsim predict`` says of a given design, where it can say all."""
    if side.estimate is not None:
        found = side.estimate(arch.to_graph(), side.scorer.confidence)
        if found.complete:
            return Interval(found.latency_ms, found.low_ms, found.high_ms)
    return latency_of(side, arch)


def latency_of(side: Side, arch: Arch) -> Interval:
    """Return a searched design's milliseconds on a device, with the interval of a new measurement."""
    scores = side.scorer.score(side.scorer.table.whole(arch)[None])
    return Interval(float(scores.latency_ms[0]), float(scores.low_ms[0]), float(scores.high_ms[0]))
