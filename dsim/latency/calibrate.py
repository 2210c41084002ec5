"""Turn held-out errors into intervals: a smooth distribution of standardised errors, each family weighing the same.

Cross-conformal in spirit (arXiv 1905.02928): every error comes from a model that never saw the family. The empirical
distribution is smoothed and mixed with a wide tail that stands for the family yet to come.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsim.device.profile import DeviceProfile
from dsim.errors import InvalidValueError
from dsim.latency.features import FloatArray
from dsim.latency.methods.pooled.ensemble import HeldOut
from dsim.latency.methods.pooled.evidence import Evidence

SMOOTH = 0.25  # bandwidth in units of the spread
TAIL = 8.0  # scale of the wide tail: nearly the point at infinity of exact conformal intervals
CUT = 5.0  # standardised errors beyond this count as this much in a phone's scale
SHRINK = 2.0
GRID = np.linspace(-40.0, 40.0, 8001)


@dataclass(frozen=True)
class Calibration:
    """Cumulative distribution (8001,) of (log measured - log predicted) / spread on GRID."""

    cumulative: FloatArray

    def quantile(self, level: float) -> float:
        """Return the standardised error below which a share ``level`` of new measurements falls."""
        if not 0.0 < level < 1.0:
            raise InvalidValueError(f"a level must lie between 0 and 1, got {level}; 0.9 is usual")
        return float(np.interp(level, self.cumulative, GRID))

    def below(self, z: FloatArray) -> FloatArray:
        """Return the chance (N,) that a standardised error is at most z (N,)."""
        return np.interp(z, GRID, self.cumulative)


def network_errors(
    evidence: Evidence, held: HeldOut, use: NDArray[np.bool_]
) -> tuple[FloatArray, NDArray[np.str_], tuple[tuple[int, str], ...]]:
    """Return standardised errors by (profile, network), their families, and the keys; rows of one network by their median."""
    found: dict[tuple[int, str], list[float]] = {}
    family: dict[tuple[int, str], str] = {}
    z = (evidence.log_ms - held.reference_log) / held.spread
    for n in np.flatnonzero(use):
        profile, row = evidence.rows[n]
        found.setdefault((profile, row.graph), []).append(float(z[n]))
        family[profile, row.graph] = str(evidence.family[n])
    keys = tuple(sorted(found))
    return np.array([np.median(found[k]) for k in keys]), np.array([family[k] for k in keys]), keys


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
    errors: FloatArray, families: NDArray[np.str_], owner: NDArray[np.int64], profile: int
) -> Calibration:
    """Make the distribution of standardised errors for one profile from those of the whole pool.

    Every family weighs the same: a new network is a draw of a family first.

    Parameters
    ----------
    errors, families, owner
        (N,) standardised errors of networks, their families, and their profiles' index.
    profile
        Index of the profile.
    """
    scales = phone_scales(errors, families, owner)
    if (
        profile >= len(scales) or not (owner == profile).any()
    ):  # none of its own: the pool's errors as they are
        scales = np.concatenate([scales, np.ones(max(0, profile + 1 - len(scales)))])
    scaled = errors * scales[profile] / scales[owner]
    names, where, counts = np.unique(families, return_inverse=True, return_counts=True)
    weight = 1.0 / counts[where]
    weight = weight / weight.sum()
    tail = 1.0 / (len(names) + 1.0)
    smooth = _smoothed(scaled, weight)
    cumulative = (1.0 - tail) * smooth + tail * _normal(GRID / (TAIL * scales[profile]))
    return Calibration(np.maximum.accumulate(cumulative + np.arange(len(GRID)) * 1e-12))


def calibrate_for(
    about: DeviceProfile,
    errors: FloatArray,
    families: NDArray[np.str_],
    owner: NDArray[np.int64],
    profile: int,
) -> Calibration:
    """Make the distribution as `calibrate` does; of an adapted profile as likely above as below.

    Its pool has pace and rates of its own, and the median over a score of families would add its own bias.
    """
    if about.donor:
        errors, families, owner = (
            np.concatenate([errors, -errors]),
            np.concatenate([families, families]),
            np.concatenate([owner, owner]),
        )
    return calibrate(errors, families, owner, profile)


def _smoothed(errors: FloatArray, weight: FloatArray) -> FloatArray:
    """Return the cumulative distribution (8001,) on GRID of errors (N,), each spread by SMOOTH; errors are binned first."""
    step = GRID[1] - GRID[0]
    bins = np.clip(np.rint((errors - GRID[0]) / step).astype(np.int64), 0, len(GRID) - 1)
    mass = np.bincount(bins, weights=weight, minlength=len(GRID))
    reach = int(6 * SMOOTH / step)
    edges = (np.arange(-reach, reach + 2) - 0.5) * step
    return np.asarray(np.cumsum(np.convolve(mass, np.diff(_normal(edges / SMOOTH)), mode="same")))


def _normal(z: FloatArray) -> FloatArray:
    """Cumulative normal distribution, by the logistic approximation that is good to 2e-4 (Bowling et al., 2009)."""
    return 1.0 / (1.0 + np.exp(-np.clip(1.5976 * z + 0.07056 * z**3, -500, 500)))
