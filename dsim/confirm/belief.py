"""What is believed of designs' times before and after some of them are timed: one normal distribution of their log errors.

The error of a design has three parts. All designs of a study share one: how far the model is off for networks of this kind. Designs that
share pieces share another, as in `dsim.shift.draws`. What one timing tells of the others follows from the two. The last part is
the noise of the timing itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import norm

from dsim.arch import Arch
from dsim.latency.model import DeviceModel
from dsim.search.table import Floats
from dsim.shift.draws import piece_ms
from dsim.shift.panel import Panel

HALF_90 = 1.6449  # standard deviations to either end of a 90% interval
NOISE = 0.03  # log-spread between two timings of one network by one laboratory
LEVEL = 0.9  # of the model's interval that the error is read from


@dataclass(frozen=True, eq=False)
class Belief:
    """Designs, and what is believed of their times.

    Attributes
    ----------
    ms
        (N,) milliseconds in the middle of what is believed.
    covariance
        (N, N) of the logarithms of milliseconds.
    p_cliff
        (N,) chance that a design leaves the accelerator; 0 for one that was timed and did not.
    top1, top1_low
        (N,) percent: the estimate, and the lower end by which a study chooses.
    budget_ms, chance
        What a design must keep to, and with which chance.
    """

    ms: Floats
    covariance: Floats
    p_cliff: Floats
    top1: Floats
    top1_low: Floats
    budget_ms: float
    chance: float

    @property
    def spread(self) -> Floats:
        """Log-spread (N,) of each design's time."""
        return np.sqrt(np.maximum(np.diag(self.covariance), 0.0))

    @property
    def p_fits(self) -> Floats:
        """Chance (N,) that a new timing of each is within the budget."""
        off = np.hypot(self.spread, NOISE)
        return np.asarray((1.0 - self.p_cliff) * norm.cdf(np.log(self.budget_ms / self.ms) / off))

    @property
    def best(self) -> int | None:
        """The row that a study would choose: the highest lower end of top-1 among those that fit; None where nothing fits."""
        return best_of(self.p_fits, self.top1_low, self.chance)

    def after(self, logs: Mapping[int, float], fell: frozenset[int] = frozenset()) -> Belief:
        """Return what is believed after some designs were timed.

        Parameters
        ----------
        logs
            Logarithms of the milliseconds that were timed, by row.
        fell
            Rows that are known to leave the accelerator.
        """
        p_cliff = self.p_cliff.copy()
        p_cliff[list(fell)] = 1.0
        if not logs:
            return replace(self, p_cliff=p_cliff)
        rows = list(logs)
        p_cliff[rows] = 0.0
        gain = gain_of(self.covariance, rows)
        off = np.array([logs[row] for row in rows]) - np.log(self.ms[rows])
        ms = self.ms * np.exp(gain @ off)
        return replace(
            self, ms=ms, covariance=self.covariance - gain @ self.covariance[rows], p_cliff=p_cliff
        )


def gain_of(covariance: Floats, rows: list[int]) -> Floats:
    """Return how far each design's log moves (N, K) for each timed design's surprise."""
    timed = covariance[np.ix_(rows, rows)] + NOISE**2 * np.eye(len(rows))
    return np.asarray(np.linalg.solve(timed, covariance[rows]).T)


def best_of(p_fits: Floats, top1_low: Floats, chance: float) -> int | None:
    """Return the row with the highest lower end of top-1 among those that fit."""
    fits = np.flatnonzero(p_fits >= chance)
    return int(fits[np.argmax(top1_low[fits])]) if len(fits) else None


def covariance_of(shares: Floats, total: Floats, between: float) -> Floats:
    """Return the covariance (N, N) of log errors.

    Parameters
    ----------
    shares
        (N, Q) of each design's time that each piece has.
    total
        (N,) log-spread of each design's error by its interval.
    between
        Log-spread by which whole designs err against each other.
    """
    alike = shares @ shares.T / max(float(np.mean((shares**2).sum(1))), 1e-12)
    common = np.sqrt(np.maximum(total**2 - between**2, 0.0))
    return np.asarray(np.outer(common, common) + between**2 * alike)


def believe(
    archs: tuple[Arch, ...],
    model: DeviceModel,
    between: float | None,
    top1: Floats,
    top1_low: Floats,
    budget_ms: float,
    chance: float,
) -> Belief:
    """Return what a device's model believes of some designs, each of which stands there once.

    Parameters
    ----------
    between
        Log-spread of errors between designs of one family; None where too little was measured, then all of the error is taken for it.
    """
    panel = Panel(archs)
    vectors = np.array([model.featurise(graph) for graph in panel.graphs])
    whole = panel.counts @ vectors
    priced = model.price(whole, LEVEL, chance)
    low, high = np.asarray(priced.low_ms), np.asarray(priced.high_ms)
    # a normal distribution as wide as the interval, which is of a new timing, noise and all
    off = np.log(high / low) / 2.0 / HALF_90
    total = np.sqrt(np.maximum(off**2 - NOISE**2, NOISE**2))
    apart = min(float(np.mean(total)), between or np.inf)
    shares = panel.shares(piece_ms(panel, model, vectors, np.asarray(priced.latency_ms), LEVEL))
    covariance = covariance_of(shares, total, apart)
    p_cliff = np.asarray(model.p_cliff(whole))
    # its middle lies so that each design needs the budget that the study says it needs
    needs, stays = np.asarray(priced.needs_ms), chance / np.maximum(1.0 - p_cliff, 1e-9)
    known = np.isfinite(needs) & (stays < 1.0 - 1e-6)
    spread = np.sqrt(np.diag(covariance) + NOISE**2)
    ms = np.where(
        known, needs / np.exp(norm.ppf(np.minimum(stays, 1.0 - 1e-6)) * spread), np.sqrt(low * high)
    )
    return Belief(ms, covariance, p_cliff, top1, top1_low, budget_ms, chance)
