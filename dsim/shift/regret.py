"""The regret matrix: the best design of one device, run on another, against that device's own best."""

from __future__ import annotations

import numpy as np

from dsim.arch import Arch
from dsim.rounding import finite, limit, without_rounding
from dsim.search.judge import judge
from dsim.search.score import POINTS
from dsim.shift.draws import Draws
from dsim.shift.parts import Parts
from dsim.shift.records import Cell, Interval, Verdict
from dsim.shift.shrink import shrink
from dsim.shift.side import Side
from dsim.shift.stack import Pair
from dsim.shift.verdict import verdict_of

NOTHING = Interval(float("nan"), float("nan"), float("nan"))


def shrunk_designs(sides: tuple[Side, ...]) -> dict[tuple[str, str], Arch | None]:
    """Shrink each device's best design until it fits each device, by (of, on); itself where it fits."""
    return {
        (of.device, on.device): of.best.arch
        if of.device == on.device
        else shrink(of.best.arch, on.space, on.scorer)
        for of in sides
        for on in sides
        if of.best is not None
    }


def cell_of(of: Side, on: Side, pair: Pair, shrunk: Arch | None, draws: Draws) -> Cell:
    """Judge one cell.

    Parameters
    ----------
    of, on
        Whose best design it is, and where it runs.
    pair
        What lies between the two profiles.
    shrunk
        Of `shrunk_designs`.
    """
    if of.best is None:
        return Cell(of.device, on.device, Verdict.NOTHING_FITS, float("nan"), 0, NOTHING, None, None)
    design, budget, here = of.best.arch, on.scorer.budget_ms, draws.on[on.device]
    row = draws.panel.index(design)
    over = over_budget(float(here.needs_ms[row]), budget)
    needs = here.needs_ms[row] * np.exp(here.refit_log[:, row])
    refits_over = int((needs > limit(budget)).sum())
    if on.best is None:
        return Cell(of.device, on.device, Verdict.NOTHING_FITS, over, refits_over, NOTHING, None, None)
    own = on.best.arch
    slower = draws.change_interval(on.device, own, design, budget)
    if shrunk is None:
        return Cell(of.device, on.device, Verdict.NOTHING_FITS, over, refits_over, slower, None, None)
    lost = draws.interval(draws.top1_lost(on.device, own, shrunk, on.slope()), POINTS)
    unknown = unpriced(on, own, shrunk)
    return Cell(
        of.device,
        on.device,
        _verdict(of, on, pair, lost, unknown),
        over,
        refits_over,
        slower,
        judge(shrunk, on.scorer),
        lost,
        unknown,
    )


def over_budget(needs_ms: float, budget_ms: float) -> float:
    """Return by how many milliseconds a design needs more than a budget; nan where no budget is enough for it."""
    return finite(without_rounding(needs_ms - budget_ms, budget_ms))


def _verdict(of: Side, on: Side, pair: Pair, lost: Interval, unknown: tuple[str, ...]) -> Verdict:
    if of.device == on.device:
        return Verdict.ITSELF
    if pair.shared:
        return Verdict.SHARED
    if unknown:
        return Verdict.NOT_IDENTIFIED
    return verdict_of(lost, POINTS)


def unpriced(on: Side, a: Arch, b: Arch) -> tuple[str, ...]:
    """Return what separates two designs and cannot be priced on a device, in words."""
    out = []
    x, y = Parts.of(a).values(), Parts.of(b).values()
    for kind in ("activation", "norm"):
        if on.why_not(kind, x[kind], y[kind]):
            out.append(f"{kind} {x[kind]} against {y[kind]}")
    return (*out, *filter(None, [on.unmeasured(a, b)]))
