"""Flips: in what two devices' best designs differ, what each difference is worth on either, and how often it came back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dsim.arch import Arch
from dsim.latency.methods.pooled.fit import CONTRAST_SD
from dsim.search.score import POINTS
from dsim.search.table import Floats
from dsim.shift.draws import Draws, choose
from dsim.shift.parts import Parts, swaps_between
from dsim.shift.records import Flip, Interval, Verdict
from dsim.shift.side import Side
from dsim.shift.stack import Pair
from dsim.shift.swaps import Swap
from dsim.shift.verdict import verdict_of

Values = dict[str, str]
_SIZES = ("width", "depth", "MLP ratio", "attention blocks")


def flip_designs(sides: Sequence[Side]) -> list[Arch]:
    """Return every design that flips need priced: each device's best, and each single change of it."""
    out = []
    for a in sides:
        for b in sides:
            if a.device != b.device and a.best is not None and b.best is not None:
                base = Parts.of(a.best.arch)
                out += [base.arch(), *(c.arch for c in swaps_between(base, Parts.of(b.best.arch)) if c.arch)]
    return out


def flips_between(
    a: Side,
    b: Side,
    pair: Pair,
    draws: Draws,
    halves: Sequence[tuple[Values, Values]],
    refits: Sequence[tuple[Values, Values]],
) -> tuple[Flip, ...]:
    """Judge every difference between the best designs of two devices.

    Parameters
    ----------
    halves, refits
        Values of both devices' designs in each search on half of the evidence, and in each choice under a refit.
    """
    if a.best is None or b.best is None:
        return ()
    base = Parts.of(a.best.arch)
    return tuple(
        _flip(a, b, pair, base.arch(), swap, draws, halves, refits)
        for swap in swaps_between(base, Parts.of(b.best.arch))
    )


def _flip(
    a: Side,
    b: Side,
    pair: Pair,
    base: Arch,
    swap: Swap,
    draws: Draws,
    halves: Sequence[tuple[Values, Values]],
    refits: Sequence[tuple[Values, Values]],
) -> Flip:
    def often(found: Sequence[tuple[Values, Values]]) -> int:
        return sum(same_way(swap, x, y) for x, y in found)

    ms_a = ms_b = top1 = apart = None
    unknown = any(side.why_not(swap.kind, swap.before, swap.after) for side in (a, b))
    if swap.arch is not None and not unknown:
        on_a = draws.change_ms(a.device, base, swap.arch)
        on_b = draws.change_ms(b.device, base, swap.arch)
        ms_a, ms_b = (
            draws.change_interval(side.device, base, swap.arch, side.scorer.budget_ms) for side in (a, b)
        )
        top1 = draws.change_top1_interval(base, swap.arch, POINTS)
        share_a, share_b = 100.0 / a.scorer.budget_ms, 100.0 / b.scorer.budget_ms
        apart = draws.interval(
            (share_b * on_b[0] - share_a * on_a[0], share_b * on_b[1] - share_a * on_a[1]), 100.0
        )
        unknown = any(side.unmeasured(base, swap.arch) for side in (a, b))
    return Flip(
        a.device,
        b.device,
        swap.kind,
        swap.before,
        swap.after,
        _verdict(pair, unknown, apart),
        ms_a,
        ms_b,
        top1,
        apart,
        often(halves),
        len(halves),
        often(refits),
        len(refits),
    )


def _verdict(pair: Pair, unknown: bool, apart: Interval | None) -> Verdict:
    if unknown:
        return Verdict.NOT_IDENTIFIED
    if pair.shared:
        return Verdict.SHARED
    if apart is None:
        return Verdict.IMPOSSIBLE
    return verdict_of(apart, 100.0, 100.0 * CONTRAST_SD)


def same_way(swap: Swap, a: Values, b: Values) -> bool:
    """Tell whether two further designs differ as a change says: by the same values, or for sizes in the same direction."""
    x, y = a.get(swap.kind), b.get(swap.kind)
    if x is None or y is None:
        return False
    if swap.kind.startswith(_SIZES):
        return bool(np.sign(float(y) - float(x)) == np.sign(float(swap.after) - float(swap.before)))
    return (x, y) == (swap.before, swap.after)


def refit_choices(
    a: Side, b: Side, draws: Draws, pool: Sequence[Arch], top1_low: Floats
) -> list[tuple[Values, Values]]:
    """Return what both devices would choose among known designs under each refit; refits in which either has none are left out.

    Parameters
    ----------
    pool
        Designs of the panel that may be chosen; what a device cannot price is left to the other.
    top1_low
        (N,) pessimistic top-1 of the panel's designs.
    """
    rows = {
        side.device: [draws.panel.index(arch) for arch in pool if may_choose(side, arch)] for side in (a, b)
    }
    out = []
    for refit in range(len(draws.on[a.device].refit_log)):
        chosen = [
            choose(draws.on[side.device], rows[side.device], top1_low, side.scorer.budget_ms, refit)
            for side in (a, b)
        ]
        if chosen[0] is not None and chosen[1] is not None:
            x, y = (Parts.of(draws.panel.archs[n]).values() for n in (chosen[0], chosen[1]))
            out.append((x, y))
    return out


def may_choose(side: Side, arch: Arch) -> bool:
    """Tell whether a design uses only what a device's search may use."""
    mix = Parts.of(arch).mix
    space = side.space
    return mix.activation in space.activations and mix.norm in space.norms
