"""One design for all devices: the one whose worst case is best."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dsim.arch import Arch
from dsim.rounding import RELATIVE, steps
from dsim.search.judge import judge
from dsim.search.score import POINTS
from dsim.shift.draws import Draws
from dsim.shift.flips import may_choose
from dsim.shift.records import Robust, RobustOn
from dsim.shift.regret import over_budget
from dsim.shift.side import Side
from dsim.shift.what_if import latency_of


def find_robust(sides: Sequence[Side], pool: Sequence[Arch]) -> tuple[Arch, bool, float, int] | None:
    """Find the design with the smallest worst-case regret.

    A design that fits every device's budget loses, on each device, the pessimistic top-1 of that device's own best
    minus its own. Where no design holds them all, the one that exceeds its worst budget by the smallest share stands in.

    Parameters
    ----------
    pool
        Candidates; those that use what some device cannot price are left out.

    Returns
    -------
    tuple or None
        The design, whether it fits everywhere, its worst regret in points, and how many were compared; None where some
        device has no best design, or no candidate is left.
    """
    allowed = [arch for arch in dict.fromkeys(pool) if all(may_choose(side, arch) for side in sides)]
    if not allowed or any(side.best is None for side in sides):
        return None
    regret = np.full(len(allowed), -np.inf)
    over = np.full(len(allowed), -np.inf)
    for side in sides:
        assert side.best is not None
        scores = side.scorer.score(np.array([side.scorer.table.whole(arch) for arch in allowed]))
        regret = np.maximum(regret, side.best.top1_low - scores.top1_low)
        over = np.maximum(over, scores.needs_ms / side.scorer.budget_ms - 1.0)
        over = np.where(scores.in_region, over, np.inf)
    fits = over <= RELATIVE
    first = np.where(fits, steps(regret, POINTS), np.inf) if fits.any() else steps(over, 1.0)
    best = int(np.argmin(first))
    return allowed[best], bool(fits.any()), float(regret[best]), len(allowed)


def robust_record(
    found: tuple[Arch, bool, float, int], sides: Sequence[Side], draws: Draws, name: str = ""
) -> Robust:
    """Return what the robust design loses against each device's own best."""
    arch, everywhere, worst, candidates = found
    on = []
    for side in sides:
        latency = latency_of(side, arch)
        own = side.best
        lost = (
            draws.interval(draws.top1_lost(side.device, own.arch, arch, side.slope()), POINTS)
            if own is not None
            else None
        )
        over = over_budget(judge(arch, side.scorer).needs_ms, side.scorer.budget_ms)
        on.append(RobustOn(side.device, latency, over, lost))
    return Robust(judge(arch, sides[0].scorer, name), everywhere, worst, candidates, tuple(on))
