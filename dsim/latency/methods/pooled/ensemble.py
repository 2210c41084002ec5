"""Several fits under different assumptions, averaged in logarithms."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dsim.latency.features import FloatArray
from dsim.latency.maths.rounded import widened
from dsim.latency.methods.pooled.evidence import PooledEvidence
from dsim.latency.methods.pooled.fit import Fit, FitSettings, fit
from dsim.latency.methods.pooled.rates import Rates, priced
from dsim.latency.methods.pooled.refine import refine

# What reasoning cannot settle is averaged over: how far a figure strays from the model (two sources with one protocol
# differ by a median of 6%, a log-spread of 0.063; twice that where the model itself is off), and whether figures outside
# the resolutions that estimates are made for teach anything about those inside.
MEMBERS: tuple[FitSettings, ...] = tuple(
    FitSettings(noise=noise, outside=outside) for noise in (0.063, 0.126) for outside in (0.0, 1.0)
)


@dataclass(frozen=True)
class Belief:
    """What a fit starts from.

    Attributes
    ----------
    members
        The assumptions that are averaged over.
    centre
        The believed log factors (P + 1,); None for the nominal rates.
    own
        Log-spread by which each profile's factors may stray from its pool's, 0 for not at all.
    """

    members: tuple[FitSettings, ...] = MEMBERS
    centre: FloatArray | None = None
    own: float = 0.0


NOMINAL = Belief()


def fit_members(
    evidence: PooledEvidence, rows: NDArray[np.bool_], belief: Belief = NOMINAL
) -> tuple[Fit, ...]:
    """Fit every member on some rows (N,) and all contrasts."""
    contrasts = np.ones(len(evidence.contrasts), dtype=bool)
    inside = bool(evidence.inside[rows].all())
    found: dict[FitSettings, Fit] = {}
    for settings in belief.members:
        # members that differ in how much figures outside count are one where there are none
        alike = replace(settings, outside=1.0) if inside else settings
        if alike not in found:
            found[alike] = fit(evidence, rows, contrasts, settings, centre=belief.centre)
        found[settings] = found[alike]
    return tuple(found[settings] for settings in belief.members)


def rates_of(
    evidence: PooledEvidence,
    fits: tuple[Fit, ...],
    profile: int,
    rows: NDArray[np.bool_] | None = None,
    belief: Belief = NOMINAL,
) -> Rates:
    """Return the rates of one profile's reference protocol.

    Parameters
    ----------
    evidence, fits
        A pool and its fits.
    profile
        Index of the profile in the pool.
    rows, belief
        (N,) what may be learned from, and what the fits started from; with ``belief.own`` the profile's own figures among
        the rows refine the pool's rates.
    """
    phone = evidence.phone_effects(profile)
    n = len(fits[0].theta)
    theta = np.array([f.theta + phone @ f.effects for f in fits])
    if belief.own and rows is not None:
        at = rows & evidence.reference & (evidence.owner == profile)
        x, log_ms = priced(evidence.phi[at]), evidence.log_ms[at]
        noise = widened(belief.members[0].noise, evidence.rounding[at])
        theta = np.array([refine(x, log_ms, member, belief.own, noise) for member in theta])
    return Rates(theta, np.mean([f.covariance[:n, :n] for f in fits], axis=0))
