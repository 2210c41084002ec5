"""Turn held-out errors into intervals: a smooth distribution of standardised errors, each family weighing the same.

Cross-conformal in spirit (arXiv 1905.02928): every error comes from a model that never saw the family. The empirical
distribution is smoothed and mixed with a wide tail that stands for the family yet to come. The tail has a finite scale, so that
an end which lies in it is the model's and not the data's: see `dsim.latency.question.ENOUGH`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsim.errors import InvalidValueError
from dsim.latency.evidence import Evidence, Figures
from dsim.latency.families import DESIGN
from dsim.latency.features import FloatArray
from dsim.latency.learner import Learner

SMOOTH = 0.25  # bandwidth in units of the spread
TAIL = 3.0  # scale of the wide tail, in scales of the profile's errors
LENT = 8.0  # families that the errors on other profiles of a pool count as, all together
CUT = 5.0  # standardised errors beyond this count as this much in a phone's scale
SHRINK = 2.0
GRID = np.linspace(-40.0, 40.0, 8001)


@dataclass(frozen=True)
class Calibration:
    """How far estimates err.

    Attributes
    ----------
    cumulative
        Cumulative distribution (8001,) of (log measured - log predicted) / spread on GRID.
    centred
        Whether an estimate moves to the median of the errors; else it stays.
    moved
        What an estimate moves to in place of that, so that one network has one estimate whatever is asked of its interval.
    """

    cumulative: FloatArray
    centred: bool = True
    moved: float | None = None

    def quantile(self, level: float) -> float:
        """Return the standardised error below which a share ``level`` of new measurements falls."""
        if not 0.0 < level < 1.0:
            raise InvalidValueError(f"a level must lie between 0 and 1, got {level}; 0.9 is usual")
        return float(np.interp(level, self.cumulative, GRID))

    def reached(self, levels: FloatArray) -> FloatArray:
        """Return the standardised errors (N,) that shares ``levels`` (N,) of new measurements keep to: the inverse of `below`.

        Infinite where even the largest error that the distribution knows keeps fewer, and for a level of 1.
        """
        most = min(float(self.cumulative[-1]), 1.0)
        return np.where(levels >= most, np.inf, np.interp(levels, self.cumulative, GRID))

    def ends(self, rest: float) -> tuple[float, float, float]:
        """Return low end, estimate and high end in standardised errors; a share ``rest`` lies beyond each end."""
        low, high = self.quantile(rest), self.quantile(1.0 - rest)
        return min(low, self.middle), self.middle, max(high, self.middle)

    @property
    def middle(self) -> float:
        """Where the estimate lies, in standardised errors."""
        if self.moved is not None:
            return self.moved
        return self.quantile(0.5) if self.centred else 0.0

    def around(self, other: Calibration) -> Calibration:
        """Return the same distribution around another's estimate."""
        return replace(self, moved=other.middle)

    def below(self, z: FloatArray) -> FloatArray:
        """Return the chance (N,) that a standardised error is at most z (N,)."""
        return np.minimum(np.interp(z, GRID, self.cumulative), 1.0)


@dataclass(frozen=True)
class Errors:
    """Standardised errors (K,) of networks by device, their families and the places of their devices.

    ``draws`` (K,) are what weighs the same in a distribution: families, or designs one by one.
    """

    z: FloatArray
    families: NDArray[np.str_]
    owner: NDArray[np.int64]
    draws: NDArray[np.str_]

    def without(self, family: str) -> Errors:
        """Return the errors of the other families; all of them where there is no other."""
        keep = self.families != family
        if not keep.any():
            return self
        return Errors(self.z[keep], self.families[keep], self.owner[keep], self.draws[keep])


def network_errors(
    figures: Figures,
    log_ms: FloatArray,
    spread: FloatArray,
    among: NDArray[np.bool_] | None = None,
    each_design: bool = False,
) -> Errors:
    """Return the errors of figures that tell how far estimates err; a network timed several times has its median error.

    ``among`` (M,) leaves out further figures. With ``each_design`` a design drawn from a space is a draw of its own: its
    family, by which it is held out, is one of eight by chance.
    """
    z = (figures.log_ms - log_ms) / spread
    use = figures.judged & np.isfinite(log_ms)
    use = use if among is None else use & among
    items = np.unique(figures.item[use])
    rows = [np.flatnonzero(use & (figures.item == item)) for item in items]
    first = np.array([own[0] for own in rows], dtype=np.int64)
    families = figures.families[first]
    keys = np.array([figures.keys[n] for n in first], dtype=np.str_)
    drawn = np.array([each_design and key.startswith(DESIGN) for key in keys], dtype=bool)
    return Errors(
        np.array([np.median(z[own]) for own in rows]),
        families,
        figures.owner[first],
        np.where(drawn, keys, families),
    )


def calibrated(learner: Learner[Any, Any], evidence: Evidence, errors: Errors, owner: int) -> Calibration:
    """Make the distribution of one of the profiles that an evidence holds figures of."""
    z, draws, owners = errors.z, errors.draws, errors.owner
    if learner.symmetric(evidence.profile):
        z, draws, owners = np.concatenate([z, -z]), np.tile(draws, 2), np.tile(owners, 2)
    return calibrate(z, draws, owners, owner, learner.centred)


def phone_scales(errors: FloatArray, families: NDArray[np.str_], owner: NDArray[np.int64]) -> FloatArray:
    """Return how much wider than assumed the errors (N,) of each profile are, (profiles,).

    A family counts once per profile. SHRINK families' worth of the pool's own scale steady profiles with little evidence.
    """
    cut = np.minimum(np.abs(errors), CUT)  # one stray family must not widen every interval of a phone
    pooled = float(np.mean(_family_squares(cut, families)))
    out = np.ones(int(owner.max()) + 1)
    for profile in np.unique(owner):
        squares = _family_squares(cut[owner == profile], families[owner == profile])
        out[profile] = np.sqrt((squares.sum() + SHRINK * pooled) / (len(squares) + SHRINK))
    return out


def _family_squares(errors: FloatArray, families: NDArray[np.str_]) -> FloatArray:
    return np.array([np.mean(errors[families == name] ** 2) for name in np.unique(families)])


def calibrate(
    errors: FloatArray,
    families: NDArray[np.str_],
    owner: NDArray[np.int64],
    profile: int,
    centred: bool = True,
) -> Calibration:
    """Make the distribution of standardised errors for one profile from those of the whole pool.

    Every family weighs the same: a new network is a draw of a family first. Errors on other profiles, put to the profile's scale,
    count as LENT families all together: they steady a profile with few families, and do not drown one with many.

    Parameters
    ----------
    errors, families, owner
        (N,) standardised errors of networks, their families, and their profiles' index.
    profile, centred
        Index of the profile; whether estimates move to the median.
    """
    scales = phone_scales(errors, families, owner)
    if (
        profile >= len(scales) or not (owner == profile).any()
    ):  # none of its own: the pool's errors as they are
        scales = np.concatenate([scales, np.ones(max(0, profile + 1 - len(scales)))])
    scaled = errors * scales[profile] / scales[owner]
    own = owner == profile
    weight = np.where(own, _family_weights(families, own), _family_weights(families, ~own))
    lent = float(weight[~own].sum())
    weight[~own] *= min(LENT, lent) / max(lent, 1.0)
    tail = 1.0 / (float(weight.sum()) + 1.0)
    smooth = smoothed(scaled, weight / weight.sum())
    cumulative = (1.0 - tail) * smooth + tail * normal(GRID / (TAIL * scales[profile]))
    return Calibration(rising(cumulative), centred)


def rising(cumulative: FloatArray) -> FloatArray:
    """Return a cumulative distribution (8001,) that rises everywhere, so that it can be inverted, and ends below or at 1."""
    slope = np.arange(len(GRID)) * 1e-12
    return np.asarray(np.maximum.accumulate(cumulative + slope) / (1.0 + slope[-1]))


def _family_weights(families: NDArray[np.str_], among: NDArray[np.bool_]) -> FloatArray:
    """Return the weights (N,) of errors among which every family counts 1; the others' are 0."""
    _, where = np.unique(families, return_inverse=True)
    counts = np.bincount(where, weights=among)
    return np.where(among, 1.0 / np.maximum(counts[where], 1.0), 0.0)


def smoothed(errors: FloatArray, weight: FloatArray) -> FloatArray:
    """Return the cumulative distribution (8001,) on GRID of errors (N,), each spread by SMOOTH; errors are binned first."""
    step = GRID[1] - GRID[0]
    bins = np.clip(np.rint((errors - GRID[0]) / step).astype(np.int64), 0, len(GRID) - 1)
    mass = np.bincount(bins, weights=weight, minlength=len(GRID))
    reach = int(6 * SMOOTH / step)
    edges = (np.arange(-reach, reach + 2) - 0.5) * step
    return np.asarray(np.cumsum(np.convolve(mass, np.diff(normal(edges / SMOOTH)), mode="same")))


def normal(z: FloatArray) -> FloatArray:
    """Cumulative normal distribution, by the logistic approximation that is good to 2e-4 (Bowling et al., 2009)."""
    return 1.0 / (1.0 + np.exp(-np.clip(1.5976 * z + 0.07056 * z**3, -500, 500)))
