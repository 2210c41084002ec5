"""Which designs to time: those whose timing takes most from the risk of the decision.

The risk is the top-1 that the choice is expected to lose against the one that would be made if all designs were timed. Who finds that
the choice does not fit knows its time, and takes the next best of those that are then believed to fit, until one does; the fastest
design where none does. Draws of all times say what would be timed, what would then be believed and chosen, and what that brings.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from dsim.confirm.belief import NOISE, Belief, gain_of
from dsim.search.table import Floats

DRAWS = 400
MOST = 8
CERTAIN = 0.2  # points of top-1 that a decision may still be expected to lose


@dataclass(frozen=True, eq=False)
class _Draws:
    """Draws of all times: what would be timed (D, N), over the belief and in logs, which designs would leave the accelerator, and which fit."""

    timed: Floats
    falls: NDArray[np.bool_]
    really: NDArray[np.bool_]

    @staticmethod
    def of(belief: Belief, seed: int) -> _Draws:
        rng = np.random.default_rng(seed)
        count = len(belief.ms)
        truth = rng.standard_normal((DRAWS, count)) @ _root(belief.covariance).T
        timed = truth + rng.standard_normal((DRAWS, count)) * NOISE
        falls = rng.random((DRAWS, count)) < belief.p_cliff
        return _Draws(timed, falls, (truth <= np.log(belief.budget_ms / belief.ms)) & ~falls)

    def worth(self, belief: Belief, rows: list[int]) -> Floats:
        """Return the top-1 (D,) that the choice brings once some designs were timed."""
        low = _lows(belief, _p_fits(belief, rows, self.timed, self.falls))
        chosen = np.argmax(low, axis=1)
        got = np.full(len(chosen), _fastest(belief))
        some = np.isfinite(low.max(axis=1))
        for row in np.unique(chosen[some]).tolist():
            which = np.flatnonzero(some & (chosen == row))
            got[which] = self.brings(belief, rows, row, which)
        return got

    def brings(self, belief: Belief, rows: list[int], row: int, which: NDArray[np.int64]) -> Floats:
        """Return the top-1 that a design brings in some of the draws, or what is taken in its place where it does not fit."""
        got = np.full(len(which), float(belief.top1[row]))
        not_it = np.flatnonzero(~self.really[which, row])
        if not len(not_it):
            return got
        failed = which[not_it]
        known = rows if row in rows else [*rows, row]
        low = _lows(belief, _p_fits(belief, known, self.timed[failed], self.falls[failed]))
        low = np.where(self.really[failed], low, -np.inf)
        next_best = np.argmax(low, axis=1)
        got[not_it] = np.where(np.isfinite(low.max(axis=1)), belief.top1[next_best], _fastest(belief))
        return got

    def lost(self, belief: Belief, got: Floats) -> float:
        """Return the points of top-1 by which the choice after all were timed brings more, on average."""
        best = self.worth(belief, list(range(len(belief.ms))))
        return max(float(np.mean(best - got)), 0.0)


def risk_after(belief: Belief, rows: list[int], seed: int = 0) -> float:
    """Return the points of top-1 that a choice is expected to lose once some designs were timed."""
    draws = _Draws.of(belief, seed)
    return draws.lost(belief, draws.worth(belief, rows))


def risk_of(belief: Belief, row: int, seed: int = 0) -> float:
    """Return the points of top-1 that one design is expected to lose, if it is kept whatever more is timed."""
    draws = _Draws.of(belief, seed)
    return draws.lost(belief, draws.brings(belief, [], row, np.arange(DRAWS)))


def _p_fits(belief: Belief, rows: list[int], timed: Floats, falls: NDArray[np.bool_]) -> Floats:
    """Return what would be believed (D, N) once some designs were timed: the chance that each fits."""
    moved, left = np.zeros_like(timed), belief.covariance
    stays = np.broadcast_to(1.0 - belief.p_cliff, timed.shape).copy()
    if rows:
        gain = gain_of(belief.covariance, rows)
        moved = timed[:, rows] @ gain.T
        left = belief.covariance - gain @ belief.covariance[rows]
        stays[:, rows] = ~falls[:, rows]  # who is timed shows whether it falls
    spread = np.hypot(np.sqrt(np.maximum(np.diag(left), 0.0)), NOISE)
    return np.asarray(stays * norm.cdf((np.log(belief.budget_ms / belief.ms) - moved) / spread))


def _lows(belief: Belief, p_fits: Floats) -> Floats:
    """Return the lower ends of top-1 (D, N) by which is chosen; minus infinity where a design is not believed to fit."""
    return np.where(p_fits >= belief.chance, belief.top1_low, -np.inf)


def _fastest(belief: Belief) -> float:
    """Return the top-1 of the fastest design."""
    return float(belief.top1[int(np.argmin(belief.ms))])


def pick(
    belief: Belief, least: int = 3, most: int = MOST, seed: int = 0
) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Return the rows to time, the most telling first, and the risk before any and after each, in points of top-1.

    At least ``least`` are returned, and then as many as it takes until the risk is at most `CERTAIN`.
    """
    picked: list[int] = []
    risks = [risk_after(belief, [], seed)]
    while len(picked) < min(most, len(belief.ms)) and (len(picked) < least or risks[-1] > CERTAIN):
        left = [row for row in range(len(belief.ms)) if row not in picked]
        found = [(risk_after(belief, [*picked, row], seed), row) for row in left]
        risk, row = min(found)
        picked.append(row)
        risks.append(risk)
    return tuple(picked), tuple(risks)


def _root(covariance: Floats) -> Floats:
    """Return a square root of a covariance that rounding may have made a little negative."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))
